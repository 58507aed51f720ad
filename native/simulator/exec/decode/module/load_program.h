#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_MODULE_LOAD_PROGRAM_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_MODULE_LOAD_PROGRAM_H_

#include <memory>
#include <string>
#include <string_view>

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/code/kernel.h"
#include "simulator/memory/device_memory.h"

namespace nodecuda::simulator {

class ModuleCode;

// Gives the code's variables their places in `memory`, which must outlive the program. Null, with
// *failure filled, if there is no room.
std::shared_ptr<const Program> BindProgram(std::shared_ptr<const ModuleCode> code,
                                           DeviceMemory& memory, LoadFailure* failure);

// Parses the text but for the bodies of its kernels, makes its code and binds that. Text that is
// not PTX is kInvalidPtx.
std::shared_ptr<const Program> LoadProgram(std::string_view text, int capability, Isa isa,
                                           DeviceMemory& memory, LoadFailure* failure);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_MODULE_LOAD_PROGRAM_H_
