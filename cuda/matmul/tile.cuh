// What every family of matmul kernels shares: which part of the problem a block computes.
//
// The grid is tiles x splits of k x batches.
#pragma once

#include "cuda/common.cuh"
#include "cuda/matmul/arguments.h"

namespace matmul {

// The first row and column of a tile of c.
struct TilePosition {
  std::int64_t row, column;
};

// Tiles run through a band of kBandRows tile rows column by column: blocks that run at the same
// time then share more rows of a and columns of b in the L2 cache. `tile` is blockIdx.x, or the
// counter of a kernel whose blocks take several.
template <int kTileM, int kTileN, unsigned kBandRows = 8>
__device__ __forceinline__ TilePosition FindTile(std::int64_t m, std::int64_t n, unsigned tile) {
  // The host has checked that all tiles together are less than 2^31.
  const auto tiles_m = static_cast<unsigned>((m + kTileM - 1) / kTileM);
  const auto tiles_n = static_cast<unsigned>((n + kTileN - 1) / kTileN);
  const unsigned full_rows = tiles_m < kBandRows ? tiles_m : kBandRows;
  const unsigned band = tile / (full_rows * tiles_n);
  const unsigned in_band = tile - band * (full_rows * tiles_n);
  const unsigned first_row = band * full_rows;
  const unsigned rows = tiles_m - first_row < full_rows ? tiles_m - first_row : full_rows;
  return {static_cast<std::int64_t>(first_row + in_band % rows) * kTileM,
          static_cast<std::int64_t>(in_band / rows) * kTileN};
}

// The part of k that a split sums up. It begins at a multiple of kTileK, so that what is aligned
// without splits is aligned with them. A split is empty where there are more of them than steps.
struct SplitRange {
  std::int64_t first, count;
};
template <int kTileK>
__device__ __forceinline__ SplitRange FindSplit(const MatmulArguments& arguments) {
  if (arguments.splits <= 1) return {0, arguments.k};
  const std::int64_t steps = (arguments.k + kTileK - 1) / kTileK;
  const std::int64_t first = steps * blockIdx.y / arguments.splits * kTileK;
  const std::int64_t end = steps * (blockIdx.y + 1) / arguments.splits * kTileK;
  return {first, (end < arguments.k ? end : arguments.k) - first};
}

template <typename T>
__device__ __forceinline__ const T* BatchOfA(const MatmulArguments& arguments, std::int64_t batch) {
  return static_cast<const T*>(arguments.a) + batch * arguments.a_batch_stride;
}
template <typename T>
__device__ __forceinline__ const T* BatchOfB(const MatmulArguments& arguments, std::int64_t batch) {
  return static_cast<const T*>(arguments.b) + batch * arguments.b_batch_stride;
}

__device__ __forceinline__ int Clamp(std::int64_t value, int limit) {
  return value < limit ? static_cast<int>(value) : limit;
}

}  // namespace matmul
