#include "simulator/exec/check/launch_checker.h"

#include <bit>

#include "simulator/exec/check/block_checker.h"

namespace nodecuda::simulator {

std::unique_ptr<BlockObserver> LaunchChecker::Watch(BlockRunner& block) {
  if (!reporter_) reporter_.emplace(block.grid(), log_);
  return std::make_unique<BlockChecker>(block, *this);
}

void LaunchChecker::Deadlocked(const BlockRunner& block, const std::string& report) {
  // Where its first lanes wait.
  Actor at{block.index()};
  for (std::size_t warp = 0; warp < block.warps().size(); ++warp) {
    const Warp& state = block.warps()[warp];
    if (state.fragment_count() == 0) continue;
    const Fragment& fragment = state.fragment(0);
    const bool before = fragment.state() == Fragment::State::kAtMbarrier ||
                        fragment.state() == Fragment::State::kAtCollective;
    at.warp = static_cast<int>(warp);
    at.lane = std::countr_zero(fragment.mask);
    at.pc = fragment.pc - (before ? 0 : 1);
    break;
  }
  reporter_->Report(CheckKind::kSync, 0, at, {}, [&] { return report; });
}

void LaunchChecker::Finish() {
  for (const auto& [pc, use] : barriers) {
    if (use.idle == 0 || use.needed != 0) continue;
    reporter_->Report(CheckKind::kSync, 1, use.actor, {.is_advice = true}, [] {
      return std::string(
          "no instruction between the barrier before and this one touches memory: one of them may "
          "go");
    });
  }
}

}  // namespace nodecuda::simulator
