#ifndef NODECUDA_SIMULATOR_EXEC_DEBUG_REGISTERS_H_
#define NODECUDA_SIMULATOR_EXEC_DEBUG_REGISTERS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "simulator/exec/code/program.h"

// The registers that PTX names, in the file of a warp.
namespace nodecuda::simulator {

class BlockRunner;

struct RegisterBits {
  std::uint64_t low = 0, high = 0;  // high: of 128 bits
};

RegisterBits ReadRegister(const RegisterNote& note, const std::byte* file, int lane);

// Those that the function at `pc` uses, each name once: of registers of the same name, as scopes
// have them, the one that is in use there.
std::vector<const RegisterNote*> RegistersAt(const DecodedKernel& kernel, std::uint32_t pc);
// False for a name that is no register which the lane's code declares and uses.
bool WriteRegister(BlockRunner& block, std::uint32_t pc, int warp, int lane, std::string_view name,
                   const RegisterBits& bits);

struct TypedBits {
  ptx::Type type = ptx::Type::kNone;
  RegisterBits bits;
};
// What a lane that stands at `pc` has in a register of that name, a special one among them, whether
// or not its code reads it; nullopt if there is none.
std::optional<TypedBits> ReadNamed(BlockRunner& block, std::uint32_t pc, int warp, int lane,
                                   std::string_view name);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DEBUG_REGISTERS_H_
