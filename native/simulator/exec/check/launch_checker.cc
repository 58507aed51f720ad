#include "simulator/exec/check/launch_checker.h"

#include <bit>
#include <unordered_map>

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
                        fragment.state() == Fragment::State::kAtCollective ||
                        fragment.state() == Fragment::State::kReady ||
                        fragment.state() == Fragment::State::kRested;
    at.warp = static_cast<int>(warp);
    at.lane = std::countr_zero(fragment.mask);
    at.pc = fragment.pc - (before ? 0 : 1);
    break;
  }
  reporter_->Report(CheckKind::kSync, 0, at, {}, [&] { return report; });
}

void LaunchChecker::Finish(Footprint* footprint) {
  AdviseOnBarriers();
  if (footprint != nullptr) TellFootprint(footprint);
}

// Of the traces that are left: what was overwritten in order is covered by what has done so.
void LaunchChecker::TellFootprint(Footprint* footprint) const {
  std::unordered_map<std::uint32_t, std::size_t> places;  // by instruction
  const auto place_of = [&](const Trace& trace) {
    const auto [found, is_new] = places.try_emplace(trace.pc, footprint->places.size());
    if (is_new)
      footprint->places.push_back(
          {reporter_->PlaceOf(ActorOf(trace, std::countr_zero(trace.lanes))), trace.pc});
    return found->second;
  };
  words.ForEach([&](std::uint64_t address, const Word& word) {
    for (int way = 0; way < Footprint::kWays; ++way) {
      unsigned bytes = 0;
      const Trace* first = nullptr;
      for (const Trace& trace : word.traces()) {
        const bool is_strong = trace.is_strong && trace.scope != Scope::kBlock;
        if (way != (trace.is_write ? 1 : 0) + (is_strong ? 2 : 0)) continue;
        bytes |= trace.bytes;
        if (first == nullptr) first = &trace;
      }
      while (bytes != 0) {
        const int begin = std::countr_zero(bytes), count = std::countr_one(bytes >> begin);
        bytes &= bytes + (1u << begin);
        const std::uintptr_t from = address + static_cast<unsigned>(begin);
        const std::size_t place = place_of(*first);
        auto& ranges = footprint->ranges[static_cast<std::size_t>(way)];
        if (!ranges.empty() && ranges.back().end == from && ranges.back().place == place)
          ranges.back().end += static_cast<unsigned>(count);
        else
          ranges.push_back({from, from + static_cast<unsigned>(count), place});
      }
    }
  });
}

void LaunchChecker::AdviseOnBarriers() {
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
