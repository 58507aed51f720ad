// What came with sm_80: bfloat16 and int8 products by mma.sync, copies that run beside the threads,
// barriers in shared memory, reductions of a warp in one instruction.
#include <cooperative_groups.h>
#include <cuda_bf16.h>
#include <cuda_pipeline.h>

#include <cstdint>
#include <cuda/barrier>

// A warp a tile of 16 x 8, operands by ldmatrix; sides are multiples of the tile's, k of 16.
extern "C" __global__ void mma_bfloat16(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c,
                                        int m, int n, int k) {
  __shared__ __align__(16) __nv_bfloat16 left[16][16], right[16][8];
  const int row = blockIdx.y * 16, column = blockIdx.x * 8, lane = threadIdx.x;
  float sum[4] = {};
  for (int i = 0; i < k; i += 16) {
    for (int e = lane; e < 256; e += 32) left[e / 16][e % 16] = a[(row + e / 16) * k + i + e % 16];
    for (int e = lane; e < 128; e += 32) right[e / 8][e % 8] = b[(i + e / 8) * n + column + e % 8];
    __syncwarp();
    uint32_t x[4], y[2];
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(uint32_t(__cvta_generic_to_shared(&left[lane % 16][lane / 16 * 8]))));
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(y[0]), "=r"(y[1])
                 : "r"(uint32_t(__cvta_generic_to_shared(&right[lane % 16][0]))));
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
    __syncwarp();
  }
  for (int e = 0; e < 4; ++e)
    c[(row + lane / 4 + e / 2 * 8) * n + column + lane % 4 * 2 + e % 2] = sum[e];
}

// b by columns; k is a multiple of 32. Registers are loaded as the layout says, without ldmatrix.
extern "C" __global__ void mma_int8(const int8_t* a, const int8_t* b, int* c, int m, int n, int k) {
  const int row = blockIdx.y * 16, column = blockIdx.x * 8;
  const int group = threadIdx.x / 4, part = threadIdx.x % 4 * 4;
  int sum[4] = {};
  for (int i = 0; i < k; i += 32) {
    auto at = [&](const int8_t* matrix, int line, int offset) {
      return *reinterpret_cast<const uint32_t*>(matrix + line * k + i + offset);
    };
    const uint32_t x[4] = {at(a, row + group, part), at(a, row + group + 8, part),
                           at(a, row + group, part + 16), at(a, row + group + 8, part + 16)};
    const uint32_t y[2] = {at(b, column + group, part), at(b, column + group, part + 16)};
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
        : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
  }
  for (int e = 0; e < 4; ++e)
    c[(row + group + e / 2 * 8) * n + column + threadIdx.x % 4 * 2 + e % 2] = sum[e];
}

// The next tile is on its way while this one is added: sums of rows of `tiles` times 128 numbers.
extern "C" __global__ void row_sums_pipeline(const float4* x, float* sums, int tiles) {
  __shared__ float4 buffer[2][32];
  x += blockIdx.x * tiles * 32;
  auto fetch = [&](int tile) {
    if (tile < tiles)
      __pipeline_memcpy_async(&buffer[tile % 2][threadIdx.x], &x[tile * 32 + threadIdx.x], 16);
    __pipeline_commit();
  };
  fetch(0);
  float sum = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    fetch(tile + 1);
    __pipeline_wait_prior(1);
    __syncwarp();
    const float4 four = buffer[tile % 2][31 - threadIdx.x];  // what another thread fetched
    sum += four.x + four.y + four.z + four.w;
    __syncwarp();
  }
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(~0u, sum, offset);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// Reverses pieces of 64 numbers; copy and arrival by the C++ library.
extern "C" __global__ void reverse_barrier(const int* in, int* out) {
  using Barrier = cuda::barrier<cuda::thread_scope_block>;
  __shared__ __align__(16) int piece[64];
#pragma nv_diag_suppress static_var_with_dynamic_init
  __shared__ Barrier barrier;
  const auto block = cooperative_groups::this_thread_block();
  if (block.thread_rank() == 0) init(&barrier, block.size());
  block.sync();
  cuda::memcpy_async(block, piece, in + blockIdx.x * 64, cuda::aligned_size_t<16>(sizeof piece),
                     barrier);
  barrier.arrive_and_wait();
  out[blockIdx.x * 64 + threadIdx.x] = piece[63 - threadIdx.x];
}

extern "C" __global__ void warp_statistics(const int* x, int4* out) {
  const int value = x[blockIdx.x * 32 + threadIdx.x];
  const int sum = __reduce_add_sync(~0u, value), least = __reduce_min_sync(~0u, value);
  const int most = __reduce_max_sync(~0u, value), parity = __reduce_xor_sync(~0u, value);
  if (threadIdx.x == 0) out[blockIdx.x] = {sum, least, most, parity};
}
