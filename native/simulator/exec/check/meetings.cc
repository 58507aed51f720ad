#include "simulator/exec/check/meetings.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "simulator/exec/code/lane_masks.h"

namespace nodecuda::simulator {
namespace {

constexpr std::size_t kMostSeen = 8;

}  // namespace

Meetings::Meetings(BlockRunner& block)
    : block_(block),
      knowledge_(block.warps().size() * kWarpSize),
      threads_(knowledge_.size()),
      now_(block.warps().size()),
      due_(block.warps().size()) {}

void Meetings::Start() {
  std::ranges::fill(knowledge_, Knowledge{});
  std::ranges::fill(threads_, Thread{});
  std::ranges::fill(now_, 1);
  std::ranges::fill(due_, 0);
  channels_ = 0;
  barriers_ = {};
  warps_.clear();
}

void Meetings::Leave(SyncPoint& point, int warp, LaneMask lanes) {
  std::uint32_t& now = now_[static_cast<std::size_t>(warp)];
  for (; lanes != 0; lanes &= lanes - 1) {
    const std::size_t thread = ThreadOf(warp, std::countr_zero(lanes));
    point.Leave(block_.index(), static_cast<unsigned>(thread), knowledge_[thread], now);
  }
  ++now;
}

void Meetings::Learn(int warp, LaneMask lanes, unsigned channel, std::uint32_t time) {
  // Most lanes of a warp know the same.
  SharedTimes before, after;
  ForEachLane(lanes, [&](int lane) {
    SharedTimes& own = knowledge_[ThreadOf(warp, lane)].own;
    if (after == nullptr || own != before) {
      auto times = own == nullptr ? std::make_shared<Times>() : std::make_shared<Times>(*own);
      if (times->size() <= channel) times->resize(channel + std::size_t{1});
      (*times)[channel] = std::max((*times)[channel], time);
      before = own;
      after = std::move(times);
    }
    own = after;
  });
}

Knowledge Meetings::Together(int warp, LaneMask lanes) {
  SyncPoint point(knowledge_.size());
  Leave(point, warp, lanes);
  return point.Take(block_.index(), {});
}

void Meetings::GoOn(int warp, LaneMask lanes) {
  LaneMask& due = due_[static_cast<std::size_t>(warp)];
  lanes &= due;
  if (lanes == 0) return;
  due &= ~lanes;
  for (; lanes != 0; lanes &= lanes - 1) {
    const std::size_t thread = ThreadOf(warp, std::countr_zero(lanes));
    const std::shared_ptr<SyncPoint> point = std::move(threads_[thread].due);
    threads_[thread].due = nullptr;
    knowledge_[thread] = point->Take(block_.index(), knowledge_[thread]);
    // Who meets from now on meets anew.
    std::erase_if(warps_, [&](const auto& open) { return open.second == point; });
  }
}

void Meetings::AtBarrier(int warp, LaneMask lanes, std::uint32_t id, bool waits) {
  std::shared_ptr<SyncPoint>& point = barriers_[id];
  if (point == nullptr) point = NewPoint();
  Leave(*point, warp, lanes);
  if (waits) ForEachLane(lanes, [&](int lane) { SetDue(warp, lane, point); });
}

void Meetings::BarrierReleased(std::uint32_t id) {
  barriers_[id] = nullptr;
}

void Meetings::AtWarp(int warp, LaneMask lanes, LaneMask members) {
  std::shared_ptr<SyncPoint>& point = warps_[{warp, members}];
  if (point == nullptr) point = NewPoint();
  Leave(*point, warp, lanes);
  ForEachLane(lanes, [&](int lane) { SetDue(warp, lane, point); });
}

void Meetings::Fence(int warp, LaneMask lanes, Scope scope) {
  for (; lanes != 0; lanes &= lanes - 1) {
    const std::size_t index = ThreadOf(warp, std::countr_zero(lanes));
    Thread& thread = threads_[index];
    for (const auto& point : std::exchange(thread.seen, {}))
      knowledge_[index] = point->Take(block_.index(), knowledge_[index]);
    thread.fenced = knowledge_[index];
    thread.fenced_at = Now(warp);
    thread.fenced_for = scope;
  }
  ++now_[static_cast<std::size_t>(warp)];
}

void Meetings::Strong(int warp, int lane, const Traits& traits, bool reads, bool writes,
                      MeetingWords& words, std::uint64_t address) {
  const std::size_t index = ThreadOf(warp, lane);
  Thread& thread = threads_[index];
  const auto key = [&](Scope scope) {
    const std::pair here(address, scope == Scope::kBlock ? block_.index() : kAllBlocks);
    const bool has_room = words.size() < kMostMeetingWords || words.contains(here);
    return has_room ? here : std::pair(kElsewhere, here.second);
  };
  for (const Scope scope : {Scope::kBlock, Scope::kDevice}) {
    const auto found = words.find(key(scope));
    if (!reads || found == words.end()) continue;
    if (traits.acquires) {
      knowledge_[index] = found->second->Take(block_.index(), knowledge_[index]);
    } else if (std::ranges::find(thread.seen, found->second) == thread.seen.end()) {
      if (thread.seen.size() == kMostSeen) thread.seen.erase(thread.seen.begin());
      thread.seen.push_back(found->second);
    }
  }
  if (!writes || (!traits.releases && thread.fenced_at == 0)) return;
  const Scope fence = traits.releases ? traits.scope : thread.fenced_for;
  const bool within = fence == Scope::kBlock || traits.scope == Scope::kBlock;
  std::shared_ptr<SyncPoint>& point = words[key(within ? Scope::kBlock : Scope::kDevice)];
  if (point == nullptr) point = NewPoint();
  if (traits.releases) {
    Leave(*point, warp, LaneMask{1} << lane);
  } else {
    point->Leave(block_.index(), static_cast<unsigned>(index), thread.fenced, thread.fenced_at);
  }
}

void Meetings::Arrive(int warp, int lane, Phased& at, bool phase) {
  at.Advance(phase);
  Leave(PointOf(at), warp, LaneMask{1} << lane);
}

void Meetings::Phased::Restart() {
  phase = false;
  current = complete = nullptr;
  ++number;
}

void Meetings::Phased::Advance(bool now) {
  if (phase == now) return;
  complete = std::move(current);
  current = nullptr;
  phase = now;
  ++number;
}

void Meetings::Complete(Phased& at, std::uint64_t block, const Knowledge& begun) {
  SyncPoint& point = PointOf(at);
  point.Leave(block_.index(), 0, begun, 0);
  point.Leave(block, at.channel, {}, at.number);
}

void Meetings::Waited(int warp, int lane, Phased& at, bool phase) {
  const std::shared_ptr<SyncPoint>& point = at.phase == phase ? at.complete : at.current;
  Knowledge& knowledge = knowledge_[ThreadOf(warp, lane)];
  if (point != nullptr) knowledge = point->Take(block_.index(), knowledge);
}

void Meetings::ArriveAtCluster(int warp, LaneMask lanes, Phased& at) {
  ForEachLane(lanes, [&](int lane) {
    Thread& thread = threads_[ThreadOf(warp, lane)];
    Arrive(warp, lane, at, thread.cluster_phase);
    thread.cluster_phase = !thread.cluster_phase;
    thread.cluster = at.current;
  });
}

void Meetings::WaitAtCluster(int warp, LaneMask lanes) {
  ForEachLane(lanes, [&](int lane) {
    Thread& thread = threads_[ThreadOf(warp, lane)];
    if (thread.cluster != nullptr) SetDue(warp, lane, thread.cluster);
  });
}

}  // namespace nodecuda::simulator
