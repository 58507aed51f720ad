// Generated from abi/kernel.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_BINDING_ABI_KERNEL_H_
#define NODECUDA_BINDING_ABI_KERNEL_H_

#include <cstddef>

namespace nodecuda::abi::kernel {

inline constexpr int kMostParameterBytes = 32764;
inline constexpr int kMostUses = 16;
inline constexpr int kUseWrite = 0;
inline constexpr int kUseRead = 1;
inline constexpr int kUseTexture = 2;
inline constexpr int kUseSurface = 3;

// Places in the argument block.
enum Slot : std::size_t {
  kKernel = 0,
  kStream = 1,
  kGridX = 2,
  kGridY = 3,
  kGridZ = 4,
  kBlockX = 5,
  kBlockY = 6,
  kBlockZ = 7,
  kClusterX = 8,
  kClusterY = 9,
  kClusterZ = 10,
  kSharedBytes = 11,
  kFlags = 12,
  kUseCount = 13,
  kUses = 14,
  kPrepared = 30,
  kPadding = 31,
  kParameters = 32,
};

// Added up.
enum Flag : int {
  kCooperative = 1,
  kProgrammatic = 2,
  kAllFlags = 3,
};

}  // namespace nodecuda::abi::kernel

#endif  // NODECUDA_BINDING_ABI_KERNEL_H_
