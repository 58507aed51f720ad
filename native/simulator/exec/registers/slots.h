#ifndef NODECUDA_SIMULATOR_EXEC_REGISTERS_SLOTS_H_
#define NODECUDA_SIMULATOR_EXEC_REGISTERS_SLOTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "simulator/exec/code/draft.h"
#include "simulator/exec/registers/liveness.h"

// Gives every register of a function its place in the warp's register file. Registers that are
// never live at the same time share one, because a file that fits the first-level cache is what
// makes register tiles fast.
namespace nodecuda::simulator {

// Registers of one width lie together in the file: lanes may be in different functions, and must
// not meet in slots that overlap. Widest first, so that every slot of 64 bytes or more is 64-byte
// aligned; predicates last.
inline constexpr RegisterWidth kWidths[] = {8, 4, 2, 1, 0};
inline constexpr std::size_t kWidthCount = 5;
using WidthBytes = std::array<std::size_t, kWidthCount>;  // by index in kWidths
inline constexpr std::size_t WidthIndex(RegisterWidth width) {
  return static_cast<std::size_t>(std::find(kWidths, kWidths + kWidthCount, width) - kWidths);
}

struct SlotPlan {
  // One per register, within its width's part of the file; kNoSlot for one that is never used.
  std::vector<std::uint32_t> offsets;
  WidthBytes bytes = {};
};

SlotPlan PlanSlots(std::span<const RegisterWidth> widths, std::span<const LiveInterval> intervals,
                   bool share);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_REGISTERS_SLOTS_H_
