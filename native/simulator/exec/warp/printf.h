#ifndef NODECUDA_SIMULATOR_EXEC_WARP_PRINTF_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_PRINTF_H_

#include "simulator/exec/code/instruction.h"

// The functions that device code calls and that have no body: vprintf, which printf in CUDA C++
// becomes, and __assertfail. What they print goes to the launch's FIFO.
namespace nodecuda::simulator {

// slot[0]: result; slot[1]: format; slot[2]: where the arguments are, each aligned to its size.
WarpHandler PrintfHandler();

// Faults, with what CUDA prints. listed: message, file, line, function, %ctaid.xyz, %tid.xyz.
WarpHandler AssertHandler();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_PRINTF_H_
