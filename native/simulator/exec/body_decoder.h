#ifndef NODECUDA_SIMULATOR_EXEC_BODY_DECODER_H_
#define NODECUDA_SIMULATOR_EXEC_BODY_DECODER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/exec/decoder.h"
#include "simulator/exec/lane_constants.h"
#include "simulator/exec/program.h"
#include "simulator/exec/slots.h"
#include "simulator/exec/symbols.h"
#include "simulator/ptx/ast.h"

// The inside of the decoder: decoder.cc drives it and binds operands, decode_operations.cc has a
// method for each kind of instruction.
namespace nodecuda::simulator {

inline constexpr std::size_t kMaxRegisterBytes = 8;  // per lane

inline RegisterWidth WidthOf(ptx::Type type) {
  return type == ptx::Type::kPred ? RegisterWidth{0} : static_cast<RegisterWidth>(SizeOf(type));
}

// Turns a body into draft instructions, then into code. The methods that can fail return false and
// leave the reason in why_.
class BodyDecoder {
 public:
  BodyDecoder(const ptx::Function& function, const FunctionSymbols& symbols,
              const DecodeOptions& options)
      : function_(function), symbols_(symbols), options_(options) {
    for (const ptx::Register& reg : function.registers) widths_.push_back(WidthOf(reg.type));
  }

  bool Decode(DecodedKernel* kernel, std::string* why);

 private:
  bool CheckGuard(const ptx::Instruction& instruction);
  bool DecodeInstruction(const ptx::Instruction& instruction);
  bool DecodeMemory(const ptx::Instruction& instruction, bool is_store);
  bool DecodeBranch(const ptx::Instruction& instruction);
  bool DecodeBarrier(const ptx::Instruction& instruction);
  bool DecodeCvta(const ptx::Instruction& instruction);
  bool DecodeAlu(const ptx::Instruction& instruction);

  bool BindAddress(const ptx::Operand& operand, ptx::Space space, Instruction* in, bool* wide);
  // The number of the register or constant an operand stands for.
  bool BindSource(const ptx::Operand& operand, ptx::Type type, RegisterWidth width,
                  std::uint32_t* slot);
  bool FindSymbol(const ptx::Operand& operand, Symbol* symbol);
  bool NegatePredicate(std::uint32_t* slot);
  std::uint32_t AddTemporary(RegisterWidth width);

  DraftInstruction Start(Operation operation) const;
  void Emit(const DraftInstruction& draft);
  void EmitSimple(Operation operation) { Emit(Start(operation)); }
  bool Fail(std::string reason) {
    why_ = std::move(reason);
    return false;
  }
  void Finish(DecodedKernel* kernel);

  const ptx::Function& function_;
  const FunctionSymbols& symbols_;
  const DecodeOptions& options_;
  const ptx::Instruction* current_ = nullptr;
  std::vector<RegisterWidth> widths_;  // of the registers, then of the temporaries
  std::uint32_t carry_ = kNoSlot;      // the register that holds the carry flags, once needed
  ConstantPool constants_;
  std::vector<DraftInstruction> code_;
  std::vector<std::string_view> mnemonics_;
  std::string why_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BODY_DECODER_H_
