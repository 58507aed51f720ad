// The parameters of the reductions: shared by their kernels and by native/ops, plain C++.
#pragma once

#include <cstdint>

#include "cuda/reduce/operations.h"

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
  int in_float64;        // integers are converted before they are added, multiplied or squared
  int width;             // rows: threads per row. columns: threads side by side. A power of two
  int vectorized;        // columns: kReduceColumns at a time
};
