// Generated from abi/block.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_BINDING_ABI_BLOCK_H_
#define NODECUDA_BINDING_ABI_BLOCK_H_

namespace nodecuda::abi {

inline constexpr int kArgumentBlockLength = 4128;
inline constexpr int kNoBuffer = 0;

}  // namespace nodecuda::abi

#endif  // NODECUDA_BINDING_ABI_BLOCK_H_
