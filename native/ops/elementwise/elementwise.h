#ifndef NODECUDA_OPS_ELEMENTWISE_ELEMENTWISE_H_
#define NODECUDA_OPS_ELEMENTWISE_ELEMENTWISE_H_

#include <cstdint>

#include "cuda/elementwise/arguments.h"
#include "ops/kernels/builtin_kernels.h"
#include "ops/kernels/dtype.h"

namespace nodecuda {

// out = operation(x) or operation(x, y), element by element. `out` may be an input, index for
// index; it must not overlap one otherwise, nor have an element twice.
// lib/operations/elementwise/methods.ts says what the operations give.
struct ElementwiseProblem {
  ElementwiseFamily family;
  int operation;              // UnaryOperation or BinaryOperation; 0 for a conversion
  Dtype source, destination;  // of the inputs and of out: the same, except in a conversion
  void* out;                  // the element at index 0, as for the inputs
  const void* inputs[2];      // x, y; null: a binary operation takes scalars[1] instead
  std::uint64_t scalars[2];   // as ElementwiseArguments has them
  // The shape, outermost dimension first; `dimensions` 0: `length` contiguous elements.
  std::uint64_t length;
  int dimensions;
  std::int64_t shape[kMaxDimensions];
  std::int64_t strides[3][kMaxDimensions];  // of out, x, y; in elements
};

// kInvalidValue for an operation that the dtype does not have. Of more elements than one launch can
// index, several launches are made.
Status EnqueueElementwise(const OpContext& context, const ElementwiseProblem& problem);

// Constants with which kernels divide n < 2^31 by `divisor`, which is from 1 to 2^31.
IndexDivision DivideBy(std::uint32_t divisor);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_ELEMENTWISE_ELEMENTWISE_H_
