// Bytes and halves of words, numbers of eight bits, and tiles of several warps, which meet in the
// shared memory that CUDA reserves.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_fp8.h>

#include <cstdint>

namespace cg = cooperative_groups;

// The sum of absolute differences of blocks of four bytes, and the saturated sums of halves.
extern "C" __global__ void differences(const uint32_t* a, const uint32_t* b, uint32_t* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  out[3 * i] = __vsadu4(a[i], b[i]);
  out[3 * i + 1] = __vaddss2(a[i], b[i]);
  out[3 * i + 2] = __vcmpgts4(a[i], b[i]) ^ __vabsdiffu4(a[i], b[i]);
}

// To e4m3 and e5m2 and back.
extern "C" __global__ void fewer_bits(const float* x, float* out, uint32_t* codes, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const __nv_fp8x2_e4m3 e4m3(float2{x[i], -x[i]});
  const __nv_fp8x2_e5m2 e5m2(float2{x[i], -x[i]});
  codes[i] = uint32_t(e4m3.__x) << 16 | e5m2.__x;
  out[2 * i] = float2(e4m3).x;
  out[2 * i + 1] = float2(e5m2).y;
}

// Each tile of 128 threads has its sum and its greatest number.
extern "C" __global__ void tiles(const int* x, int* out) {
  const auto tile = cg::tiled_partition<128>(cg::this_thread_block());
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int sum = cg::reduce(tile, x[i], cg::plus<int>());
  const int most = cg::reduce(tile, x[i], cg::greater<int>());
  if (tile.thread_rank() == 0) out[i / 64] = sum, out[i / 64 + 1] = most;
}
