#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_LOAD_PROGRAM_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_LOAD_PROGRAM_H_

#include <memory>
#include <string>
#include <string_view>

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/code/kernel.h"
#include "simulator/memory/device_memory.h"

namespace nodecuda::simulator {

struct LoadFailure {
  Status status = Status::kSuccess;
  std::string log;  // for people; names line and mnemonic
};

// Parses, checks and decodes. `capability` is the device's, 90 for 9.0: a module for a higher
// target, or for an `a` target other than the device's, is kNoKernelImageForDevice; text that is
// not PTX or has an unknown instruction kInvalidPtx; a PTX version above 9.0
// kUnsupportedPtxVersion. Returns null and fills *failure. `memory` must outlive the program.
std::shared_ptr<const Program> LoadProgram(std::string_view ptx, int capability, Isa isa,
                                           DeviceMemory& memory, LoadFailure* failure);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_LOAD_PROGRAM_H_
