// Sum, maximum and minimum in two passes, with shuffles within warps.
#include <climits>
#include <vector>

#include "check.h"

template <typename T>
struct Plus {
  static constexpr T kNeutral = 0;
  __device__ T operator()(T a, T b) const { return a + b; }
};
struct Maximum {
  static constexpr int kNeutral = INT_MIN;
  __device__ int operator()(int a, int b) const { return max(a, b); }
};
struct Minimum {
  static constexpr int kNeutral = INT_MAX;
  __device__ int operator()(int a, int b) const { return min(a, b); }
};

template <typename T, typename Op>
__device__ T ReduceWarp(T value, Op op) {
  for (int offset = warpSize / 2; offset > 0; offset /= 2) {
    value = op(value, __shfl_down_sync(0xffffffffu, value, offset));
  }
  return value;
}

template <typename T, typename Op>
__global__ void reduce(const T* __restrict__ in, T* __restrict__ out, int n) {
  __shared__ T of_warp[32];
  const Op op;
  T value = Op::kNeutral;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    value = op(value, in[i]);
  }
  value = ReduceWarp(value, op);
  const int lane = threadIdx.x % warpSize, warp = threadIdx.x / warpSize;
  if (lane == 0) of_warp[warp] = value;
  __syncthreads();
  if (warp != 0) return;
  value = lane < blockDim.x / warpSize ? of_warp[lane] : Op::kNeutral;
  value = ReduceWarp(value, op);
  if (lane == 0) out[blockIdx.x] = value;
}

template <typename T, typename Op>
T Reduce(const std::vector<T>& values) {
  int blocks = 0, threads = 0;
  CHECK(cudaOccupancyMaxPotentialBlockSize(&blocks, &threads, reduce<T, Op>));
  threads = threads < 256 ? threads : 256;
  const int n = static_cast<int>(values.size());
  T *in, *partial;
  CHECK(cudaMalloc(&in, n * sizeof(T)));
  CHECK(cudaMalloc(&partial, (blocks + 1) * sizeof(T)));
  CHECK(cudaMemcpy(in, values.data(), n * sizeof(T), cudaMemcpyDefault));
  reduce<T, Op><<<blocks, threads>>>(in, partial, n);
  reduce<T, Op><<<1, 1024>>>(partial, partial + blocks, blocks);
  CHECK_LAUNCH();
  T result;
  CHECK(cudaMemcpy(&result, partial + blocks, sizeof(T), cudaMemcpyDeviceToHost));
  CHECK(cudaFree(in));
  CHECK(cudaFree(partial));
  return result;
}

int main() {
  std::vector<int> integers(54321);
  std::vector<double> doubles(integers.size());
  long long sum = 0;
  for (size_t i = 0; i < integers.size(); ++i) {
    integers[i] = static_cast<int>(i * 2654435761u) >> 16;
    doubles[i] = integers[i] / 8.0;  // exact in every order
    sum += integers[i];
  }
  int most = INT_MIN, least = INT_MAX;
  for (int value : integers) {
    if (value > most) most = value;
    if (value < least) least = value;
  }
  EXPECT((Reduce<int, Plus<int>>(integers) == static_cast<int>(sum)));
  EXPECT((Reduce<double, Plus<double>>(doubles) == sum / 8.0));
  EXPECT((Reduce<int, Maximum>(integers) == most));
  EXPECT((Reduce<int, Minimum>(integers) == least));
  return Pass("reduction");
}
