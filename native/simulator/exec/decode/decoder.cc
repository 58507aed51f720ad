#include "simulator/exec/decode/decoder.h"

#include <optional>
#include <utility>

#include "simulator/exec/decode/body_decoder.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

// A register file is one warp's: this bounds what a block of 32 warps takes.
constexpr std::size_t kMaxFileBytes = std::size_t{8} << 20;

}  // namespace

DraftInstruction BodyDecoder::Start(Operation operation) const {
  DraftInstruction draft;
  for (std::uint32_t& slot : draft.in.slot) slot = kNoSlot;
  draft.in.kind = static_cast<std::uint8_t>(operation);
  if (current_ != nullptr) {
    draft.in.line = current_->line;
    if (current_->guard >= 0) draft.in.guard = static_cast<std::uint32_t>(current_->guard);
    draft.in.guard_negated = current_->guard_negated;
  }
  return draft;
}

void BodyDecoder::Emit(const DraftInstruction& draft) {
  code_.push_back(draft);
  mnemonics_.push_back(current_ != nullptr ? current_->mnemonic : std::string_view("end"));
}

std::uint32_t BodyDecoder::AddTemporary(RegisterWidth width) {
  widths_.push_back(width);
  return static_cast<std::uint32_t>(widths_.size() - 1);
}

bool BodyDecoder::FindSymbol(const Operand& operand, Symbol* symbol) {
  const Symbol* found = symbols_.Find(operand);
  if (found == nullptr)
    return Fail("'" + std::string(operand.name) + "' is not a variable this simulator can address");
  if (!found->refers_to.empty())
    return Fail("'" + std::string(operand.name) +
                "' is initialised with the address of a symbol, " +
                std::string(found->refers_to.substr(0, 60)) + ", which is not supported");
  *symbol = *found;
  return true;
}

bool BodyDecoder::NegatePredicate(std::uint32_t* slot) {
  if (widths_[*slot] != 0) return Fail("only a predicate can be negated");
  ptx::Instruction negate;
  negate.mnemonic = "not.pred";
  negate.parts = {"not", "pred"};
  negate.operands.resize(2);
  for (Operand& operand : negate.operands) operand.kind = Operand::Kind::kRegister;
  const std::size_t bytes[] = {sizeof(LaneMask), sizeof(LaneMask)};
  const std::optional<AluChoice> choice = SelectAlu(negate, bytes, options_.isa, &why_);
  if (!choice) return false;
  DraftInstruction draft = Start(Operation::kAlu);
  draft.in.alu = choice->handler;
  draft.in.slot[0] = AddTemporary(0);
  draft.in.slot[1] = *slot;
  draft.defined = 1;
  draft.used = 2;
  // Without the guard: the temporary is read by one instruction only, under the same guard.
  draft.in.guard = kNoSlot;
  draft.in.guard_negated = false;
  Emit(draft);
  *slot = draft.in.slot[0];
  return true;
}

bool BodyDecoder::BindSource(const Operand& operand, Type type, RegisterWidth width,
                             std::uint32_t* slot) {
  switch (operand.kind) {
    case Operand::Kind::kRegister:
      *slot = static_cast<std::uint32_t>(operand.register_index);
      return !operand.negated || NegatePredicate(slot);
    case Operand::Kind::kInteger:
    case Operand::Kind::kFloat32:
    case Operand::Kind::kFloat64: {
      const std::optional<std::uint64_t> bits = EncodeLiteral(operand, type);
      if (!bits) return Fail("a literal does not fit the type of its place");
      *slot = constants_.Add(width, Special::kNone, *bits);
      return true;
    }
    case Operand::Kind::kSpecial: {
      const Special special = SpecialFromName(operand.name);
      if (special == Special::kNone)
        return Fail("unknown special register " + std::string(operand.name));
      if ((width == 0) != (special == Special::kIsExplicitCluster))
        return Fail(width == 0 ? "this special register is no predicate"
                               : "this special register is a predicate");
      *slot = constants_.Add(width, special, 0);
      if (IsClock(special)) {
        DraftInstruction read = Start(Operation::kReadClock);
        read.in.slot[0] = *slot;
        read.in.detail[0] = width;
        read.in.detail[1] = static_cast<std::uint8_t>(special);
        Emit(read);
      }
      return true;
    }
    case Operand::Kind::kSymbol: {
      Symbol symbol;
      if (!FindSymbol(operand, &symbol)) return false;
      const bool is_pointer = symbol.space == Space::kGlobal || symbol.space == Space::kConst;
      if (width < (is_pointer ? 8 : 4)) return Fail("too narrow for an address");
      *slot = constants_.Add(width, Special::kNone,
                             symbol.address + static_cast<std::uint64_t>(operand.offset),
                             symbol.variable);
      return true;
    }
    default:
      return Fail("an operand of this form does not belong here");
  }
}

bool BodyDecoder::BindAddress(const Operand& operand, Space space, std::uint32_t* slot,
                              std::int64_t* offset, bool* wide) {
  if (operand.kind != Operand::Kind::kAddress || operand.elements.size() != 1)
    return Fail("an address in brackets is missing");
  const Operand& base = operand.elements[0];
  *offset = operand.offset;
  *wide = true;
  switch (base.kind) {
    case Operand::Kind::kRegister: {
      const auto reg = static_cast<std::uint32_t>(base.register_index);
      if (widths_[reg] != 4 && widths_[reg] != 8)
        return Fail("an address register must have 32 or 64 bits");
      *slot = reg;
      *wide = widths_[reg] == 8;
      return true;
    }
    case Operand::Kind::kInteger:
      *offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(*offset) + base.bits);
      return true;
    case Operand::Kind::kSymbol: {
      Symbol symbol;
      if (!FindSymbol(base, &symbol)) return false;
      std::uint64_t address = symbol.address;
      if (space == Space::kNone) {
        if (symbol.space == Space::kShared) address += kSharedWindow;
        if (symbol.space == Space::kLocal) address += kLocalWindow;
        if (symbol.space == Space::kParam) address += kParamWindow;
      } else if (symbol.space != (space == Space::kSharedCluster ? Space::kShared : space)) {
        return Fail("'" + std::string(base.name) + "' lies in another state space");
      }
      address +=
          static_cast<std::uint64_t>(base.offset) + static_cast<std::uint64_t>(operand.offset);
      if (symbol.variable == kNoVariable) {
        *offset = static_cast<std::int64_t>(address);
      } else {
        *offset = 0;
        *slot = constants_.Add(8, Special::kNone, address, symbol.variable);
      }
      return true;
    }
    default:
      return Fail("an address needs a register, a variable or a number");
  }
}

bool BodyDecoder::CheckGuard(const ptx::Instruction& instruction) {
  const int guard = instruction.guard;
  return guard < 0 || widths_[static_cast<std::size_t>(guard)] == 0 ||
         Fail("the guard is no predicate");
}

bool BodyDecoder::Decode(DecodedKernel* kernel, std::string* why) {
  for (const ptx::Register& reg : function_.registers) {
    if (SizeOf(reg.type) <= kMaxRegisterBytes) continue;
    *why = kernel->name + ": register " + std::string(reg.name) + ": 128 bits are not supported";
    return false;
  }
  std::vector<std::uint32_t> begin_of;  // first draft instruction of each one of the body
  for (const ptx::Instruction& instruction : function_.body) {
    begin_of.push_back(static_cast<std::uint32_t>(code_.size()));
    current_ = &instruction;
    why_.clear();
    if (!CheckGuard(instruction) || !DecodeInstruction(instruction)) {
      *why = "PTX line " + std::to_string(instruction.line) + ": " +
             std::string(instruction.mnemonic) + ": " + why_;
      return false;
    }
  }
  current_ = nullptr;
  begin_of.push_back(static_cast<std::uint32_t>(code_.size()));
  DraftInstruction end = Start(Operation::kExit);
  end.ends = true;
  Emit(end);
  for (DraftInstruction& draft : code_)
    if (draft.is_branch) draft.in.target = begin_of[draft.in.target];
  Finish(kernel);
  if (kernel->file_bytes > kMaxFileBytes) {
    *why = kernel->name + ": needs " + std::to_string(kernel->file_bytes) +
           " bytes of registers per warp, more than the simulator's limit";
    return false;
  }
  return true;
}

void BodyDecoder::Finish(DecodedKernel* kernel) {
  const SlotPlan plan = PlanSlots(code_, widths_, options_.share_slots);
  kernel->file_bytes = plan.bytes;
  kernel->constants = constants_.Place(&kernel->file_bytes);
  const auto place = [&](std::uint32_t* slot) {
    if (*slot == kNoSlot) return;
    *slot = (*slot & kConstantBit) != 0 ? kernel->constants[*slot & ~kConstantBit].slot
                                        : plan.offsets[*slot];
  };
  for (DraftInstruction& draft : code_) {
    for (std::uint32_t& slot : draft.in.slot) place(&slot);
    place(&draft.in.guard);
    if (!draft.listed.empty())
      draft.in.target = static_cast<std::uint32_t>(kernel->operand_lists.size());
    for (DraftInstruction::Listed& operand : draft.listed) {
      place(&operand.slot);
      kernel->operand_lists.push_back(operand.slot);
    }
    kernel->code.push_back(draft.in);
  }
  kernel->mnemonics = std::move(mnemonics_);
  kernel->capability = options_.capability;
  kernel->isa = options_.isa;
}

bool DecodeBody(const ptx::Function& function, const FunctionSymbols& symbols,
                const DecodeOptions& options, DecodedKernel* kernel, std::string* why) {
  return BodyDecoder(function, symbols, options).Decode(kernel, why);
}

}  // namespace nodecuda::simulator
