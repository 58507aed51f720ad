// The one parameter of the matmul_hopper_pack kernels, shared by device code and its host side.
#pragma once

#include <cstdint>

// Sizes, leading dimensions and strides are in elements. The source is (rows, columns), and so are
// the results; of matmul_hopper_pack_transposed they are (columns, rows).
struct MatmulPackArguments {
  const float* source;
  std::int64_t rows, columns, source_stride, source_batch_stride;
  float* copy;
  // Null: the copy has the elements. Otherwise it has them rounded to tf32, and this what is left.
  float* rest;
  std::int64_t stride, batch_stride;  // of both
  std::int64_t batches;
};
