#ifndef NODECUDA_SIMULATOR_EXEC_MATRIX_VOLTA_MMA_H_
#define NODECUDA_SIMULATOR_EXEC_MATRIX_VOLTA_MMA_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <string>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// mma.m8n8k4 of f16, which is four products: each of four lanes of the lower half of the warp, and
// the four that lie as they do in the upper half.
namespace nodecuda::simulator {

struct VoltaMmaForm {
  bool a_by_columns, b_by_columns;
  bool d_half, c_half;  // f16, not f32
  std::uint8_t unused[4];

  static constexpr int kRegisters = 2;  // of a and b
  int d_registers() const { return d_half ? 4 : 8; }
  int c_registers() const { return c_half ? 4 : 8; }

  // Instruction::offset holds it.
  std::int64_t Packed() const { return std::bit_cast<std::int64_t>(*this); }
  static VoltaMmaForm Of(const Instruction& in) { return std::bit_cast<VoltaMmaForm>(in.offset); }
};

// nullopt: it is another mma, or *why tells what is wrong with it.
std::optional<VoltaMmaForm> ParseVoltaMma(const ptx::Instruction& instruction, std::string* why);

// The operand list has the registers of d, a, b and c.
WarpHandler VoltaMmaHandler();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MATRIX_VOLTA_MMA_H_
