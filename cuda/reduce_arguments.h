// The parameters of the kernels in reduce.cu: shared by them and by native/ops, plain C++.
#pragma once

#include <cstdint>

#include "reduce/operations.h"

// Threads of every block of these kernels.
constexpr int kReduceThreads = 256;
// Neighbouring columns that a thread takes together, where they are aligned: four bytes.
template <int kElementBytes>
constexpr int kReduceColumns = kElementBytes < 4 ? 4 / kElementBytes : 1;

// (outer, axis, inner), of which the axis is reduced. Strides are in elements.
struct ReduceOperand {
  const void* data;
  std::int64_t outer_stride, axis_stride, inner_stride;
};

struct ReduceArguments {
  ReduceOperand x, y;  // y: the other vectors of a dot product
  void* out;           // (outer, inner) row-major
  void* partials;      // (splits, outer, inner) states in place of `out`; null: write `out`
  std::int64_t outer, axis, inner;
  std::int64_t splits, split_length;  // pieces of the axis, each reduced by a block of its own
  std::int64_t count;    // what a mean divides by: the axis, also where partials are reduced
  int operation;         // ReduceOperation
  int dtype, out_dtype;  // dtypes::Dtype
  int in_float64;        // integers are converted before they are added or squared
  int width;             // rows: threads per row. columns: threads side by side. A power of two
  int vectorized;        // columns: kReduceColumns at a time
};

// Vectors of 16 bytes that each thread of an aligned row keeps in registers, and the most threads
// that such a row has.
constexpr int kSoftmaxHeld = 4;
constexpr int kSoftmaxMaxThreads = 1024;

enum SoftmaxPass : int {
  kSoftmaxWhole,   // read, then read again and write
  kSoftmaxStates,  // maximum and sum of each piece only, to `states`: (splits, outer, inner)
  kSoftmaxWrite,   // write with the `states` (outer, inner)
};

struct SoftmaxArguments {
  ReduceOperand x;
  void* out;  // (outer, axis, inner) row-major
  void* states;
  std::int64_t outer, axis, inner;
  std::int64_t splits, split_length;
  int dtype;
  int log;
  int pass;               // SoftmaxPass
  int width, vectorized;  // as in ReduceArguments
};

// Elements of 1, 2, 4 and 8 bytes. In tiles of 32 x 32 words: of one element, or (packed) of 4 / 2
// of one / two bytes.
constexpr int kTransposeSide = 32;

struct TransposeArguments {
  const void* x;  // (batches, rows, columns)
  void* out;      // (batches, columns, rows)
  std::int64_t rows, columns;
  std::int64_t row_tiles, column_tiles;  // blocks: batches * row_tiles * column_tiles
};
