// Transposes matrices through shared memory: a warp reads and writes 128 contiguous bytes.
//
// Elements of one or two bytes travel in words of four where everything is aligned to that: a
// thread then transposes a small square of them in registers, and the tile is one of words.
#pragma once

#include "cuda/common.cuh"
#include "cuda/transpose/arguments.h"

namespace transpose {

constexpr int kSide = kTransposeSide;  // words, of a tile
constexpr int kThreadRows = 8;         // of a block: 32 x 8 threads
static_assert(kSide * kThreadRows == kTransposeThreads, "a block covers a part of a tile");

// Turns kPack rows of kPack elements, a word each, into columns.
template <int kPack>
__device__ __forceinline__ void TransposeWords(std::uint32_t (&words)[kPack]) {
  if constexpr (kPack == 2) {
    const std::uint32_t first = __byte_perm(words[0], words[1], 0x5410);
    words[1] = __byte_perm(words[0], words[1], 0x7632);
    words[0] = first;
  } else if constexpr (kPack == 4) {
    const std::uint32_t low01 = __byte_perm(words[0], words[1], 0x5140);
    const std::uint32_t high01 = __byte_perm(words[0], words[1], 0x7362);
    const std::uint32_t low23 = __byte_perm(words[2], words[3], 0x5140);
    const std::uint32_t high23 = __byte_perm(words[2], words[3], 0x7362);
    words[0] = __byte_perm(low01, low23, 0x5410);
    words[1] = __byte_perm(low01, low23, 0x7632);
    words[2] = __byte_perm(high01, high23, 0x5410);
    words[3] = __byte_perm(high01, high23, 0x7632);
  }
}

// x (batches, rows, columns) to out (batches, columns, rows), in words of kPack elements: rows and
// columns are multiples of kPack.
template <typename Word, int kPack>
__device__ __forceinline__ void Run(const TransposeArguments& a) {
  // A row of words for each column of elements; one word more, so that a column of words is in
  // different banks.
  __shared__ Word tile[kSide * kPack][kSide + 1];
  const std::int64_t tiles = a.row_tiles * a.column_tiles;
  const std::int64_t batch = blockIdx.x / tiles;
  const std::int64_t of_batch = blockIdx.x - batch * tiles;
  const std::int64_t tile_row = of_batch / a.column_tiles;
  const std::int64_t tile_column = of_batch - tile_row * a.column_tiles;
  const int lane = static_cast<int>(threadIdx.x) % kSide;
  const int warp = static_cast<int>(threadIdx.x) / kSide;
  const Word* x = static_cast<const Word*>(a.x) + batch * (a.rows * a.columns / kPack);
  Word* out = static_cast<Word*>(a.out) + batch * (a.rows * a.columns / kPack);

  const std::int64_t row_words = a.columns / kPack, out_words = a.rows / kPack;
  const std::int64_t word = tile_column * kSide + lane;  // along a row of x
  const std::int64_t first_row = tile_row * kSide;       // in kPack rows
  Word words[kSide / kThreadRows][kPack];
#pragma unroll
  for (int i = 0; i < kSide / kThreadRows; ++i) {
    const std::int64_t row = first_row + warp + i * kThreadRows;
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      if (word < row_words && row < out_words)
        words[i][j] = x[(row * kPack + j) * row_words + word];
    }
  }
#pragma unroll
  for (int i = 0; i < kSide / kThreadRows; ++i) {
    if constexpr (kPack > 1) TransposeWords<kPack>(words[i]);
#pragma unroll
    for (int j = 0; j < kPack; ++j) tile[lane * kPack + j][warp + i * kThreadRows] = words[i][j];
  }
  __syncthreads();
  const std::int64_t first_column = tile_column * kSide * kPack;
  const std::int64_t out_word = first_row + lane;
#pragma unroll
  for (int i = 0; i < kSide * kPack / kThreadRows; ++i) {
    const int column = warp + i * kThreadRows;
    if (out_word < out_words && first_column + column < a.columns) {
      out[(first_column + column) * out_words + out_word] = tile[column][lane];
    }
  }
}

}  // namespace transpose
