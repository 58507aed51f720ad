#include <bit>
#include <optional>
#include <utility>

#include "simulator/exec/arithmetic/exchange.h"
#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/memory_syntax.h"
#include "simulator/exec/decode/unsupported.h"
#include "simulator/exec/texture/texture_form.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

// Whether an address is one of a parameter that lies in local memory: of a call, or of a function.
bool BodyDecoder::IsCallParameter(const Operand& address) const {
  if (address.elements.size() != 1) return false;
  if (address.elements[0].kind == Operand::Kind::kRegister) return !function_.is_entry;
  const Symbol* symbol = symbols_.Find(address.elements[0]);
  return symbol != nullptr && symbol->space == Space::kLocal;
}

bool BodyDecoder::DecodeMemory(const ptx::Instruction& instruction, bool is_store) {
  MemorySyntax syntax;
  if (!ParseMemoryMnemonic(instruction, &syntax, &why_)) return false;
  if (syntax.vector_log2 == 3) return DecodeVectorOfEight(instruction, is_store);
  if (instruction.operands.size() != (syntax.has_policy ? 3 : 2) ||
      (syntax.has_policy && !CheckCachePolicy(instruction.operands[2])))
    return Fail("wrong number of operands");
  const Operand& address = instruction.operands[is_store ? 0 : 1];
  if (syntax.space == Space::kParam && IsCallParameter(address)) syntax.space = Space::kLocal;
  if (is_store && (syntax.space == Space::kParam || syntax.space == Space::kConst))
    return Fail("this state space is read-only");
  const Operand& data = instruction.operands[is_store ? 1 : 0];

  std::vector<Operand> elements =
      data.kind == Operand::Kind::kVector ? data.elements : std::vector<Operand>{data};
  if (elements.size() != std::size_t{1} << syntax.vector_log2)
    return Fail("the number of elements does not match the vector length");

  DraftInstruction draft = Start(is_store ? Operation::kStore : Operation::kLoad);
  MemoryForm form;
  form.space = syntax.space;
  form.vector_log2 = syntax.vector_log2;
  const std::size_t element_bytes = SizeOf(syntax.type);
  form.element_log2 = static_cast<unsigned>(std::countr_zero(element_bytes));
  form.is_signed = syntax.type == Type::kS8 || syntax.type == Type::kS16 ||
                   syntax.type == Type::kS32 || syntax.type == Type::kS64;

  RegisterWidth width = static_cast<RegisterWidth>(element_bytes);
  for (const Operand& element : elements)
    if (element.kind == Operand::Kind::kRegister)
      width = widths_[static_cast<std::size_t>(element.register_index)];
  if (width < element_bytes) return Fail("a register is narrower than the element");
  form.register_log2 = static_cast<unsigned>(std::countr_zero(unsigned{width}));

  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Operand& element = elements[i];
    std::uint32_t* slot = &draft.in.slot[i];
    if (element.kind == Operand::Kind::kRegister) {
      if (widths_[static_cast<std::size_t>(element.register_index)] != width)
        return Fail("the registers differ in width");
      *slot = is_store ? SlotOf(element) : static_cast<std::uint32_t>(element.register_index);
    } else if (!is_store && element.kind == Operand::Kind::kDiscard) {
      *slot = AddTemporary(width);
    } else if (!is_store) {
      return Fail("a destination must be a register");
    } else if (!BindSource(element, syntax.type, width, slot)) {
      return false;
    }
    (is_store ? draft.used : draft.defined) |= static_cast<std::uint8_t>(1u << i);
  }
  if (!BindAddress(address, syntax.space, &draft.in, &form.wide_address)) return false;
  draft.used |= 1u << kAddressSlot;
  form.PackInto(draft.in.detail);
  draft.in.memory = SelectAccess(
      {static_cast<int>(element_bytes), width, 1 << form.vector_log2, form.is_signed, is_store},
      options_.isa);

  if (syntax.fence_before) EmitSimple(Operation::kFence);
  Emit(draft);
  if (syntax.fence_after) EmitSimple(Operation::kFence);
  return true;
}

bool BodyDecoder::DecodeBranch(const ptx::Instruction& instruction) {
  if (instruction.parts.size() > 2 ||
      (instruction.parts.size() == 2 && instruction.parts[1] != "uni"))
    return Fail("unsupported modifier");
  if (instruction.operands.size() != 1 || instruction.operands[0].kind != Operand::Kind::kLabel)
    return Fail("a label is needed");
  if (instruction.operands[0].bits > function_.body.size()) return Fail("unknown label");
  DraftInstruction draft = Start(Operation::kBranch);
  draft.is_branch = true;
  draft.in.target = static_cast<std::uint32_t>(instruction.operands[0].bits);  // Decode translates
  Emit(draft);
  return true;
}

bool BodyDecoder::DecodeBarrier(const ptx::Instruction& instruction) {
  // bar{.cta}.sync, barrier{.cta}.sync{.aligned}, the same with arrive and red, and bar.warp.sync.
  const bool is_bar = instruction.parts[0] == "bar";
  bool warp = false, aligned = is_bar;
  std::optional<Operation> operation;
  std::optional<Reduction> reduction;
  Type result = Type::kNone;
  for (std::size_t i = 1; i < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (part == "warp" && is_bar && i == 1) {
      warp = true;
    } else if (part == "cta" && i == 1) {
      // There are no others of this kind.
    } else if ((part == "sync" || part == "arrive" || part == "red") && !operation) {
      operation = part == "sync"     ? Operation::kBarrierSync
                  : part == "arrive" ? Operation::kBarrierArrive
                                     : Operation::kBarrierReduce;
    } else if ((part == "and" || part == "or" || part == "popc") && operation && !reduction) {
      reduction = part == "and"  ? Reduction::kAnd
                  : part == "or" ? Reduction::kOr
                                 : Reduction::kCount;
    } else if ((part == "pred" || part == "u32") && i + 1 == instruction.parts.size()) {
      result = ptx::TypeFromName(part);
    } else if (part != "aligned" || !operation || std::exchange(aligned, true)) {
      return Fail("unsupported modifier ." + std::string(part));
    }
  }
  const bool reduces = operation == Operation::kBarrierReduce;
  std::vector<Operand> operands = instruction.operands;
  if (!operation || (warp && operation != Operation::kBarrierSync) ||
      reduces != (result != Type::kNone) || reduces != reduction.has_value() ||
      (reduces && (result == Type::kU32) != (reduction == Reduction::kCount)) ||
      (reduces && operands.size() < 3))
    return Fail("this form of barrier is not supported");
  DraftInstruction draft = Start(warp ? Operation::kWarpSync : *operation);
  draft.in.detail[0] = static_cast<std::uint8_t>(reduction.value_or(Reduction::kCount));
  if (reduces) {
    for (const bool is_result : {false, true}) {
      const Operand& operand = is_result ? operands.front() : operands.back();
      const Type type = is_result ? result : Type::kPred;
      const int slot = is_result ? 3 : 2;
      if (!BindOperand(operand, type, is_result, &draft.in.slot[slot])) return false;
      (is_result ? draft.defined : draft.used) |= static_cast<std::uint8_t>(1u << slot);
    }
    operands.erase(operands.begin());
    operands.pop_back();
  }
  const std::size_t count = operands.size();
  if (count < 1 || count > (warp ? 1 : 2) || (operation == Operation::kBarrierArrive && count != 2))
    return Fail("this form of barrier is not supported");
  for (std::size_t i = 0; i < count; ++i) {
    if (!BindOperand(operands[i], Type::kU32, false, &draft.in.slot[i])) return false;
    draft.used |= static_cast<std::uint8_t>(1u << i);
  }
  Emit(draft);
  return true;
}

bool BodyDecoder::DecodeCvta(const ptx::Instruction& instruction) {
  const Space space = SpaceOfCvta(instruction);
  if (space == Space::kNone || instruction.operands.size() != 2)
    return Fail("unsupported form of cvta");
  const bool to = instruction.parts[1] == "to";
  std::uint64_t window = 0;
  switch (space) {
    case Space::kGlobal:
    case Space::kConst:
      break;
    case Space::kShared:
    case Space::kSharedCluster:
      window = kSharedWindow;
      break;
    case Space::kLocal:
      window = kLocalWindow;
      break;
    case Space::kParam:  // those of a function are local
      window = function_.is_entry ? kParamWindow : kLocalWindow;
      break;
    case Space::kNone:
      break;
  }
  ptx::Instruction plain = instruction;
  if (window == 0) {
    plain.parts = {"mov", "b64"};
    plain.mnemonic = "mov.b64";
  } else {
    plain.parts = {to ? "sub" : "add", "s64"};
    plain.mnemonic = to ? "sub.s64" : "add.s64";
    plain.operands.emplace_back();
    plain.operands.back().kind = Operand::Kind::kInteger;
    plain.operands.back().bits = window;
  }
  return DecodeAlu(plain);
}

bool BodyDecoder::BindDestination(const Operand& operand, RegisterWidth width,
                                  std::uint32_t* slot) {
  if (operand.kind == Operand::Kind::kDiscard) {
    *slot = AddTemporary(width);
    return true;
  }
  if (operand.kind != Operand::Kind::kRegister) return Fail("a destination must be a register");
  *slot = static_cast<std::uint32_t>(operand.register_index);
  return true;
}

// Binds an operand that must be as wide as its type.
bool BodyDecoder::BindOperand(const Operand& operand, Type type, bool is_destination,
                              std::uint32_t* slot) {
  const RegisterWidth width = WidthOf(type);
  if (type == Type::kNone || width > kMaxRegisterBytes)
    return Fail("an operand has a type that is not supported");
  if (operand.kind == Operand::Kind::kRegister) {
    const RegisterWidth actual = widths_[static_cast<std::size_t>(operand.register_index)];
    if ((actual == 0) != (width == 0))
      return Fail("a predicate stands where a value belongs, or the other way round");
    if (actual != width) return Fail("an operand must have " + std::to_string(8 * width) + " bits");
  }
  return is_destination ? BindDestination(operand, width, slot)
                        : BindSource(operand, type, width, slot);
}

// Binds one operand to each slot, from the first on.
bool BodyDecoder::BindOperands(std::span<const Operand* const> flat, std::span<const Type> types,
                               int destinations, DraftInstruction* draft) {
  if (flat.size() != types.size() || flat.size() > kMaxSlots)
    return Fail("wrong number of operands");
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const bool is_destination = static_cast<int>(i) < destinations;
    if (!BindOperand(*flat[i], types[i], is_destination, &draft->in.slot[i])) return false;
    (is_destination ? draft->defined : draft->used) |= static_cast<std::uint8_t>(1u << i);
  }
  return true;
}

std::vector<const Operand*> FlattenOperands(const ptx::Instruction& instruction) {
  std::vector<const Operand*> flat;
  for (const Operand& operand : instruction.operands) {
    if (operand.kind == Operand::Kind::kVector || operand.kind == Operand::Kind::kPair) {
      for (const Operand& element : operand.elements) flat.push_back(&element);
    } else {
      flat.push_back(&operand);
    }
  }
  return flat;
}

// Of an instruction that moves what it reads.
bool BodyDecoder::IsCopy(const DraftInstruction& draft) const {
  if (draft.in.guard != kNoSlot || draft.defined != 1 || draft.used != 2) return false;
  const std::uint32_t to = draft.in.slot[0], from = draft.in.slot[1];
  return IsRegister(to) && IsRegister(from) && widths_[to] == widths_[from];
}

bool BodyDecoder::DecodeAlu(const ptx::Instruction& instruction) {
  const std::vector<const Operand*> flat = FlattenOperands(instruction);
  const bool carry = UsesCarry(instruction);
  if (flat.size() + carry > kMaxSlots) return Fail("too many operands");
  std::vector<std::size_t> bytes;
  for (const Operand* operand : flat) {
    const bool is_register = operand->kind == Operand::Kind::kRegister;
    const RegisterWidth width =
        is_register ? widths_[static_cast<std::size_t>(operand->register_index)] : 0;
    bytes.push_back(!is_register ? 0 : width == 0 ? sizeof(LaneMask) : width);
  }
  if (carry) bytes.push_back(sizeof(LaneMask));
  std::string why;
  std::optional<AluChoice> choice;
  if (options_.flushes_f32) choice = SelectFlushing(instruction, bytes);
  if (!choice) choice = SelectAlu(instruction, bytes, options_.isa, &why);
  if (!choice)
    return Fail(why.empty() ? "the simulated device does not know this instruction" : why);
  if (choice->handler == nullptr || choice->types.size() != bytes.size())
    return Fail("the operands do not fit the instruction");

  DraftInstruction draft = Start(current_->guard >= 0 ? Operation::kGuardedAlu : Operation::kAlu);
  draft.in.alu = choice->handler;
  draft.in.offset = choice->offset;
  const std::span<const Type> types(choice->types.data(), flat.size());
  if (!BindOperands(flat, types, choice->destinations, &draft)) return false;
  draft.is_copy = instruction.parts[0] == "mov" && IsCopy(draft);
  if (carry) {
    if (carry_ == kNoSlot) carry_ = AddTemporary(0);
    draft.in.slot[flat.size()] = carry_;
    draft.defined |= static_cast<std::uint8_t>(1u << flat.size());
    draft.used |= static_cast<std::uint8_t>(1u << flat.size());
  }
  Emit(draft);
  return true;
}

bool BodyDecoder::DecodeInstruction(const ptx::Instruction& instruction) {
  if (instruction.parts.empty()) return Fail("no mnemonic");
  const std::string_view base = instruction.parts[0];
  if (const char* why = WhyLeftOut(instruction.parts)) return Fail(why);
  if (UsesWide(instruction)) return DecodeWide(instruction);
  if (IsAsync(instruction)) return DecodeAsync(instruction);
  if ((base == "st" || base == "red") && instruction.parts.size() > 1 &&
      instruction.parts[1] == "async")
    return DecodeAsyncStore(instruction);
  if (base == "st" && instruction.parts.size() > 1 && instruction.parts[1] == "bulk")
    return DecodeBulkStore(instruction);
  if (base == "ld" || base == "ldu") return DecodeMemory(instruction, false);
  if (base == "st") return DecodeMemory(instruction, true);
  if (base == "bra") return DecodeBranch(instruction);
  if (base == "bar" || base == "barrier") return DecodeBarrier(instruction);
  if (base == "cvta") return DecodeCvta(instruction);
  if (IsExchange(base)) return DecodeExchange(instruction);
  if (base == "ldmatrix" || base == "stmatrix" || base == "movmatrix")
    return DecodeMatrixMove(instruction);
  if (base == "mma") return DecodeMma(instruction);
  if (base == "wmma") return DecodeWmma(instruction);
  if (base == "cp") return DecodeCopyAsync(instruction);
  if (IsTextureInstruction(base)) return DecodeTexture(instruction);
  if (base == "atom" || base == "red") return DecodeAtomic(instruction);
  if (base == "call") return DecodeCall(instruction);
  if (base == "nanosleep") {
    if (instruction.mnemonic != "nanosleep.u32" || instruction.operands.size() != 1)
      return Fail("unsupported form of nanosleep");
    EmitSimple(Operation::kYield);
    return true;
  }
  if (base == "ret") return DecodeReturn();
  if (IsStackOperation(base)) return DecodeStack(instruction);
  if (base == "exit" || base == "trap" || base == "brkpt") {
    DraftInstruction draft = Start(base == "exit" ? Operation::kExit : Operation::kTrap);
    draft.ends = true;
    Emit(draft);
    return true;
  }
  bool known = false;
  bool decoded = DecodeSystem(instruction, &known);
  if (!known) decoded = DecodeComposed(instruction, &known);
  return known ? decoded : DecodeAlu(instruction);
}

}  // namespace nodecuda::simulator
