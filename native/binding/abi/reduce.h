// Generated from abi/reduce.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_BINDING_ABI_REDUCE_H_
#define NODECUDA_BINDING_ABI_REDUCE_H_

#include <cstddef>

namespace nodecuda::abi::reduce {

inline constexpr int kOperandWidth = 5;

// Places in the argument block.
enum Slot : std::size_t {
  kOperation = 0,
  kDtype = 1,
  kOutDtype = 2,
  kStream = 3,
  kOut = 4,
  kOutOffset = 5,
  kOuter = 6,
  kAxis = 7,
  kInner = 8,
  kX = 9,
  kY = 14,
};

// Places within one operand.
enum OperandSlot : std::size_t {
  kHandle = 0,
  kOffset = 1,
  kOuterStride = 2,
  kAxisStride = 3,
  kInnerStride = 4,
};

}  // namespace nodecuda::abi::reduce

#endif  // NODECUDA_BINDING_ABI_REDUCE_H_
