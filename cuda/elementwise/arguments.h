// What the elementwise kernels take, for device code and native/ops alike.
#pragma once

#include <cstdint>

#include "cuda/elementwise/operations.h"

namespace nodecuda {

// Elements (or vectors) of one strided launch: indices stay below 2^31, for IndexDivision.
constexpr std::int64_t kMaxStridedUnits = std::int64_t{1} << 30;

// Division by a constant that is known at launch: n / d is (high 32 bits of n * magic + n) >> shift
// for every n < 2^31 (Granlund and Montgomery, "Division by invariant integers", figure 4.1).
struct IndexDivision {
  std::uint32_t divisor, magic, shift;
};

// Dimensions from the innermost outwards. Strides are in elements, by operand: out, x, y.
struct ElementwiseDimension {
  IndexDivision extent;
  std::int64_t strides[3];
};

// How an operand lies along the units of a strided launch.
enum OperandAccess : int {
  kByElement,  // units are single elements
  kByVector,   // units are whole, aligned vectors
  kRepeated,   // units are vectors of one element each, repeated
};

struct ElementwiseArguments {
  std::uint64_t length;  // elements; of a strided launch: units
  void* out;
  const void* inputs[2];     // x, y; null: scalars[1] is the operand, in the dtype's bits
  std::uint64_t scalars[2];  // bits of a float, a double or a (sign-extended) integer
  int operation;
  int source, destination;  // dtypes::Dtype
  int dimensions;           // 0: all operands are contiguous, and what follows does not count
  OperandAccess access[3];  // out, x, y
  ElementwiseDimension dimension[kMaxDimensions];
};

}  // namespace nodecuda
