#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_BODY_DECODER_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_BODY_DECODER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/code/lane_constants.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/code/symbols.h"
#include "simulator/exec/decode/call_syntax.h"
#include "simulator/exec/decode/decoder.h"
#include "simulator/exec/registers/control_flow.h"
#include "simulator/exec/registers/slots.h"

// The inside of the decoder: decoder.cc drives it and binds operands, operations.cc and its kin
// have a method for each kind of instruction.
namespace nodecuda::simulator {

struct TextureForm;
struct VideoForm;
struct VoltaMmaForm;
struct WgmmaForm;

inline constexpr std::size_t kMaxRegisterBytes = 8;  // per lane

inline RegisterWidth WidthOf(ptx::Type type) {
  return type == ptx::Type::kPred ? RegisterWidth{0} : static_cast<RegisterWidth>(SizeOf(type));
}

ptx::Operand IntegerOperand(std::uint64_t bits);

// The operands of an instruction with vectors and pairs taken apart.
std::vector<const ptx::Operand*> FlattenOperands(const ptx::Instruction& instruction);

// Turns a body into draft instructions, then into code. The methods that can fail return false and
// leave the reason in why_.
class BodyDecoder {
 public:
  // A call, and the instruction of the draft that makes it.
  struct DraftCall {
    std::size_t instruction = 0;
    CallSite site;
    Signature signature;
    bool saves = false;  // it may lead back here: set by whoever knows
  };

  // `number` is the function's in the module; `stack` is the constant that is the stack pointer,
  // kNoSlot if there is no stack.
  BodyDecoder(const ptx::Function& function, std::uint32_t number, std::uint32_t stack,
              bool on_stack, const ModuleSymbols& module, const FunctionSymbols& symbols,
              const DecodeOptions& options, ConstantPool& constants)
      : function_(function),
        number_(number),
        module_(module),
        symbols_(symbols),
        options_(options),
        stack_(stack),
        frame_(on_stack ? stack : kNoSlot),
        constants_(constants) {
    for (const ptx::Register& reg : function.registers)
      widths_.push_back(reg.type == ptx::Type::kB128 ? RegisterWidth{8} : WidthOf(reg.type));
    for (std::size_t i = 0; i < function.registers.size(); ++i)
      if (function.registers[i].type == ptx::Type::kB128)
        high_halves_[static_cast<int>(i)] = AddTemporary(8);
  }

  // Whether the function moves the stack pointer itself.
  static bool AllocatesStack(const ptx::Function& function);

  bool Decode(std::string* why);
  std::vector<DraftCall>& calls() { return calls_; }
  // What the registers take, in each width's part of the file.
  const WidthBytes& PlanRegisters();
  // Appends the code, whose registers begin at `bases` and whose lane constants are the kernel's.
  // `places` gives each slot that a call saves its place.
  void Finish(const WidthBytes& bases, std::map<std::uint32_t, std::uint32_t>* places,
              DecodedKernel* kernel);

 private:
  bool CheckGuard(const ptx::Instruction& instruction);
  bool DecodeInstruction(const ptx::Instruction& instruction);
  bool DecodeMemory(const ptx::Instruction& instruction, bool is_store);
  bool DecodeBranch(const ptx::Instruction& instruction);
  bool DecodeBarrier(const ptx::Instruction& instruction);
  bool DecodeExchange(const ptx::Instruction& instruction);
  bool DecodeMatrixMove(const ptx::Instruction& instruction);
  bool DecodeInstead(std::vector<std::string_view> parts, std::vector<ptx::Operand> operands);
  bool DecodeSystem(const ptx::Instruction& instruction, bool* known);
  bool DecodeIsSpace(const ptx::Instruction& instruction);
  bool DecodeCacheHint(const ptx::Instruction& instruction);
  bool DecodeCreatePolicy(const ptx::Instruction& instruction);
  bool DecodeFence(const ptx::Instruction& instruction);
  bool DecodeSetMaxRegisters(const ptx::Instruction& instruction);
  bool DecodeTableBranch(const ptx::Instruction& instruction);
  bool DecodeSpecialVector(const ptx::Instruction& instruction);
  bool DecodeCall(const ptx::Instruction& instruction);
  bool DecodeBuiltin(const Call& call);  // those of IsBuiltin
  bool DecodeHeap(const Call& call, bool allocates);
  bool DecodePrintf(const Call& call);
  bool DecodeAssert(const Call& call);
  bool TakesAndGives(const Call& call, std::span<const ptx::Type> arguments,
                     std::span<const ptx::Type> results);
  bool MovePassed(const ptx::Operand& passed, ptx::Type type, std::uint32_t reg, bool is_store);
  std::vector<FrameVariable> PlacesOf(const ptx::Operand* list) const;
  bool DecodeReturn();
  bool KeepFrame();
  bool MoveWord(std::uint32_t to, std::uint32_t from);
  bool DecodeStack(const ptx::Instruction& instruction);
  bool DecodeWithoutSync(const ptx::Instruction& instruction);
  bool DecodeMma(const ptx::Instruction& instruction);
  bool DecodeVoltaMma(const ptx::Instruction& instruction, const VoltaMmaForm& form);
  bool HasFragments(const ptx::Instruction& instruction);
  bool DecodeWmma(const ptx::Instruction& instruction);
  bool DecodeWmmaMove(const ptx::Instruction& instruction);
  bool DecodeCopyAsync(const ptx::Instruction& instruction);
  bool DecodeAsyncCopy(const ptx::Instruction& instruction);
  bool DecodeAtomic(const ptx::Instruction& instruction);
  bool DecodeTexture(const ptx::Instruction& instruction);
  bool DecodeCvta(const ptx::Instruction& instruction);

  // What is wider than 64 bits or four elements (memory/wide.cc).
  bool IsWide(const ptx::Operand& operand) const;
  bool UsesWide(const ptx::Instruction& instruction) const;
  ptx::Operand HalfOf(const ptx::Operand& wide, bool high) const;
  ptx::Operand HalvesOf(const ptx::Operand& wide) const;
  bool DecodeWide(const ptx::Instruction& instruction);
  bool DecodeBulkStore(const ptx::Instruction& instruction);
  bool DecodeAsyncStore(const ptx::Instruction& instruction);
  bool DecodeWideMove(const std::vector<ptx::Operand>& operands);
  bool DecodeWideAtomic(const ptx::Instruction& instruction);
  bool DecodeVectorOfEight(const ptx::Instruction& instruction, bool is_store);
  bool DecodeVectorAtomic(const ptx::Instruction& instruction, std::string_view name,
                          MemoryForm form, std::size_t operand_count);
  bool DecodeAlu(const ptx::Instruction& instruction);
  bool IsCopy(const DraftInstruction& draft) const;
  std::optional<AluChoice> SelectFlushing(const ptx::Instruction& instruction,
                                          std::span<const std::size_t> bytes) const;

  // Instructions that are arithmetic, but no row of the table of handlers (arithmetic/).
  bool DecodeComposed(const ptx::Instruction& instruction, bool* known);
  bool DecodeSet(const ptx::Instruction& instruction);
  bool DecodeSetBoth(const ptx::Instruction& instruction);
  bool DecodeLogicTest(const ptx::Instruction& instruction);
  bool DecodeVideo(const ptx::Instruction& instruction, const VideoForm& form);
  bool SplitHalves(const ptx::Operand& whole, ptx::Operand (&halves)[2]);
  ptx::Operand Temporary(RegisterWidth width);

  // What runs as Operation::kAsync, and what goes with it (async/).
  static bool IsAsync(const ptx::Instruction& instruction);
  bool DecodeAsync(const ptx::Instruction& instruction);
  bool DecodeMbarrier(const ptx::Instruction& instruction);
  bool DecodeCopyArrive(const ptx::Instruction& instruction);
  bool DecodeClusterBarrier(const ptx::Instruction& instruction);
  bool DecodeMapa(const ptx::Instruction& instruction);
  bool DecodeBulkGroup(const ptx::Instruction& instruction);
  bool DecodeBulkCopy(const ptx::Instruction& instruction);
  bool DecodeBulkPrefetch(const ptx::Instruction& instruction);
  bool DecodeLinearCopy(const ptx::Instruction& instruction, bool loads, ptx::Space destination,
                        ptx::Space source, std::uint32_t reduction);
  bool DecodeTensorCopy(const ptx::Instruction& instruction, bool loads, std::uint32_t reduction);
  bool DecodeTensorMap(const ptx::Instruction& instruction);
  bool DecodeMapReplace(const ptx::Instruction& instruction);
  bool DecodeMapCopy(const ptx::Instruction& instruction);
  bool DecodeWgmma(const ptx::Instruction& instruction);
  bool ParseWgmma(const ptx::Instruction& instruction, WgmmaForm* form);
  bool DecodeWgmmaProduct(const ptx::Instruction& instruction);
  bool BindWholeAddress(const ptx::Operand& operand, ptx::Space space, std::uint32_t* slot);
  bool BindValue(const ptx::Operand& operand, ptx::Type type, std::uint32_t* slot);
  bool BindValueSlot(const ptx::Operand& operand, ptx::Type type, int slot,
                     DraftInstruction* draft);
  bool BindAddressSlot(const ptx::Operand& operand, ptx::Space space, int slot,
                       DraftInstruction* draft);
  bool BindResultSlot(const ptx::Operand& operand, RegisterWidth width, int slot,
                      DraftInstruction* draft);
  bool BindTensor(const ptx::Operand& map, std::size_t rank, DraftInstruction* draft);
  bool BindCopyTail(const ptx::Instruction& instruction, std::size_t from, int mask_slot,
                    DraftInstruction* draft);
  bool BindCount(const ptx::Instruction& instruction, std::int64_t* count);

  bool BindAddress(const ptx::Operand& operand, ptx::Space space, std::uint32_t* slot,
                   std::int64_t* offset, bool* wide);
  bool BindAddress(const ptx::Operand& operand, ptx::Space space, Instruction* in, bool* wide) {
    return BindAddress(operand, space, &in->slot[kAddressSlot], &in->offset, wide);
  }
  // constant_registers.cc
  void FindConstantRegisters();
  bool MakesConstant(const ptx::Instruction& instruction) const;
  std::uint32_t ConstantOf(const ptx::Instruction& instruction,
                           std::span<const ptx::Operand> written, std::size_t index);
  std::uint32_t ConstantOfParameter(const ptx::Instruction& instruction, std::size_t count,
                                    std::size_t index, RegisterWidth width);
  // What stands for a register where it is read.
  std::uint32_t SlotOf(const ptx::Operand& reg) const;

  // The number of the register or constant an operand stands for.
  bool BindSource(const ptx::Operand& operand, ptx::Type type, RegisterWidth width,
                  std::uint32_t* slot);
  bool BindDestination(const ptx::Operand& operand, RegisterWidth width, std::uint32_t* slot);
  bool BindOperand(const ptx::Operand& operand, ptx::Type type, bool is_destination,
                   std::uint32_t* slot);
  bool BindOperands(std::span<const ptx::Operand* const> flat, std::span<const ptx::Type> types,
                    int destinations, DraftInstruction* draft);
  bool IsCallParameter(const ptx::Operand& address) const;
  bool CheckCachePolicy(const ptx::Operand& operand) const;
  bool CheckSparsitySelector(const ptx::Operand& operand, int count);
  bool BindList(const ptx::Operand& operand, ptx::Type type, int count, bool is_destination,
                DraftInstruction* draft);
  bool BindCoordinates(const ptx::Operand& operand, const TextureForm& form,
                       DraftInstruction* draft);
  bool FindSymbol(const ptx::Operand& operand, Symbol* symbol);
  bool NegatePredicate(std::uint32_t* slot);
  std::uint32_t AddTemporary(RegisterWidth width);
  bool AddFrame(std::uint64_t distance, std::uint32_t* slot);

  DraftInstruction Start(Operation operation) const;
  void Emit(const DraftInstruction& draft);
  void EmitSimple(Operation operation) { Emit(Start(operation)); }
  bool Fail(std::string reason) {
    why_ = std::move(reason);
    return false;
  }
  void LeaveOutCopies();
  void NoteRegisters(std::uint32_t begin, DecodedKernel* kernel) const;
  void NoteVariables(std::uint32_t begin, std::uint32_t frame, DecodedKernel* kernel) const;
  void SaveRegisters(DraftCall& call, std::map<std::uint32_t, std::uint32_t>* places,
                     DecodedKernel* kernel);

  const ptx::Function& function_;
  const std::uint32_t number_;
  const ModuleSymbols& module_;
  const FunctionSymbols& symbols_;
  const DecodeOptions& options_;
  const ptx::Instruction* current_ = nullptr;
  std::vector<RegisterWidth> widths_;       // of the registers, then of the temporaries
  std::vector<std::uint32_t> constant_of_;  // of the registers; kNoSlot as a rule
  // Of registers of 128 bits, which hold their low halves.
  std::map<int, std::uint32_t> high_halves_;
  std::uint32_t carry_ = kNoSlot;  // the register that holds the carry flags, once needed
  const std::uint32_t stack_;
  std::uint32_t frame_;                 // what places in the frame are relative to, or kNoSlot
  std::uint32_t kept_stack_ = kNoSlot;  // the register that holds the stack pointer of the entry
  ConstantPool& constants_;
  std::vector<DraftInstruction> code_;
  std::vector<DraftCall> calls_;
  std::vector<LiveInterval> intervals_;
  SlotPlan plan_;
  std::vector<std::string_view> mnemonics_;
  std::vector<InstructionNotes> notes_;
  const ptx::Instruction* noted_ = nullptr;  // whose the last of them is
  std::string why_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_BODY_DECODER_H_
