#include "simulator/exec/warp/warp.h"

#include <algorithm>

namespace nodecuda::simulator {

using State = Fragment::State;

void Warp::Start(LaneMask live) {
  live_ = live;
  count_ = 0;
  depth_ = 0;
  arrived = {};
  cluster_arrived = cluster_wait_due = timed_out = 0;
  if (live != 0) Put(0, live);
}

void Warp::Add(const Fragment& fragment) {
  for (int i = 0; i < count_; ++i) {
    Fragment& other = fragments_[static_cast<std::size_t>(i)];
    if (other.pc != fragment.pc || other.depth != fragment.depth ||
        other.state != fragment.state || other.key != fragment.key)
      continue;
    other.mask |= fragment.mask;
    return;
  }
  // Lanes are disjoint, so there are never more than 32.
  fragments_[static_cast<std::size_t>(count_++)] = fragment;
}

bool Warp::Take(Cursor* cursor) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  int first = -1;
  std::uint32_t limit = kNone;
  for (int i = 0; i < count_; ++i) {
    const Fragment& candidate = fragments_[static_cast<std::size_t>(i)];
    if (candidate.state != State::kReady) continue;
    if (first < 0 || candidate.depth > fragment(first).depth) {
      first = i;
      limit = kNone;
    } else if (candidate.depth == fragment(first).depth) {
      limit = std::min(limit, std::max(candidate.pc, fragment(first).pc));
      if (candidate.pc < fragment(first).pc) first = i;
    }
  }
  if (first < 0) return false;
  *cursor = {fragment(first).pc, fragment(first).mask, limit};
  depth_ = fragment(first).depth;
  Remove(first);
  return true;
}

bool Warp::WakeRested() {
  bool any = false;
  for (int i = 0; i < count_;) {
    const Fragment rested = fragment(i);
    if (rested.state != State::kRested) {
      ++i;
      continue;
    }
    any = true;
    Remove(i);
    MakeReady(rested);
    i = 0;
  }
  return any;
}

void Warp::Wake(State state, std::uint32_t key) {
  for (int i = 0; i < count_;) {
    const Fragment waiting = fragment(i);
    if (waiting.state != state || waiting.key != key) {
      ++i;
      continue;
    }
    Remove(i);
    MakeReady(waiting);
    i = 0;
  }
}

LaneMask Warp::WakeAll(State state) {
  LaneMask woken = 0;
  for (int i = 0; i < count_;) {
    const Fragment waiting = fragment(i);
    if (waiting.state != state) {
      ++i;
      continue;
    }
    woken |= waiting.mask;
    Remove(i);
    MakeReady(waiting);
    i = 0;
  }
  return woken;
}

void Warp::WakeCompleteSyncs() {
  for (int i = 0; i < count_;) {
    const Fragment& first = fragment(i);
    const std::uint32_t members = first.key;
    LaneMask present = 0;
    if (first.state == State::kAtCollective && (members & live_ & ~first.mask) == 0) {
      const Fragment complete = first;
      Remove(i);
      MakeReady(complete);
      i = 0;
      continue;
    }
    if (first.state == State::kAtWarpSync) {
      for (int j = 0; j < count_; ++j)
        if (fragment(j).state == State::kAtWarpSync && fragment(j).key == members)
          present |= fragment(j).mask;
      if ((members & live_ & ~present) == 0) {
        Wake(State::kAtWarpSync, members);
        i = 0;
        continue;
      }
    }
    ++i;
  }
}

bool Warp::HasReady() const {
  for (int i = 0; i < count_; ++i)
    if (fragment(i).state == State::kReady) return true;
  return false;
}

}  // namespace nodecuda::simulator
