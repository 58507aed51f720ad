#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_SLOT_COPY_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_SLOT_COPY_H_

#include <cstddef>
#include <cstdint>

#include "simulator/exec/code/lane_masks.h"

namespace nodecuda::simulator {

template <typename T>
void CopyLanes(std::byte* to, const std::byte* from, LaneMask lanes) {
  auto* target = reinterpret_cast<T*>(to);
  const auto* source = reinterpret_cast<const T*>(from);
  ForEachLane(lanes, [&](int lane) { target[lane] = source[lane]; });
}

// One slot of a register file, or the copy of one.
inline void CopySlot(std::byte* to, const std::byte* from, std::uint8_t width, LaneMask lanes) {
  switch (width) {
    case 0: {
      auto* target = reinterpret_cast<LaneMask*>(to);
      *target = (*target & ~lanes) | (*reinterpret_cast<const LaneMask*>(from) & lanes);
      return;
    }
    case 1:
      return CopyLanes<std::uint8_t>(to, from, lanes);
    case 2:
      return CopyLanes<std::uint16_t>(to, from, lanes);
    case 4:
      return CopyLanes<std::uint32_t>(to, from, lanes);
    default:
      return CopyLanes<std::uint64_t>(to, from, lanes);
  }
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_SLOT_COPY_H_
