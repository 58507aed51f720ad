#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>
#include <utility>

#include "simulator/exec/decode/body_decoder.h"

// Calls of functions, and the way back.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Type;

// Where the .param variables of a list lie, which has been checked.
std::vector<FrameVariable> BodyDecoder::PlacesOf(const Operand* list) const {
  std::vector<FrameVariable> places;
  if (list == nullptr) return places;
  for (const Operand& passed : list->elements) {
    const auto index = static_cast<std::size_t>(passed.variable_index);
    places.push_back({static_cast<std::int64_t>(symbols_.variables[index].address),
                      function_.variables[index].ByteSize()});
  }
  return places;
}

bool BodyDecoder::DecodeCall(const ptx::Instruction& instruction) {
  if (instruction.parts.size() > 2 ||
      (instruction.parts.size() == 2 && instruction.parts[1] != "uni"))
    return Fail("unsupported modifier");
  const Call call = TakeApart(instruction);
  DraftInstruction draft = Start(Operation::kCall);
  DraftCall made;
  if (call.is_indirect()) {
    if (!BindOperand(*call.function, Type::kU64, false, &draft.in.slot[0])) return false;
    draft.used |= 1;
    made.signature = SignatureOf(call, function_.variables);
  } else {
    const auto callee = module_.functions.find(call.function->name);
    if (callee == module_.functions.end() || !module_.defined[callee->second])
      return DecodeBuiltin(call);
    made.site.callee = static_cast<std::uint32_t>(callee->second);
  }
  if (frame_ != kNoSlot) {
    draft.in.slot[kFrameSlot] = frame_;
    draft.used |= 1u << kFrameSlot;
  }
  made.site.arguments = PlacesOf(call.arguments);
  made.site.results = PlacesOf(call.results);
  made.instruction = code_.size();
  calls_.push_back(std::move(made));
  Emit(draft);
  return true;
}

bool BodyDecoder::AllocatesStack(const ptx::Function& function) {
  return std::ranges::any_of(function.body, [](const ptx::Instruction& instruction) {
    return !instruction.parts.empty() && IsStackOperation(instruction.parts[0]);
  });
}

// At the start: the frame is where the stack pointer was then, which is where it must be again when
// the function returns.
bool BodyDecoder::KeepFrame() {
  if (function_.is_entry || !AllocatesStack(function_)) return true;
  kept_stack_ = AddTemporary(8);
  if (frame_ != kNoSlot) frame_ = kept_stack_;
  return MoveWord(kept_stack_, stack_);
}

bool BodyDecoder::MoveWord(std::uint32_t to, std::uint32_t from) {
  const std::string_view parts[] = {"mov", "b64"};
  ptx::Instruction move;
  move.mnemonic = "mov.b64";
  move.parts.assign(std::begin(parts), std::end(parts));
  move.operands.resize(2);
  for (Operand& operand : move.operands) operand.kind = Operand::Kind::kRegister;
  const std::size_t bytes[] = {8, 8};
  const std::optional<AluChoice> choice = SelectAlu(move, bytes, options_.isa, &why_);
  if (!choice) return false;
  const bool guarded = current_ != nullptr && current_->guard >= 0;
  DraftInstruction draft = Start(guarded ? Operation::kGuardedAlu : Operation::kAlu);
  draft.in.alu = choice->handler;
  draft.in.slot[0] = to;
  draft.in.slot[1] = from;
  draft.defined = 1;
  draft.used = 2;
  Emit(draft);
  return true;
}

// alloca.u64 address, bytes, alignment; stacksave.u64 place; stackrestore.u64 place. The alignment
// may be missing.
bool BodyDecoder::DecodeStack(const ptx::Instruction& instruction) {
  const std::string_view base = instruction.parts[0];
  const std::vector<Operand>& operands = instruction.operands;
  const bool allocates = base == "alloca";
  if (instruction.parts.size() != 2 || instruction.parts[1] != "u64" ||
      operands.size() < (allocates ? 2u : 1u) || operands.size() > (allocates ? 3u : 1u))
    return Fail("unsupported form");
  if (base == "stacksave") {
    std::uint32_t place = 0;
    return BindOperand(operands[0], Type::kU64, true, &place) && MoveWord(place, stack_);
  }
  DraftInstruction draft = Start(allocates ? Operation::kAllocateStack : Operation::kRestoreStack);
  draft.in.offset = 8;
  if (operands.size() == 3) {
    const Operand& alignment = operands[2];
    if (alignment.kind != Operand::Kind::kInteger || !std::has_single_bit(alignment.bits) ||
        alignment.bits > kMaxStackBytes)
      return Fail("the alignment must be a power of two");
    draft.in.offset = static_cast<std::int64_t>(alignment.bits);
  }
  for (std::size_t i = 0; i < (allocates ? 2 : 1); ++i) {
    const bool is_result = allocates && i == 0;
    if (!BindOperand(operands[i], Type::kU64, is_result, &draft.in.slot[i])) return false;
    (is_result ? draft.defined : draft.used) |= static_cast<std::uint8_t>(1u << i);
  }
  Emit(draft);
  return true;
}

bool BodyDecoder::DecodeReturn() {
  if (kept_stack_ != kNoSlot && !MoveWord(stack_, kept_stack_)) return false;
  DraftInstruction draft = Start(function_.is_entry ? Operation::kExit : Operation::kReturn);
  draft.in.target = number_;
  draft.ends = true;
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
