#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/registers/copies.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

// Where CUDA's own headers lie, by whatever way it was installed.
bool IsOfToolkit(std::string_view file) {
  constexpr std::string_view kFolders[] = {"/targets/x86_64-linux/include/",
                                           "/targets/sbsa-linux/include/", "/usr/local/cuda",
                                           "/include/cccl/", "/nvidia/cuda_runtime/include/"};
  return std::ranges::any_of(kFolders, [file](std::string_view folder) {
    return file.find(folder) != std::string_view::npos;
  });
}

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
  if (!options_.watched) return;
  InstructionNotes& notes = notes_.emplace_back();
  notes.defined = draft.defined;
  notes.used = draft.used;
  notes.listed = static_cast<std::uint32_t>(draft.listed.size());
  notes.continues = current_ == noted_;
  noted_ = current_;
  if (current_ == nullptr) return;
  const auto [file, line] = LineOf(*module_.files, function_, *current_);
  notes.file = file;
  notes.line = line;
}

// Nobody looks for their kernel in the toolkit's headers: what is inlined from there is taken for
// the line that calls it.
SourceLine LineOf(const std::map<std::uint32_t, std::string_view>& files,
                  const ptx::Function& function, const ptx::Instruction& instruction) {
  const auto name = [&](std::uint32_t number) {
    const auto file = files.find(number);
    return file == files.end() ? std::string_view{} : file->second;
  };
  ptx::SourcePlace place = instruction.source;
  for (std::size_t i = 0; i <= function.inlined_at.size() && IsOfToolkit(name(place.file)); ++i) {
    const auto caller = function.inlined_at.find(place);
    if (caller == function.inlined_at.end()) break;
    place = caller->second;
  }
  return {name(place.file), place.line};
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

// A temporary with an address in the frame, which is on the stack.
bool BodyDecoder::AddFrame(std::uint64_t distance, std::uint32_t* slot) {
  ptx::Instruction add;
  add.mnemonic = "add.s64";
  add.parts = {"add", "s64"};
  add.operands.resize(3);
  for (Operand& operand : add.operands) operand.kind = Operand::Kind::kRegister;
  const std::size_t bytes[] = {8, 8, 8};
  const std::optional<AluChoice> choice = SelectAlu(add, bytes, options_.isa, &why_);
  if (!choice) return false;
  DraftInstruction draft = Start(Operation::kAlu);
  draft.in.alu = choice->handler;
  draft.in.slot[0] = AddTemporary(8);
  draft.in.slot[1] = frame_;
  draft.in.slot[2] = constants_.Add(8, Special::kNone, distance);
  draft.defined = 1;
  draft.used = 6;
  // Without the guard, as above.
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
      *slot =
          operand.negated ? static_cast<std::uint32_t>(operand.register_index) : SlotOf(operand);
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
      const bool is_pointer = symbol.space == Space::kGlobal || symbol.space == Space::kConst ||
                              symbol.space == Space::kNone || symbol.on_stack;
      if (width < (is_pointer ? 8 : 4)) return Fail("too narrow for an address");
      const std::uint64_t address = symbol.address + static_cast<std::uint64_t>(operand.offset);
      if (symbol.on_stack) return AddFrame(address, slot);
      *slot = constants_.Add(width, Special::kNone, address, symbol.variable);
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
      *slot = SlotOf(base);
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
        if (symbol.on_stack) *slot = frame_;
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

bool BodyDecoder::Decode(std::string* why) {
  if (!KeepFrame()) {
    *why = why_;
    return false;
  }
  if (!options_.watched) FindConstantRegisters();
  std::vector<std::uint32_t> begin_of;  // first draft instruction of each one of the body
  for (const ptx::Instruction& instruction : function_.body) {
    begin_of.push_back(static_cast<std::uint32_t>(code_.size()));
    current_ = &instruction;
    why_.clear();
    if (MakesConstant(instruction)) continue;
    if (!CheckGuard(instruction) || !DecodeInstruction(instruction)) {
      *why = "PTX line " + std::to_string(instruction.line) + ": " +
             std::string(instruction.mnemonic) + ": " + why_;
      return false;
    }
  }
  current_ = nullptr;
  begin_of.push_back(static_cast<std::uint32_t>(code_.size()));
  if (!DecodeReturn()) {
    *why = why_;
    return false;
  }
  for (DraftInstruction& draft : code_)
    if (draft.is_branch) draft.in.target = begin_of[draft.in.target];
  return true;
}

const WidthBytes& BodyDecoder::PlanRegisters() {
  const bool shares = options_.share_slots && !options_.watched;
  if (shares) LeaveOutCopies();
  intervals_ = FindLiveIntervals(code_, widths_.size());
  plan_ = PlanSlots(widths_, intervals_, shares);
  return plan_.bytes;
}

void BodyDecoder::LeaveOutCopies() {
  const std::vector<std::uint32_t> places = RemoveCopies(&code_, widths_.size());
  for (std::size_t i = 0; i < mnemonics_.size(); ++i) mnemonics_[places[i]] = mnemonics_[i];
  mnemonics_.resize(code_.size());
  for (DraftCall& call : calls_) call.instruction = places[call.instruction];
}

void BodyDecoder::Finish(const WidthBytes& bases, std::map<std::uint32_t, std::uint32_t>* places,
                         DecodedKernel* kernel) {
  for (std::size_t reg = 0; reg < widths_.size(); ++reg)
    if (plan_.offsets[reg] != kNoSlot)
      plan_.offsets[reg] += static_cast<std::uint32_t>(bases[WidthIndex(widths_[reg])]);
  const auto place = [&](std::uint32_t* slot) {
    if (*slot == kNoSlot) return;
    *slot = (*slot & kConstantBit) != 0 ? kernel->constants[*slot & ~kConstantBit].slot
                                        : plan_.offsets[*slot];
  };
  for (DraftCall& call : calls_) {
    code_[call.instruction].in.target = static_cast<std::uint32_t>(kernel->call_sites.size());
    if (call.saves) SaveRegisters(call, places, kernel);
    kernel->call_sites.push_back(std::move(call.site));
  }
  const auto begin = static_cast<std::uint32_t>(kernel->code.size());
  for (DraftInstruction& draft : code_) {
    if (draft.is_branch) draft.in.target += begin;
    for (std::uint32_t& slot : draft.in.slot) place(&slot);
    place(&draft.in.guard);
    if (!draft.listed.empty())
      draft.in.target = static_cast<std::uint32_t>(kernel->operand_lists.size());
    for (DraftInstruction::Listed& operand : draft.listed) {
      place(&operand.slot);
      kernel->operand_lists.push_back(operand.slot);
      if (options_.watched) kernel->listed_notes.push_back({operand.defined, operand.used});
    }
    kernel->code.push_back(draft.in);
  }
  if (options_.watched) {
    NoteRegisters(begin, kernel);
    std::uint32_t frame = frame_;
    place(&frame);
    NoteVariables(begin, frame, kernel);
  }
  kernel->mnemonics.insert(kernel->mnemonics.end(), mnemonics_.begin(), mnemonics_.end());
  kernel->notes.insert(kernel->notes.end(), notes_.begin(), notes_.end());
}

void BodyDecoder::NoteRegisters(std::uint32_t begin, DecodedKernel* kernel) const {
  const auto end = static_cast<std::uint32_t>(kernel->code.size());
  for (std::size_t i = 0; i < function_.registers.size(); ++i) {
    const ptx::Register& reg = function_.registers[i];
    RegisterNote note{reg.name, reg.type, plan_.offsets[i], kNoSlot, begin, end, 0, 0};
    if (note.slot == kNoSlot) continue;
    note.first_use = begin + intervals_[i].begin / 2;
    note.last_use = begin + intervals_[i].end / 2;
    const auto half = high_halves_.find(static_cast<int>(i));
    if (half != high_halves_.end()) note.high = plan_.offsets[half->second];
    kernel->registers.push_back(note);
  }
}

void BodyDecoder::NoteVariables(std::uint32_t begin, std::uint32_t frame,
                                DecodedKernel* kernel) const {
  const auto end = static_cast<std::uint32_t>(kernel->code.size());
  const auto note = [&](std::string_view name, const Symbol& symbol) {
    kernel->variables.push_back(
        {name, symbol.space, symbol.address, symbol.on_stack ? frame : kNoSlot, begin, end});
  };
  for (const auto& [name, symbol] : symbols_.named) note(name, symbol);
  for (std::size_t i = 0; i < function_.variables.size(); ++i)
    if (function_.variables[i].space != Space::kParam)
      note(function_.variables[i].name, symbols_.variables[i]);
}

// What is alive across the call, each slot once: registers that share one are not alive together.
void BodyDecoder::SaveRegisters(DraftCall& call, std::map<std::uint32_t, std::uint32_t>* places,
                                DecodedKernel* kernel) {
  for (std::size_t reg = 0; reg < widths_.size(); ++reg) {
    if (!intervals_[reg].Spans(static_cast<std::uint32_t>(call.instruction))) continue;
    const auto [entry, added] =
        places->try_emplace(plan_.offsets[reg], static_cast<std::uint32_t>(kernel->saved_bytes));
    if (added) kernel->saved_bytes += SlotBytes(widths_[reg]);
    call.site.saved.push_back({plan_.offsets[reg], entry->second, widths_[reg]});
  }
}

}  // namespace nodecuda::simulator
