#include "simulator/exec/debug/launch_debugger.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "simulator/exec/debug/inspect.h"
#include "simulator/exec/touch/traits.h"

namespace nodecuda::simulator {
namespace {

bool Differ(const std::optional<Dim3>& wanted, const Dim3& index) {
  return wanted && (wanted->x != index.x || wanted->y != index.y || wanted->z != index.z);
}

bool IsWithin(const std::optional<Dim3>& index, const Dim3& size) {
  return !index || (index->x < size.x && index->y < size.y && index->z < size.z);
}

}  // namespace

// The hooks of one runner. It is `block` that is told of, whichever of its blocks runs.
class BlockDebugger final : public BlockObserver {
 public:
  BlockDebugger(BlockRunner& block, LaunchDebugger& launch, std::unique_ptr<BlockObserver> next)
      : block_(block), launch_(launch), next_(std::move(next)) {
    launch_.runners_.push_back(&block_);
  }
  ~BlockDebugger() override { std::erase(launch_.runners_, &block_); }

  void Start() override {
    if (next_ != nullptr) next_->Start();
  }
  void Before(const Step& step) override {
    last_ = step;
    launch_.Look(block_, step);
    if (next_ != nullptr) next_->Before(step);
  }
  void Released(std::uint32_t barrier) override {
    if (next_ != nullptr) next_->Released(barrier);
  }
  void Exited(int warp, LaneMask lanes) override {
    launch_.NoteExit(block_, warp, lanes);
    if (next_ != nullptr) next_->Exited(warp, lanes);
  }
  void Entered(int warp, LaneMask lanes, const CalledFunction& callee) override {
    if (next_ != nullptr) next_->Entered(warp, lanes, callee);
  }
  void Returned(int warp, LaneMask lanes, std::uint32_t call) override {
    if (next_ != nullptr) next_->Returned(warp, lanes, call);
  }
  void Finished(const BulkCopy& copy) override {
    if (next_ != nullptr) next_->Finished(copy);
  }
  void Faulted(int warp, std::uint32_t pc, const MemoryFault& fault) override {
    if (next_ != nullptr) next_->Faulted(warp, pc, fault);
    // A copy fails when its thread may be elsewhere.
    const bool runs = last_.warp == warp && last_.pc == pc;
    launch_.Halt({.reason = StopReason::kFault,
                  .message = fault.what,
                  .block = &block_,
                  .warp = warp,
                  .lane = fault.lane,
                  .pc = pc,
                  .mask = runs ? last_.mask : 0});
  }

  // As it was before it stopped: the session may have been closed since.
  bool StopsAtBreak() const override { return launch_.is_armed_[last_.pc]; }

 private:
  BlockRunner& block_;
  LaunchDebugger& launch_;
  const std::unique_ptr<BlockObserver> next_;
  Step last_;
};

std::unique_ptr<BlockObserver> LaunchDebugger::Watch(BlockRunner& block) {
  return std::make_unique<BlockDebugger>(block, *this,
                                         next_ == nullptr ? nullptr : next_->Watch(block));
}

void LaunchDebugger::Deadlocked(const BlockRunner& block, const std::string& report) {
  if (next_ != nullptr) next_->Deadlocked(block, report);
  for (BlockRunner* runner : runners_) {
    const std::vector<LaneGroup> groups = GroupsOf(*runner, nullptr);
    if (runner->index() != block.index() || groups.empty()) continue;
    const LaneGroup& first = groups.front();
    Halt({.reason = StopReason::kDeadlock,
          .message = report,
          .block = runner,
          .warp = first.warp,
          .lane = std::countr_zero(first.mask),
          .pc = first.pc});
    return;
  }
}

void LaunchDebugger::Refresh(const LaunchShape& shape) {
  epoch_ = session_.epoch();
  if (session_.ended()) throw LaunchEnded();
  pausing_ = true;
  armed_.clear();
  is_armed_.assign(kernel_.code.size(), false);
  if (!session_.is_open()) {
    pausing_ = false;
    stepping_ = {};
    return;
  }
  for (std::size_t pc = 0; pc < kernel_.code.size(); ++pc) is_armed_[pc] = IsBreak(pc);
  for (Breakpoint& breakpoint : session_.breakpoints()) {
    std::vector<std::uint32_t> places = PlacesOf(breakpoint, kernel_);
    if (places.empty()) continue;
    const bool has_all =
        IsWithin(breakpoint.block, shape.grid) && IsWithin(breakpoint.thread, shape.block);
    session_.Matched(breakpoint.id, has_all ? Match::kAll : Match::kCode);
    for (const std::uint32_t pc : places) is_armed_[pc] = true;
    armed_.push_back({std::move(breakpoint), std::move(places)});
  }
}

void LaunchDebugger::Forget(const BlockRunner& block, const Step& step) {
  for (Told& told : told_)
    if (told.block == &block && told.warp == step.warp && told.pc != step.pc)
      told.mask &= ~step.mask;
  std::erase_if(told_, [](const Told& told) { return told.mask == 0; });
}

void LaunchDebugger::Look(BlockRunner& block, const Step& step) {
  if (session_.epoch() != epoch_) [[unlikely]]
    Refresh(block.grid().shape());
  if (!told_.empty()) Forget(block, step);
  Stop stop{.block = &block, .warp = step.warp, .pc = step.pc, .mask = step.mask};
  stop.lane = std::countr_zero(step.mask);
  if (is_armed_[step.pc] && HaltAtBreakpoints(block, step, stop)) return;
  if (is_armed_[step.pc] && step.lanes != 0 && IsBreak(step.pc)) {
    stop.reason = StopReason::kBreakpoint;
  } else if (stepping_.pace != Pace::kContinue && EndsStep(block, step)) {
    stop.reason = StopReason::kStep;
    const bool is_own = stepping_.block == &block && stepping_.warp == step.warp;
    if (is_own && (step.mask >> stepping_.lane & 1) != 0) stop.lane = stepping_.lane;
  } else if (pausing_ && session_.TakePause()) {
    stop.reason = StopReason::kPause;
  } else {
    pausing_ = false;
    return;
  }
  Halt(std::move(stop));
}

// True if one has stopped: the first of those that are there.
bool LaunchDebugger::HaltAtBreakpoints(BlockRunner& block, const Step& step, Stop stop) {
  LaneMask fresh = step.mask;
  for (const Told& told : told_)
    if (told.block == &block && told.warp == step.warp && told.pc == step.pc) fresh &= ~told.mask;
  for (const auto& [breakpoint, places] : armed_) {
    if (!std::ranges::binary_search(places, step.pc)) continue;
    const bool at_entry = breakpoint.kind == Breakpoint::Kind::kName && step.pc == 0;
    if (at_entry && entered_.contains(breakpoint.id)) continue;
    const LaneMask lanes = LanesOf(breakpoint, block, step, fresh);
    if (lanes == 0) continue;
    stop.reason = StopReason::kBreakpoint;
    stop.breakpoint = breakpoint.id;
    stop.lane = std::countr_zero(lanes);
    stop.asked = breakpoint.asks ? lanes : 0;
    if (!Halt(stop)) continue;
    if (at_entry) entered_.insert(breakpoint.id);
    // Elsewhere lanes that are at the same instruction again have gone round.
    if (MayWait(static_cast<Operation>(kernel_.code[step.pc].kind)))
      told_.push_back({&block, step.warp, step.pc, step.mask});
    return true;
  }
  return false;
}

LaneMask LaunchDebugger::LanesOf(const Breakpoint& breakpoint, BlockRunner& block, const Step& step,
                                 LaneMask fresh) const {
  if (Differ(breakpoint.block, block.grid().IndexOf(block.index()))) return 0;
  LaneMask lanes = 0;
  for (LaneMask left = fresh; left != 0; left &= left - 1) {
    const int each = std::countr_zero(left);
    if (Differ(breakpoint.thread, ThreadAt(block.grid().shape().block, step.warp, each))) continue;
    if (breakpoint.when && !Holds(*breakpoint.when, block, step.pc, step.warp, each)) continue;
    lanes |= LaneMask{1} << each;
    if (!breakpoint.asks) break;  // one is enough
  }
  return lanes;
}

bool LaunchDebugger::EndsStep(const BlockRunner& block, const Step& step) const {
  if (stepping_.any) return true;
  if (stepping_.block != &block || stepping_.warp != step.warp) return false;
  if (stepping_.pace == Pace::kInstruction) return true;
  if ((step.mask >> stepping_.lane & 1) == 0) return false;
  const std::uint32_t depth = block.warps()[static_cast<std::size_t>(step.warp)].depth();
  if (depth < stepping_.depth) return true;
  if (stepping_.pace == Pace::kOut) return false;
  if (depth > stepping_.depth && stepping_.pace == Pace::kOver) return false;
  const InstructionNotes& notes = kernel_.notes[step.pc];
  // Without lines a line is an instruction.
  if (stepping_.line == 0) return true;
  return notes.line != 0 &&
         (notes.line != stepping_.line || notes.file != stepping_.file || depth > stepping_.depth);
}

void LaunchDebugger::NoteExit(const BlockRunner& block, int warp, LaneMask lanes) {
  if (stepping_.pace == Pace::kContinue || stepping_.block != &block || stepping_.warp != warp)
    return;
  const bool warp_ends = (block.warps()[static_cast<std::size_t>(warp)].live() & ~lanes) == 0;
  const bool by_warp = stepping_.pace == Pace::kInstruction;
  if (by_warp ? warp_ends : (lanes >> stepping_.lane & 1) != 0) stepping_.any = true;
}

bool LaunchDebugger::Halt(Stop stop) {
  stop.launch = this;
  BlockRunner& block = *stop.block;
  const bool is_over = stop.reason == StopReason::kFault || stop.reason == StopReason::kDeadlock;
  const Resumption how = session_.Halt(stop, block.grid());
  if (how.rejected) return false;
  stepping_ = {};
  if (how.pace == Pace::kContinue || is_over) return true;
  stepping_ = {how, false, {}, 0, 0};
  const BlockRunner* target = how.block;
  for (const LaneGroup& group : GroupsOf(*target, target == &block ? &stop : nullptr)) {
    if (group.warp != how.warp || (group.mask >> how.lane & 1) == 0) continue;
    const InstructionNotes& notes = kernel_.notes[group.pc];
    stepping_.file = notes.file;
    stepping_.line = notes.line;
    stepping_.depth = group.depth;
  }
  return true;
}

}  // namespace nodecuda::simulator
