#include "simulator/exec/check/values.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace nodecuda::simulator {
namespace {

using ptx::Space;

constexpr int kPattern = 0xcd;
enum Detail : std::uint8_t { kOperand, kGuard, kBytes };

const char* NameOf(Space space) {
  return space == Space::kShared ? "shared" : space == Space::kLocal ? "local" : "device";
}

}  // namespace

Values::Values(BlockRunner& block, Reporter& reporter, const std::vector<Traits>& traits)
    : block_(block),
      reporter_(reporter),
      kernel_(block.grid().kernel()),
      traits_(traits),
      words_(kernel_.file_bytes / sizeof(LaneMask)),
      defined_(words_ * block.warps().size()),
      origins_(block.warps().size()),
      local_(block.warps().size()) {}

void Values::Start() {
  std::ranges::fill(defined_, 0);
  for (auto& origins : origins_) origins.clear();
  std::size_t registers = kernel_.file_bytes;  // what comes before the constants
  for (const LaneConstant& constant : kernel_.constants)
    registers = std::min<std::size_t>(registers, constant.slot);
  for (int warp = 0; warp < static_cast<int>(local_.size()); ++warp) {
    for (const LaneConstant& constant : kernel_.constants) Defined(warp, constant.slot) = kFullMask;
    std::memset(block_.FileOf(warp), kPattern, registers);
    local_[static_cast<std::size_t>(warp)].clear();
  }
  const SharedMemory shared = block_.shared();
  shared_.assign(shared.bytes, false);
  if (shared.bytes != 0) std::memset(shared.base, kPattern, shared.bytes);
  std::ranges::fill(block_.local(), std::byte{kPattern});
}

// The lanes for which an operand has no value. What is written as well is an accumulator, or carry
// flags: not read by all forms.
LaneMask Values::WithoutValue(const Step& step, bool with_data) {
  const Instruction& in = kernel_.code[step.pc];
  const InstructionNotes& notes = kernel_.notes[step.pc];
  LaneMask missing = 0;
  for (int i = 0; i < kMaxSlots; ++i) {
    if (((notes.used & ~notes.defined) >> i & 1) == 0 || in.slot[i] == kNoSlot) continue;
    if (with_data || i == kAddressSlot) missing |= step.lanes & ~Defined(step.warp, in.slot[i]);
  }
  return missing;
}

void Values::Registers(const Step& step) {
  const Instruction& in = kernel_.code[step.pc];
  const InstructionNotes& notes = kernel_.notes[step.pc];
  const auto operation = static_cast<Operation>(in.kind);
  const auto report = [&](LaneMask lanes, Detail detail, const char* message) {
    for (; lanes != 0; lanes &= lanes - 1)
      reporter_.Report(CheckKind::kInit, detail,
                       {block_.index(), step.warp, std::countr_zero(lanes), step.pc}, {},
                       [&] { return std::string(message); });
  };
  const LaneMask no_guard = in.guard == kNoSlot ? 0 : step.mask & ~Defined(step.warp, in.guard);
  if (operation == Operation::kAlu || operation == Operation::kGuardedAlu)
    return Arithmetic(step, no_guard);
  report(no_guard, kGuard, "the guard is a predicate that was never set");
  if (step.lanes == 0) return;
  UseLoaded(step, step.lanes);
  switch (operation) {
    case Operation::kExchange:
    case Operation::kCollective:  // whose lanes may take from those that have values
    case Operation::kCall:
    case Operation::kReturn:
      break;
    case Operation::kStore: {
      const ptx::Space space = MemoryForm::Of(in).space;
      report(WithoutValue(step, false), kOperand, "the address is a register that was never set");
      if (space == ptx::Space::kGlobal)
        report(WithoutValue(step, true), kOperand, "stores a register that was never set");
      break;
    }
    case Operation::kLoad:
      report(WithoutValue(step, false), kOperand, "the address is a register that was never set");
      break;
    default:
      report(WithoutValue(step, true), kOperand, "an operand is a register that was never set");
      break;
  }
  for (int i = 0; i < kMaxSlots; ++i)
    if ((notes.defined >> i & 1) != 0 && in.slot[i] != kNoSlot)
      Defined(step.warp, in.slot[i]) |= step.lanes;
  for (std::uint32_t i = 0; i < notes.listed; ++i)
    if (kernel_.listed_notes[in.target + i].defined)
      Defined(step.warp, kernel_.operand_lists[in.target + i]) |= step.lanes;
}

// A result has a value where all operands have one, and where one decides alone: what selp does not
// choose, what is combined with a predicate that is known. What is taken apart may have a value in
// part.
void Values::Arithmetic(const Step& step, LaneMask guarded) {
  const Instruction& in = kernel_.code[step.pc];
  const InstructionNotes& notes = kernel_.notes[step.pc];
  LaneMask missing = WithoutValue(step, true) | guarded;
  const auto predicate = [&](int i) {
    return *reinterpret_cast<const LaneMask*>(block_.FileOf(step.warp) + in.slot[i]);
  };
  const auto without = [&](int i) { return ~Defined(step.warp, in.slot[i]); };
  switch (traits_[step.pc].logic) {
    case Logic::kSelect:
      missing = without(3) | (predicate(3) & without(1)) | (~predicate(3) & without(2));
      break;
    case Logic::kAnd:
      missing = (without(1) & (without(2) | predicate(2))) | (without(2) & predicate(1));
      break;
    case Logic::kOr:
      missing = (without(1) & (without(2) | ~predicate(2))) | (without(2) & ~predicate(1));
      break;
    case Logic::kNone:
      break;
  }
  if (std::popcount(notes.defined) > 1) missing = 0;
  const LaneMask lanes = step.lanes | guarded;
  missing &= lanes;
  auto& origins = origins_[static_cast<std::size_t>(step.warp)];
  const Origins* origin = nullptr;
  for (int i = 0; i < kMaxSlots && missing != 0 && origin == nullptr && !origins.empty(); ++i) {
    if ((notes.used >> i & 1) == 0 || (missing & without(i)) == 0) continue;
    if (const auto found = origins.find(in.slot[i]); found != origins.end())
      origin = &found->second;
  }
  for (int i = 0; i < kMaxSlots; ++i) {
    if ((notes.defined >> i & 1) == 0 || in.slot[i] == kNoSlot) continue;
    LaneMask& defined = Defined(step.warp, in.slot[i]);
    defined = (defined & ~lanes) | (lanes & ~missing);
    if (missing == 0 || origins.empty()) continue;
    if (origin != nullptr)
      origins[in.slot[i]] = Origins(*origin);
    else
      origins.erase(in.slot[i]);
  }
}

bool Values::LocalWritten(int warp, int lane, std::uint64_t address) const {
  const std::vector<LaneMask>& local = local_[static_cast<std::size_t>(warp)];
  return address < local.size() && (local[address] >> lane & 1) != 0;
}

// Relative to the access; its size where there is none.
std::uint64_t Values::FirstUnwritten(const Access& access, int warp) const {
  if (access.space == Space::kGlobal) {
    const std::size_t first =
        block_.grid().memory().record()->FirstUnwritten(access.address, access.bytes);
    return first == MemoryRecord::kNone ? access.bytes : first;
  }
  for (std::uint64_t i = 0; i < access.bytes; ++i) {
    const std::uint64_t at = access.address + i;
    if (access.space == Space::kShared ? at < shared_.size() && !shared_[at]
                                       : !LocalWritten(warp, access.lane, at))
      return i;
  }
  return access.bytes;
}

void Values::SetWritten(const Access& access, int warp) {
  if (access.space == Space::kGlobal) {
    block_.grid().memory().record()->SetWritten(access.address, access.bytes);
  } else if (access.space == Space::kShared) {
    SetSharedWritten(access.address, access.bytes);
  } else {
    SetLocalWritten(warp, LaneMask{1} << access.lane,
                    {static_cast<std::int64_t>(access.address), access.bytes}, nullptr);
  }
}

void Values::ReportBytes(const Access& access, const Actor& actor, std::uint64_t first) {
  const std::uint64_t address = access.address + first;
  reporter_.Report(CheckKind::kInit, kBytes, actor,
                   {.address = address, .in_device_memory = access.space == Space::kGlobal}, [&] {
                     return "reads " + std::to_string(access.bytes) + " bytes of " +
                            NameOf(access.space) + " memory, of which that at " + Hex(address) +
                            " was never written";
                   });
}

void Values::UseLoaded(int warp, std::uint32_t slot, LaneMask lanes) {
  if (slot == kNoSlot) return;
  auto& origins = origins_[static_cast<std::size_t>(warp)];
  LaneMask& defined = Defined(warp, slot);
  lanes &= ~defined;
  if (lanes == 0) return;
  const auto found = origins.find(slot);
  if (found == origins.end()) return;
  defined |= lanes;
  for (; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    const auto origin = found->second.find(lane);
    if (origin == found->second.end()) continue;
    const auto& [access, pc, first] = origin->second;
    ReportBytes(access, {block_.index(), warp, lane, pc}, first);
  }
}

void Values::UseLoaded(const Step& step, LaneMask lanes) {
  if (origins_[static_cast<std::size_t>(step.warp)].empty()) return;
  const Instruction& in = kernel_.code[step.pc];
  const InstructionNotes& notes = kernel_.notes[step.pc];
  const auto operation = static_cast<Operation>(in.kind);
  if (operation == Operation::kCall || operation == Operation::kReturn) return;
  bool with_data = true;
  if (operation == Operation::kStore) {
    const Space space = MemoryForm::Of(in).space;
    with_data = space != Space::kLocal && space != Space::kNone;  // see UseStored
  }
  for (int i = 0; i < kMaxSlots; ++i)
    if ((notes.used >> i & 1) != 0 && (with_data || i == kAddressSlot))
      UseLoaded(step.warp, in.slot[i], lanes);
  for (std::uint32_t i = 0; i < notes.listed; ++i)
    if (kernel_.listed_notes[in.target + i].used)
      UseLoaded(step.warp, kernel_.operand_lists[in.target + i], lanes);
}

// What a thread keeps in its own memory it has not used yet: copies of structs bring their padding
// along.
void Values::UseStored(const Access& access, const Actor& actor) {
  const Instruction& in = kernel_.code[actor.pc];
  if (access.space == Space::kLocal || static_cast<Operation>(in.kind) != Operation::kStore ||
      origins_[static_cast<std::size_t>(actor.warp)].empty())
    return;
  const InstructionNotes& notes = kernel_.notes[actor.pc];
  for (int i = 0; i < kMaxSlots; ++i)
    if ((notes.used >> i & 1) != 0 && i != kAddressSlot)
      UseLoaded(actor.warp, in.slot[i], LaneMask{1} << actor.lane);
}

void Values::Memory(const Access& access, const Actor& actor, Values& shared) {
  Values& values = access.space == Space::kShared ? shared : *this;
  // What an atomic operation finds there it reads, too.
  const bool reads = !access.is_write || traits_[actor.pc].touch == Touch::kAtomic;
  if (reads) {
    const std::uint64_t first = values.FirstUnwritten(access, actor.warp);
    if (first == access.bytes) return;
    if (access.value_slot != kNoSlot) {
      Defined(actor.warp, access.value_slot) &= ~access.value_lanes;
      Origins& origins = origins_[static_cast<std::size_t>(actor.warp)][access.value_slot];
      for (LaneMask lanes = access.value_lanes; lanes != 0; lanes &= lanes - 1)
        origins[std::countr_zero(lanes)] = {access, actor.pc, first};
      return;
    }
    ReportBytes(access, actor, first);
  }
  if (access.is_write) UseStored(access, actor);
  values.SetWritten(access, actor.warp);  // or told already
}

void Values::SetSharedWritten(std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t end = std::min<std::uint64_t>(offset + bytes, shared_.size());
  for (std::uint64_t i = offset; i < end; ++i) shared_[i] = true;
}

void Values::SetLocalWritten(int warp, LaneMask lanes, const FrameVariable& variable,
                             const std::uint64_t* base) {
  std::vector<LaneMask>& local = local_[static_cast<std::size_t>(warp)];
  for (; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    const std::uint64_t begin =
        (base == nullptr ? 0 : base[lane]) + static_cast<std::uint64_t>(variable.offset);
    if (local.size() < begin + variable.bytes) local.resize(begin + variable.bytes);
    for (std::uint64_t i = 0; i < variable.bytes; ++i) local[begin + i] |= LaneMask{1} << lane;
  }
}

}  // namespace nodecuda::simulator
