#ifndef NODECUDA_SIMULATOR_EXEC_WARP_WARP_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_WARP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

inline constexpr int kBarriers = 16;  // per block

// Lanes of a warp that stand at the same instruction, after equally many calls. A warp's fragments
// have disjoint lanes.
struct Fragment {
  enum class State : std::uint8_t {
    kReady,
    kRested,        // ready, but has used up its turn
    kAtBarrier,     // `key`: the barrier's id
    kAtWarpSync,    // `key`: the member mask
    kAtCollective,  // the same, but before the instruction: it is run when all have come
    kAtMbarrier,    // at the try_wait itself; `key`: the mbarrier's offset in shared memory
    kAtClusterBarrier,
  };
  std::uint32_t pc = 0;
  LaneMask mask = 0;
  std::uint32_t tag = 0;  // depth of calls and state, in one word to compare
  std::uint32_t key = 0;

  static std::uint32_t Tag(std::uint32_t depth, State state) {
    return depth << 8 | static_cast<std::uint32_t>(state);
  }
  State state() const { return static_cast<State>(tag & 0xff); }
  std::uint32_t depth() const { return tag >> 8; }
};

// The place where a running fragment is; it has been taken out of its warp.
struct Cursor {
  std::uint32_t pc = 0;
  LaneMask mask = 0;
  // The lowest pc of another ready fragment of its depth: there, or beyond, the running one must
  // stop.
  std::uint32_t limit = std::numeric_limits<std::uint32_t>::max();
};

// One warp: its lanes and where they are. The deepest in calls run first, of these the lowest pc,
// which brings fragments together again where their paths meet without any analysis of the control
// flow.
class Warp {
 public:
  // All lanes of `live` at the first instruction.
  void Start(LaneMask live);

  // Puts lanes at `pc`, at the depth of the running fragment; ready lanes at the same pc become one
  // fragment.
  void Put(std::uint32_t pc, LaneMask mask, Fragment::State state = Fragment::State::kReady,
           std::uint32_t key = 0) {
    Add(pc, mask, Fragment::Tag(depth_, state), key);
  }
  // Takes out the ready fragment that is to run; false if there is none.
  bool Take(Cursor* cursor);
  // The running fragment calls and returns.
  void Enter() { ++depth_; }
  void Leave() { --depth_; }
  std::uint32_t depth() const { return depth_; }
  // Makes the fragments that have had their turn ready again. True if there were any.
  bool WakeRested();
  // Makes the fragments ready that wait in `state` with `key`.
  void Wake(Fragment::State state, std::uint32_t key);
  // Likewise whatever the key; returns their lanes.
  LaneMask WakeAll(Fragment::State state);
  // Lets go those that wait for lanes of their warp and whose members have all come or left. Of a
  // collective, one of the places at which they have come.
  void WakeCompleteSyncs(const Instruction* code);
  // The lanes that wait for `members` in the collective at `pc`, there and at other places.
  LaneMask AtCollective(const Instruction* code, std::uint32_t pc, std::uint32_t members) const;
  // Lets a fragment that waits before its instruction go on behind it.
  void Pass(int index);
  void Exit(LaneMask lanes) { live_ &= ~lanes; }

  bool HasReady() const;
  LaneMask live() const { return live_; }
  int fragment_count() const { return count_; }
  const Fragment& fragment(int index) const { return fragments_[static_cast<std::size_t>(index)]; }

  std::array<LaneMask, kBarriers> arrived = {};  // lanes that have come to each barrier
  LaneMask cluster_arrived = 0;   // lanes that have come to the cluster's barrier in its phase
  LaneMask cluster_wait_due = 0;  // lanes that have come to it and not yet waited
  LaneMask timed_out = 0;         // lanes whose mbarrier.try_wait is to give up

 private:
  void Add(std::uint32_t pc, LaneMask mask, std::uint32_t tag, std::uint32_t key);
  void MakeReady(const Fragment& fragment) {
    const std::uint32_t tag = Fragment::Tag(fragment.depth(), Fragment::State::kReady);
    Add(fragment.pc, fragment.mask, tag, 0);
  }
  void Remove(int index) {
    fragments_[static_cast<std::size_t>(index)] = fragments_[static_cast<std::size_t>(--count_)];
  }

  LaneMask live_ = 0;
  std::uint32_t depth_ = 0;  // of the running fragment
  int count_ = 0;
  std::array<Fragment, kWarpSize> fragments_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_WARP_H_
