// The one parameter of every matmul kernel, shared by device code and its host side: plain data,
// the same layout for both compilers.
#pragma once

#include <cstdint>

#include "cuda/matmul/operations.h"

// Element type of the result.
enum MatmulOutput : int {
  kOutFloat32,
  kOutFloat64,
  kOutFloat16,
  kOutBfloat16,
  kOutInt32,
};

// out = activation(alpha row_scale[i] column_scale[j] sum + bias + beta out)
struct MatmulEpilogue {
  double alpha, beta;  // with beta 0, out is not read
  // Null: none. Of the result's element type; one per row or per column of the result.
  const void* bias;
  // Null: none. float64 for float64 products, else float32.
  const void* row_scale;
  const void* column_scale;
  int bias_per_row;  // 1, else 0: per column
  int activation;    // MatmulActivation
  int output;        // MatmulOutput
};

// Sizes, leading dimensions and strides are in elements. Matrices are row-major. A batch stride of
// 0 gives every batch the same matrix.
struct MatmulArguments {
  std::int64_t m, n, k;
  const void* a;
  std::int64_t lda, a_batch_stride;
  const void* b;
  std::int64_t ldb, b_batch_stride;
  void* c;
  std::int64_t ldc, c_batch_stride;
  std::int64_t batches;
  // With more than one split of k, each writes its sums to `workspace`, [split][batch][m][n] in the
  // accumulator's type, and another kernel adds them up and runs the epilogue.
  void* workspace;
  int splits;
  MatmulEpilogue epilogue;
  // 1 if a is stored k x m, b n x k; for the kernels that are not compiled once per layout.
  int transpose_a, transpose_b;
};
