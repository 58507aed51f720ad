#ifndef NODECUDA_SIMULATOR_EXEC_DEBUG_REGISTERS_H_
#define NODECUDA_SIMULATOR_EXEC_DEBUG_REGISTERS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "simulator/exec/code/program.h"

// The registers that PTX names, in the file of a warp.
namespace nodecuda::simulator {

struct RegisterBits {
  std::uint64_t low = 0, high = 0;  // high: of 128 bits
};

RegisterBits ReadRegister(const RegisterNote& note, const std::byte* file, int lane);

// Those that the function at `pc` uses, each name once: of registers of the same name, as scopes
// have them, the one that is in use there.
std::vector<const RegisterNote*> RegistersAt(const DecodedKernel& kernel, std::uint32_t pc);
// One of these; null if there is none of that name.
const RegisterNote* FindRegister(const DecodedKernel& kernel, std::string_view name,
                                 std::uint32_t pc);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DEBUG_REGISTERS_H_
