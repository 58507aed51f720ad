#ifndef NODECUDA_SIMULATOR_EXEC_TOUCH_ACCESS_H_
#define NODECUDA_SIMULATOR_EXEC_TOUCH_ACCESS_H_

#include <cstdint>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/memory/memory_view.h"
#include "simulator/exec/touch/traits.h"

namespace nodecuda::simulator {

// What one lane is about to read or write.
struct Access {
  int lane = 0;
  ptx::Space space = ptx::Space::kGlobal;  // kGlobal, kShared or kLocal
  std::uint64_t address = 0;  // in shared memory: relative to that of the block of `rank`
  std::uint32_t bytes = 0;
  int rank = 0;
  bool is_write = false;
  // Where a store takes its value from and a load puts it; kNoSlot where that is not known.
  std::uint32_t value_slot = kNoSlot, value_bytes = 0;
  LaneMask value_lanes = 0;  // of a load: whose registers get it
};

// Lists what the lanes are about to touch, without what faults. `rank` is the block's own.
void ListAccesses(const Instruction& in, const Traits& traits, const std::byte* file,
                  LaneMask lanes, int rank, MemoryView& view, std::vector<Access>* accesses);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TOUCH_ACCESS_H_
