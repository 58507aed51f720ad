#ifndef NODECUDA_SIMULATOR_EXEC_TEXTURE_SURFACE_OPS_H_
#define NODECUDA_SIMULATOR_EXEC_TEXTURE_SURFACE_OPS_H_

#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

// suld, sust and sured, as a WarpHandler.
bool RunSurface(const Instruction& in, WarpContext& context, LaneMask mask);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TEXTURE_SURFACE_OPS_H_
