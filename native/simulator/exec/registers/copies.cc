#include "simulator/exec/registers/copies.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

#include "simulator/exec/registers/control_flow.h"
#include "simulator/exec/registers/liveness.h"

namespace nodecuda::simulator {
namespace {

// Where a register is read or written, in order: an instruction reads before it writes.
struct Event {
  enum Kind : std::uint8_t { kUse, kDefinition, kGuardedDefinition };
  std::uint32_t instruction;
  Kind kind;
  friend bool operator<(const Event& a, const Event& b) {
    return std::pair(a.instruction, a.kind) < std::pair(b.instruction, b.kind);
  }
};

// Beyond these a class is left as it is.
constexpr std::size_t kMaxEvents = 2000;

class Coalescer {
 public:
  Coalescer(std::span<const DraftInstruction> code, std::size_t register_count)
      : code_(code),
        live_(FindLiveness(code, register_count)),
        class_of_(register_count),
        events_(register_count),
        block_of_(code.size()) {
    std::iota(class_of_.begin(), class_of_.end(), 0u);
    for (std::uint32_t b = 0; b < live_.blocks.size(); ++b)
      for (std::uint32_t i = live_.blocks[b].begin; i < live_.blocks[b].end; ++i) block_of_[i] = b;
    for (std::uint32_t i = 0; i < code.size(); ++i) {
      ForEachUse(code[i], [&](std::uint32_t reg) { events_[reg].push_back({i, Event::kUse}); });
      const Event::Kind kind = Kills(code[i]) ? Event::kDefinition : Event::kGuardedDefinition;
      ForEachDefinition(code[i], [&](std::uint32_t reg) { events_[reg].push_back({i, kind}); });
    }
  }

  bool is_known() const { return live_.is_known; }

  std::uint32_t ClassOf(std::uint32_t reg) const {
    while (class_of_[reg] != reg) reg = class_of_[reg];
    return reg;
  }

  // True when both registers are one now.
  bool Merge(std::uint32_t a, std::uint32_t b) {
    a = ClassOf(a);
    b = ClassOf(b);
    if (a == b) return true;
    if (events_[a].size() + events_[b].size() > kMaxEvents) return false;
    if (Disturbs(a, b) || Disturbs(b, a)) return false;
    std::vector<Event> all;
    std::merge(events_[a].begin(), events_[a].end(), events_[b].begin(), events_[b].end(),
               std::back_inserter(all));
    events_[a] = std::move(all);
    events_[b].clear();
    class_of_[b] = a;
    const std::uint32_t from = live_.number[b];
    if (from == kNone) return true;
    std::uint32_t& to = live_.number[a];
    if (to == kNone) {
      to = from;
    } else {
      for (std::size_t block = 0; block < live_.blocks.size(); ++block)
        if (live_.out.Test(block, from)) live_.out.Set(block, to);
    }
    return true;
  }

 private:
  // Whether an instruction writes `a` where `b` holds another value that will be read.
  bool Disturbs(std::uint32_t a, std::uint32_t b) const {
    for (const Event& event : events_[a]) {
      if (event.kind == Event::kUse) continue;
      const DraftInstruction& draft = code_[event.instruction];
      if (draft.is_copy) {
        const std::uint32_t from = ClassOf(draft.in.slot[1]);
        if (from == a || from == b) continue;
      }
      if (LivesAfter(b, event.instruction)) return true;
    }
    return false;
  }

  bool LivesAfter(std::uint32_t reg, std::uint32_t instruction) const {
    const std::vector<Event>& events = events_[reg];
    auto next = std::lower_bound(events.begin(), events.end(), Event{instruction, Event::kUse});
    const bool several = DefinesSeveral(code_[instruction]);
    for (; next != events.end() && next->instruction == instruction; ++next)
      if (several || next->kind != Event::kUse) return true;
    const BasicBlock& block = live_.blocks[block_of_[instruction]];
    for (; next != events.end() && next->instruction < block.end; ++next)
      if (next->kind != Event::kGuardedDefinition) return next->kind == Event::kUse;
    const std::uint32_t number = live_.number[reg];
    return number != kNone && live_.out.Test(block_of_[instruction], number);
  }

  std::span<const DraftInstruction> code_;
  Liveness live_;
  std::vector<std::uint32_t> class_of_;
  std::vector<std::vector<Event>> events_;  // of the registers that stand for their class
  std::vector<std::uint32_t> block_of_;
};

}  // namespace

std::vector<std::uint32_t> RemoveCopies(std::vector<DraftInstruction>* code,
                                        std::size_t register_count) {
  std::vector<std::uint32_t> places(code->size() + 1);
  std::iota(places.begin(), places.end(), 0u);
  if (std::ranges::none_of(*code, &DraftInstruction::is_copy)) return places;
  Coalescer coalescer(*code, register_count);
  if (!coalescer.is_known()) return places;
  std::vector<bool> removed(code->size(), false);
  for (std::size_t i = 0; i < code->size(); ++i) {
    const DraftInstruction& draft = (*code)[i];
    if (draft.is_copy) removed[i] = coalescer.Merge(draft.in.slot[0], draft.in.slot[1]);
  }

  std::uint32_t kept = 0;
  for (std::size_t i = 0; i < code->size(); ++i) {
    places[i] = kept;
    if (removed[i]) continue;
    if (kept != i) (*code)[kept] = std::move((*code)[i]);
    DraftInstruction& draft = (*code)[kept];
    const auto rename = [&](std::uint32_t* slot) {
      if (IsRegister(*slot)) *slot = coalescer.ClassOf(*slot);
    };
    for (std::uint32_t& slot : draft.in.slot) rename(&slot);
    rename(&draft.in.guard);
    for (DraftInstruction::Listed& operand : draft.listed) rename(&operand.slot);
    ++kept;
  }
  places.back() = kept;
  code->resize(kept);
  for (DraftInstruction& draft : *code)
    if (draft.is_branch) draft.in.target = places[draft.in.target];
  return places;
}

}  // namespace nodecuda::simulator
