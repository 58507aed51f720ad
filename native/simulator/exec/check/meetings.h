#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_MEETINGS_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_MEETINGS_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/check/order.h"
#include "simulator/exec/touch/traits.h"

namespace nodecuda::simulator {

// The words of device memory at which threads meet by atomic operations, by address and by the
// block that they are for: kAllBlocks, or one.
using MeetingWords = std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<SyncPoint>>;
inline constexpr std::uint64_t kAllBlocks = ~std::uint64_t{0};
// So many words are told apart; all others are one.
inline constexpr std::size_t kMostMeetingWords = 1 << 14;
inline constexpr std::uint64_t kElsewhere = ~std::uint64_t{0};

// What the threads of a block know of each other and of other blocks, from where they have met:
// barriers, lanes of a warp in one collective instruction, fences around strong accesses,
// mbarriers, the barrier of the cluster.
class Meetings {
 public:
  explicit Meetings(BlockRunner& block);
  void Start();

  std::span<const Knowledge> OfWarp(int warp) const {
    return {knowledge_.data() + static_cast<std::size_t>(warp) * kWarpSize, kWarpSize};
  }
  // The time of what the lanes of a warp do now.
  std::uint32_t Now(int warp) const { return now_[static_cast<std::size_t>(warp)]; }

  // What goes on beside the threads, a copy or a matrix product, is done by a channel: one thread
  // more of the block as far as times go, which are up to who uses it. Whoever waits for it learns
  // of it.
  unsigned NewChannel() { return static_cast<unsigned>(knowledge_.size()) + channels_++; }
  void Learn(int warp, LaneMask lanes, unsigned channel, std::uint32_t time);
  // What lanes know together, and have done so far: what is begun by them now comes after that.
  Knowledge Together(int warp, LaneMask lanes);

  // Lanes go on, after what they had to wait for.
  void GoOn(int warp, LaneMask lanes);
  // They come to a barrier, and wait there or not; all who came are about to go on.
  void AtBarrier(int warp, LaneMask lanes, std::uint32_t id, bool waits);
  void BarrierReleased(std::uint32_t id);
  // They come to where the lanes `members` of their warp meet.
  void AtWarp(int warp, LaneMask lanes, LaneMask members);
  void Fence(int warp, LaneMask lanes, Scope scope);
  // A strong access of one lane to the word that `words` knows as `address`.
  void Strong(int warp, int lane, const Traits& traits, bool reads, bool writes,
              MeetingWords& words, std::uint64_t address);
  // Arrivals at, and the end of a wait for, something in phases that several know: an mbarrier, the
  // barrier of a cluster. `phase` is the one it is in.
  struct Phased {
    bool phase = false;
    std::shared_ptr<SyncPoint> current, complete;
    std::uint32_t number = 1;  // of the phase, among all that there were
    unsigned channel = 0;  // of the copies that it counts, which takes this for times; 0: none yet
    void Restart();
    // Goes on to the phase it is in now, if it is another.
    void Advance(bool now);
  };
  void Arrive(int warp, int lane, Phased& at, bool phase);
  void Waited(int warp, int lane, Phased& at, bool phase);
  // A copy ends there, which was begun by a thread of this block that knew `begun`. The barrier,
  // and its channel, are of `block`.
  void Complete(Phased& at, std::uint64_t block, const Knowledge& begun);
  // The barrier of the cluster, where each thread arrives and waits in turn.
  void ArriveAtCluster(int warp, LaneMask lanes, Phased& at);
  void WaitAtCluster(int warp, LaneMask lanes);

 private:
  struct Thread {
    std::shared_ptr<SyncPoint> due;  // what it takes when it goes on
    // Since the last fence: where it has read by strong accesses.
    std::vector<std::shared_ptr<SyncPoint>> seen;
    // What the last fence lets others know, once it writes by a strong access.
    Knowledge fenced;
    std::uint32_t fenced_at = 0;  // 0: there was none
    Scope fenced_for = Scope::kBlock;
    std::shared_ptr<SyncPoint> cluster;  // where it has arrived
    bool cluster_phase = false;
  };
  void SetDue(int warp, int lane, const std::shared_ptr<SyncPoint>& point) {
    due_[static_cast<std::size_t>(warp)] |= LaneMask{1} << lane;
    threads_[ThreadOf(warp, lane)].due = point;
  }
  void Leave(SyncPoint& point, int warp, LaneMask lanes);
  std::shared_ptr<SyncPoint> NewPoint() const {
    return std::make_shared<SyncPoint>(knowledge_.size());
  }
  SyncPoint& PointOf(Phased& at) const {
    if (at.current == nullptr) at.current = NewPoint();
    return *at.current;
  }
  std::size_t ThreadOf(int warp, int lane) const {
    return static_cast<std::size_t>(warp) * kWarpSize + static_cast<std::size_t>(lane);
  }

  BlockRunner& block_;
  std::vector<Knowledge> knowledge_;  // by thread
  std::vector<Thread> threads_;
  std::vector<std::uint32_t> now_;  // by warp
  std::vector<LaneMask> due_;       // by warp: lanes with something to take
  unsigned channels_ = 0;
  std::array<std::shared_ptr<SyncPoint>, kBarriers> barriers_;
  std::map<std::pair<int, LaneMask>, std::shared_ptr<SyncPoint>> warps_;  // by warp and members
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_MEETINGS_H_
