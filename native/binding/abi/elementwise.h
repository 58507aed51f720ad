// Generated from abi/elementwise.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_BINDING_ABI_ELEMENTWISE_H_
#define NODECUDA_BINDING_ABI_ELEMENTWISE_H_

#include <cstddef>

namespace nodecuda::abi::elementwise {

inline constexpr int kScalarWidth = 2;
inline constexpr int kOperandWidth = 2;
inline constexpr int kDimensionWidth = 4;

// Places in the argument block.
enum Slot : std::size_t {
  kFamily = 0,
  kOperation = 1,
  kSource = 2,
  kDestination = 3,
  kStream = 4,
  kScalars = 5,
  kOperands = 9,
  kLength = 15,
  kRepeat = 16,
  kDimensions = 17,
  kShape = 18,
};

// Places within one scalar.
enum ScalarSlot : std::size_t {
  kLow = 0,
  kHigh = 1,
};

// Places within one operand.
enum OperandSlot : std::size_t {
  kHandle = 0,
  kOffset = 1,
};

// Places within one dimension.
enum DimensionSlot : std::size_t {
  kExtent = 0,
  kStrides = 1,
};

}  // namespace nodecuda::abi::elementwise

#endif  // NODECUDA_BINDING_ABI_ELEMENTWISE_H_
