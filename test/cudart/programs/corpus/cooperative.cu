// Steps of a smoother with a barrier of the whole grid between them, and groups of threads.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

#include <vector>

#include "check.h"

namespace cg = cooperative_groups;

__global__ void smooth(float* now, float* next, int n, int steps) {
  const cg::grid_group grid = cg::this_grid();
  for (int step = 0; step < steps; ++step) {
    for (int i = static_cast<int>(grid.thread_rank()); i < n; i += static_cast<int>(grid.size())) {
      const float left = i > 0 ? now[i - 1] : now[i], right = i + 1 < n ? now[i + 1] : now[i];
      next[i] = 0.25f * left + 0.5f * now[i] + 0.25f * right;
    }
    grid.sync();
    float* const swap = now;
    now = next;
    next = swap;
  }
}

__global__ void sum_by_eight(const int* in, int* out, int n) {
  const auto tile = cg::tiled_partition<8>(cg::this_thread_block());
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int sum = cg::reduce(tile, i < n ? in[i] : 0, cg::plus<int>());
  const auto most = cg::reduce(tile, i < n ? in[i] : -1, cg::greater<int>());
  if (tile.thread_rank() == 0) {
    out[2 * (i / 8)] = sum;
    out[2 * (i / 8) + 1] = most;
  }
}

int main() {
  int n = 2500, steps = 9;
  std::vector<float> values(n), want(n), got(n);
  for (int i = 0; i < n; ++i) values[i] = want[i] = static_cast<float>(i * 31 % 64);
  float *now, *next;
  CHECK(cudaMalloc(&now, n * sizeof(float)));
  CHECK(cudaMalloc(&next, n * sizeof(float)));
  CHECK(cudaMemcpy(now, values.data(), n * sizeof(float), cudaMemcpyHostToDevice));

  int per_multiprocessor = 0, multiprocessors = 0, cooperative = 0;
  CHECK(cudaDeviceGetAttribute(&cooperative, cudaDevAttrCooperativeLaunch, 0));
  EXPECT(cooperative == 1);
  CHECK(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0));
  CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_multiprocessor, smooth, 128, 0));
  int blocks = per_multiprocessor * multiprocessors;
  void* arguments[] = {&now, &next, &n, &steps};
  EXPECT(cudaLaunchCooperativeKernel(smooth, blocks + 1, 128, arguments) ==
         cudaErrorCooperativeLaunchTooLarge);
  EXPECT(cudaGetLastError() == cudaErrorCooperativeLaunchTooLarge);
  blocks = blocks < 12 ? blocks : 12;
  CHECK(cudaLaunchCooperativeKernel(smooth, blocks, 128, arguments));
  CHECK(cudaMemcpy(got.data(), next, n * sizeof(float), cudaMemcpyDeviceToHost));
  for (int step = 0; step < steps; ++step) {
    const std::vector<float> before = want;
    for (int i = 0; i < n; ++i) {
      const float left = before[i > 0 ? i - 1 : i], right = before[i + 1 < n ? i + 1 : i];
      want[i] = 0.25f * left + 0.5f * before[i] + 0.25f * right;
    }
  }
  for (int i = 0; i < n; ++i) EXPECT(Near(got[i], want[i]));

  std::vector<int> numbers(n), sums(2 * ((n + 7) / 8 + 32));
  for (int i = 0; i < n; ++i) numbers[i] = i * 7 % 23;
  int *in, *out;
  CHECK(cudaMalloc(&in, n * sizeof(int)));
  CHECK(cudaMalloc(&out, sums.size() * sizeof(int)));
  CHECK(cudaMemcpy(in, numbers.data(), n * sizeof(int), cudaMemcpyHostToDevice));
  sum_by_eight<<<(n + 127) / 128, 128>>>(in, out, n);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(sums.data(), out, sums.size() * sizeof(int), cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; i += 8) {
    int sum = 0, most = -1;
    for (int j = i; j < i + 8 && j < n; ++j) {
      sum += numbers[j];
      most = numbers[j] > most ? numbers[j] : most;
    }
    EXPECT(sums[i / 4] == sum && sums[i / 4 + 1] == most);
  }
  for (void* each : {static_cast<void*>(now), static_cast<void*>(next), static_cast<void*>(in),
                     static_cast<void*>(out)}) {
    CHECK(cudaFree(each));
  }
  return Pass("cooperative");
}
