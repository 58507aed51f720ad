// Counts by intervals: bounds in constant memory, counts in shared memory first, totals in
// variables.
#include <algorithm>
#include <vector>

#include "check.h"

constexpr int kBins = 12;
__constant__ float bounds[kBins + 1];
__device__ unsigned totals[kBins];
__device__ float scale = 1.5f;

namespace {
__device__ unsigned outside;
}

__global__ void count(const float* values, int n) {
  __shared__ unsigned counts[kBins];
  if (threadIdx.x < kBins) counts[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    const float value = values[i] * scale;
    int bin = 0;
    while (bin < kBins && value >= bounds[bin + 1]) ++bin;
    if (value < bounds[0] || bin == kBins) {
      atomicInc(&outside, 0xffffffffu);
    } else {
      atomicAdd(&counts[bin], 1u);
    }
  }
  __syncthreads();
  if (threadIdx.x < kBins) atomicAdd(&totals[threadIdx.x], counts[threadIdx.x]);
}

int main() {
  float limits[kBins + 1];
  for (int i = 0; i <= kBins; ++i) limits[i] = static_cast<float>(i * i);
  CHECK(cudaMemcpyToSymbol(bounds, limits, sizeof limits));
  float its_scale = 0;
  CHECK(cudaMemcpyFromSymbol(&its_scale, scale, sizeof its_scale));
  EXPECT(its_scale == 1.5f);
  its_scale = 2;
  CHECK(cudaMemcpyToSymbol(scale, &its_scale, sizeof its_scale));

  std::vector<float> values(30011);
  unsigned want[kBins] = {}, want_outside = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i * 7919 % 1601) / 20 - 2;
    const float value = values[i] * its_scale;
    const auto* above = std::upper_bound(limits, limits + kBins + 1, value);
    const long bin = above - limits - 1;
    if (bin < 0 || bin >= kBins) {
      ++want_outside;
    } else {
      ++want[bin];
    }
  }
  float* on_device;
  CHECK(cudaMalloc(&on_device, values.size() * sizeof(float)));
  CHECK(
      cudaMemcpy(on_device, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice));

  void* address = nullptr;
  size_t bytes = 0;
  CHECK(cudaGetSymbolAddress(&address, totals));
  CHECK(cudaGetSymbolSize(&bytes, totals));
  EXPECT(bytes == sizeof want);
  for (int round = 0; round < 2; ++round) {
    CHECK(cudaMemset(address, 0, bytes));
    const unsigned none = 0;
    CHECK(cudaMemcpyToSymbolAsync(outside, &none, sizeof none, 0, cudaMemcpyHostToDevice, 0));
    count<<<20, 128>>>(on_device, static_cast<int>(values.size()));
    CHECK_LAUNCH();
  }
  unsigned got[kBins], got_outside = 0;
  CHECK(cudaMemcpyFromSymbol(got, totals, sizeof got));
  CHECK(cudaMemcpyFromSymbol(&got_outside, outside, sizeof got_outside));
  for (int i = 0; i < kBins; ++i) EXPECT(got[i] == want[i]);
  EXPECT(got_outside == want_outside && got_outside > 0);
  unsigned last = 0;
  const size_t at = (kBins - 1) * sizeof last;
  CHECK(cudaMemcpyFromSymbol(&last, totals, sizeof last, at));
  EXPECT(last == want[kBins - 1]);
  EXPECT(cudaMemcpyFromSymbol(&last, totals, sizeof last, sizeof got) == cudaErrorInvalidValue);
  EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
  CHECK(cudaFree(on_device));
  return Pass("histogram");
}
