#ifndef NODECUDA_SIMULATOR_EXEC_WARP_HEAP_OPS_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_HEAP_OPS_H_

#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

// malloc and free in a kernel, as WarpHandlers.
bool RunMalloc(const Instruction& in, WarpContext& context, LaneMask mask);  // address, bytes
bool RunFree(const Instruction& in, WarpContext& context, LaneMask mask);    // address

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_HEAP_OPS_H_
