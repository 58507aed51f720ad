// The parameters of the softmax kernels: shared by them and by native/ops, plain C++.
#pragma once

#include <cstdint>

#include "cuda/reduce/arguments.h"

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
