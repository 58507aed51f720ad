#include "simulator/exec/warp/warp.h"

#include <algorithm>

#include "simulator/exec/code/program.h"

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

void Warp::Add(std::uint32_t pc, LaneMask mask, std::uint32_t tag, std::uint32_t key) {
  for (int i = 0; i < count_; ++i) {
    Fragment& other = fragments_[static_cast<std::size_t>(i)];
    if (other.pc != pc || other.tag != tag || other.key != key) continue;
    other.mask |= mask;
    return;
  }
  // Lanes are disjoint, so there are never more than 32.
  fragments_[static_cast<std::size_t>(count_++)] = {pc, mask, tag, key};
}

bool Warp::Take(Cursor* cursor) {
  // Depth and pc as one number: the smallest runs.
  constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t first = kNone, second = kNone;
  int index = -1;
  for (int i = 0; i < count_; ++i) {
    const Fragment& candidate = fragments_[static_cast<std::size_t>(i)];
    if (candidate.state() != State::kReady) continue;
    const std::uint64_t order = std::uint64_t{~candidate.tag} << 32 | candidate.pc;
    if (order < first) {
      second = first;
      first = order;
      index = i;
    } else if (order < second) {
      second = order;
    }
  }
  if (index < 0) return false;
  const bool same_depth = first >> 32 == second >> 32;
  *cursor = {fragment(index).pc, fragment(index).mask,
             same_depth ? static_cast<std::uint32_t>(second) : Cursor().limit};
  depth_ = fragment(index).depth();
  Remove(index);
  return true;
}

bool Warp::WakeRested() {
  bool any = false;
  for (int i = 0; i < count_;) {
    const Fragment rested = fragment(i);
    if (rested.state() != State::kRested) {
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
    if (waiting.state() != state || waiting.key != key) {
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
    if (waiting.state() != state) {
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

LaneMask Warp::AtCollective(const Instruction* code, std::uint32_t pc,
                            std::uint32_t members) const {
  LaneMask lanes = 0;
  for (int i = 0; i < count_; ++i) {
    const Fragment& other = fragment(i);
    if (other.state() == State::kAtCollective && other.key == members &&
        SameCollective(code[pc], code[other.pc]))
      lanes |= other.mask;
  }
  return lanes;
}

void Warp::Pass(int index) {
  Fragment fragment = fragments_[static_cast<std::size_t>(index)];
  Remove(index);
  ++fragment.pc;
  MakeReady(fragment);
}

void Warp::WakeCompleteSyncs(const Instruction* code) {
  for (int i = 0; i < count_;) {
    const Fragment& first = fragment(i);
    const std::uint32_t members = first.key;
    LaneMask present = 0;
    if (first.state() == State::kAtCollective &&
        (members & live_ & ~AtCollective(code, first.pc, members)) == 0) {
      const Fragment complete = first;
      Remove(i);
      MakeReady(complete);
      i = 0;
      continue;
    }
    if (first.state() == State::kAtWarpSync) {
      for (int j = 0; j < count_; ++j)
        if (fragment(j).state() == State::kAtWarpSync && fragment(j).key == members)
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
    if (fragment(i).state() == State::kReady) return true;
  return false;
}

}  // namespace nodecuda::simulator
