// Generated from abi/softmax.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_BINDING_ABI_SOFTMAX_H_
#define NODECUDA_BINDING_ABI_SOFTMAX_H_

#include <cstddef>

namespace nodecuda::abi::softmax {

// Places in the argument block.
enum Slot : std::size_t {
  kLog = 0,
  kDtype = 1,
  kOutDtype = 2,
  kStream = 3,
  kOut = 4,
  kOutOffset = 5,
  kOuter = 6,
  kAxis = 7,
  kInner = 8,
  kX = 9,
};

}  // namespace nodecuda::abi::softmax

#endif  // NODECUDA_BINDING_ABI_SOFTMAX_H_
