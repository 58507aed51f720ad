#ifndef NODECUDA_SIMULATOR_EXEC_WARP_MEMORY_OPS_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_MEMORY_OPS_H_

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/memory/memory_view.h"

namespace nodecuda::simulator {

// Runs a kLoad or kStore for the lanes of `mask`, at least one. False when an access is out of
// bounds, misaligned or in the wrong space: view.fault() then tells which, and no lane has moved.
bool RunAccess(const Instruction& in, std::byte* file, LaneMask mask, MemoryView& view);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_MEMORY_OPS_H_
