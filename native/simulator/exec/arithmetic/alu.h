#ifndef NODECUDA_SIMULATOR_EXEC_ARITHMETIC_ALU_H_
#define NODECUDA_SIMULATOR_EXEC_ARITHMETIC_ALU_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

// The best one this CPU and operating system support; NODECUDA_SIMULATOR_ISA (baseline, avx2,
// avx512) lowers the choice.
Isa DetectIsa();
const char* IsaName(Isa isa);

// How the decoder has to bind the operands of an arithmetic instruction.
struct AluChoice {
  AluHandler handler = nullptr;
  std::int64_t offset = 0;  // for Instruction::offset
  int destinations = 0;     // how many of `types`, from the front, are written
  // One entry a slot, vectors and pairs flattened: the type an immediate in this place is encoded
  // as. A register in this place must be as wide as `widths` told.
  std::vector<ptx::Type> types;
};

// Whether the instruction reads or writes the threads' carry flag (add.cc, madc and so on). It is a
// predicate slot that the decoder owns, one a function: for such an instruction it follows the
// operands, as a last entry of `operand_bytes` (4) and of Instruction::slot, read and written.
bool UsesCarry(const ptx::Instruction& instruction);

// Finds the handler of an instruction that moves no memory and no control: arithmetic, logic,
// comparison, conversion, selection, mov of values (also packing and unpacking vectors).
// `operand_bytes` has one entry per flattened operand: the bytes per lane of the register bound
// there (1 for b8, 4 for a predicate mask), or 0 where the operand is an immediate, a special
// register or a symbol, whose slot is then made as wide as the type in `types` says.
// Returns nullopt, with the reason in *why, for a mnemonic it does not know or operands that do
// not fit it; *why is empty when the base opcode is not an arithmetic one at all.
std::optional<AluChoice> SelectAlu(const ptx::Instruction& instruction,
                                   std::span<const std::size_t> operand_bytes, Isa isa,
                                   std::string* why);

struct MemoryShape;  // isa/table.h
// Null for a shape that is rare.
MemoryHandler SelectAccess(const MemoryShape& shape, Isa isa);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_ARITHMETIC_ALU_H_
