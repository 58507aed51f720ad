#ifndef NODECUDA_SIMULATOR_EXEC_TEXTURE_TEXTURE_OPS_H_
#define NODECUDA_SIMULATOR_EXEC_TEXTURE_TEXTURE_OPS_H_

#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

// tex and tld4, txq, suq, as WarpHandlers.
bool RunFetch(const Instruction& in, WarpContext& context, LaneMask mask);
bool RunTextureQuery(const Instruction& in, WarpContext& context, LaneMask mask);
bool RunSurfaceQuery(const Instruction& in, WarpContext& context, LaneMask mask);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TEXTURE_TEXTURE_OPS_H_
