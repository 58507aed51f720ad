// Prepares float32 operands for the kernels that read them along k, with aligned rows: copies a
// matrix, turned if need be, and may take its elements apart into two tf32 numbers.
#pragma once

#include <cstdint>

#include "cuda/matmul/hopper/pack_arguments.h"

namespace hopper {

// An element as the sum of two tf32 numbers, of 11 bits each.
struct Tf32Pair {
  float big, rest;
};
__device__ __forceinline__ float RoundToTf32(float value) {
  constexpr std::uint32_t kDropped = (1u << 13) - 1;
  return __uint_as_float((__float_as_uint(value) + (kDropped + 1) / 2) & ~kDropped);
}
__device__ __forceinline__ Tf32Pair Split(float value) {
  // What is not finite is all in the big part: what the rests add is dropped where it is not
  // finite.
  constexpr float kLargest = 0x1.fffffep127f, kRoundsToInfinity = 0x1.ffep127f;
  if (!(fabsf(value) <= kLargest)) {
    // A NaN must be one in its upper bits, the only ones that wgmma looks at.
    return {value != value ? __uint_as_float(0x7fffffff) : value, 0};
  }
  // What would become infinite is cut off instead of rounded, both times.
  if (fabsf(value) >= kRoundsToInfinity) {
    const float cut = __uint_as_float(__float_as_uint(value) & 0xffffe000);
    return {cut, value - cut};
  }
  const float big = RoundToTf32(value);
  return {big, RoundToTf32(value - big)};
}

constexpr int kPackTile = 32, kPackRows = 8;  // a block is 32 x 8 threads

// A block takes a square of kPackTile rows and columns; blockIdx.x counts these, blockIdx.z
// batches.
template <bool kTranspose>
__device__ __forceinline__ void Pack(const MatmulPackArguments& arguments) {
  __shared__ float tile[kPackTile][kPackTile + 1];  // the odd stride spreads columns over the banks
  const auto tiles = static_cast<unsigned>((arguments.columns + kPackTile - 1) / kPackTile);
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x / tiles) * kPackTile;
  const std::int64_t first_column = static_cast<std::int64_t>(blockIdx.x % tiles) * kPackTile;
  const int x = threadIdx.x % kPackTile, y = threadIdx.x / kPackTile;
  for (std::int64_t batch = blockIdx.z; batch < arguments.batches; batch += gridDim.z) {
    const float* const source = arguments.source + batch * arguments.source_batch_stride;
    __syncthreads();  // the batch before has been read
#pragma unroll
    for (int i = y; i < kPackTile; i += kPackRows) {
      const std::int64_t row = first_row + i, column = first_column + x;
      if (row < arguments.rows && column < arguments.columns) {
        tile[i][x] = source[row * arguments.source_stride + column];
      }
    }
    __syncthreads();
#pragma unroll
    for (int i = y; i < kPackTile; i += kPackRows) {
      const std::int64_t row = kTranspose ? first_column + i : first_row + i;
      const std::int64_t column = kTranspose ? first_row + x : first_column + x;
      if (row >= (kTranspose ? arguments.columns : arguments.rows)) continue;
      if (column >= (kTranspose ? arguments.rows : arguments.columns)) continue;
      const float value = kTranspose ? tile[x][i] : tile[i][x];
      const std::int64_t index = batch * arguments.batch_stride + row * arguments.stride + column;
      if (arguments.rest == nullptr) {
        arguments.copy[index] = value;
      } else {
        const Tf32Pair pair = Split(value);
        arguments.copy[index] = pair.big;
        arguments.rest[index] = pair.rest;
      }
    }
  }
}

}  // namespace hopper

extern "C" __global__ void __launch_bounds__(hopper::kPackTile* hopper::kPackRows)
    matmul_hopper_pack(const __grid_constant__ MatmulPackArguments arguments) {
  hopper::Pack<false>(arguments);
}
extern "C" __global__ void __launch_bounds__(hopper::kPackTile* hopper::kPackRows)
    matmul_hopper_pack_transposed(const __grid_constant__ MatmulPackArguments arguments) {
  hopper::Pack<true>(arguments);
}
