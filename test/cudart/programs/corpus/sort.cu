// A stranger's code by the thousand lines: Thrust and CUB, as the toolkit has them.
#include <thrust/device_vector.h>
#include <thrust/host_vector.h>
#include <thrust/sort.h>

#include <algorithm>
#include <cub/cub.cuh>
#include <numeric>

#include "check.h"

int main() {
  thrust::host_vector<unsigned> values(10007);
  unsigned state = 1;
  for (unsigned& value : values) {
    state = state * 1664525u + 1013904223u;
    value = state >> 12;
  }
  thrust::device_vector<unsigned> sorted = values;
  thrust::sort(sorted.begin(), sorted.end());
  thrust::host_vector<unsigned> want = values;
  std::sort(want.begin(), want.end());
  EXPECT(thrust::host_vector<unsigned>(sorted) == want);

  const int n = static_cast<int>(values.size());
  thrust::device_vector<unsigned> sum(1);
  size_t bytes = 0;
  void* room = nullptr;
  CHECK(cub::DeviceReduce::Sum(room, bytes, sorted.begin(), sum.begin(), n));
  CHECK(cudaMalloc(&room, bytes));
  CHECK(cub::DeviceReduce::Sum(room, bytes, sorted.begin(), sum.begin(), n));
  EXPECT(sum[0] == std::accumulate(values.begin(), values.end(), 0u));
  CHECK(cudaFree(room));
  return Pass("sort");
}
