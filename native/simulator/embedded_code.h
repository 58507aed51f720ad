#ifndef NODECUDA_SIMULATOR_EMBEDDED_CODE_H_
#define NODECUDA_SIMULATOR_EMBEDDED_CODE_H_

#include <memory>

#include "runtime/runtime.h"
#include "simulator/exec/decode/module/load_program.h"

namespace nodecuda::simulator {

// The code of an image that is part of the binary, made once a process for each capability and
// kept: all simulated devices share it, whichever runtime or JavaScript environment they belong to.
// Its kernels are decoded at their first use. Any thread may call. Null, with *failure filled, on
// failure, which is not remembered.
std::shared_ptr<const ModuleCode> EmbeddedCode(const PtxImage& image, int capability,
                                               LoadFailure* failure);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EMBEDDED_CODE_H_
