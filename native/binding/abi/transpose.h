// Generated from abi/transpose.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_BINDING_ABI_TRANSPOSE_H_
#define NODECUDA_BINDING_ABI_TRANSPOSE_H_

#include <cstddef>

namespace nodecuda::abi::transpose {

// Places in the argument block.
enum Slot : std::size_t {
  kElementBytes = 0,
  kBatches = 1,
  kRows = 2,
  kColumns = 3,
  kX = 4,
  kOut = 5,
  kStream = 6,
};

}  // namespace nodecuda::abi::transpose

#endif  // NODECUDA_BINDING_ABI_TRANSPOSE_H_
