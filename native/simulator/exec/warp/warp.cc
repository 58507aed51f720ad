#include "simulator/exec/warp/warp.h"

#include <algorithm>

namespace nodecuda::simulator {

using State = Fragment::State;

void Warp::Start(LaneMask live) {
  live_ = live;
  count_ = 0;
  arrived = {};
  cluster_arrived = cluster_wait_due = timed_out = 0;
  if (live != 0) Put(0, live);
}

void Warp::Put(std::uint32_t pc, LaneMask mask, State state, std::uint32_t key) {
  for (int i = 0; i < count_; ++i) {
    Fragment& other = fragments_[static_cast<std::size_t>(i)];
    if (other.pc != pc || other.state != state || other.key != key) continue;
    other.mask |= mask;
    return;
  }
  // Lanes are disjoint, so there are never more than 32.
  fragments_[static_cast<std::size_t>(count_++)] = {pc, mask, state, key};
}

bool Warp::Take(Cursor* cursor) {
  int lowest = -1;
  std::uint32_t limit = std::numeric_limits<std::uint32_t>::max();
  for (int i = 0; i < count_; ++i) {
    const Fragment& candidate = fragments_[static_cast<std::size_t>(i)];
    if (candidate.state != State::kReady) continue;
    if (lowest < 0 || candidate.pc < fragment(lowest).pc) {
      if (lowest >= 0) limit = std::min(limit, fragment(lowest).pc);
      lowest = i;
    } else {
      limit = std::min(limit, candidate.pc);
    }
  }
  if (lowest < 0) return false;
  *cursor = {fragment(lowest).pc, fragment(lowest).mask, limit};
  Remove(lowest);
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
    Put(rested.pc, rested.mask);
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
    Put(waiting.pc, waiting.mask);
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
    Put(waiting.pc, waiting.mask);
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
      Put(complete.pc, complete.mask);
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
