// The parameters of the transposition: shared by its kernels and by native/ops, plain C++.
#pragma once

#include <cstdint>

// Threads of every block.
constexpr int kTransposeThreads = 256;
// Elements of 1, 2, 4 and 8 bytes. In tiles of 32 x 32 words: of one element, or (packed) of 4 / 2
// of one / two bytes.
constexpr int kTransposeSide = 32;

struct TransposeArguments {
  const void* x;  // (batches, rows, columns)
  void* out;      // (batches, columns, rows)
  std::int64_t rows, columns;
  std::int64_t row_tiles, column_tiles;  // blocks: batches * row_tiles * column_tiles
};
