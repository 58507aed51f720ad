#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_BLOCK_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_BLOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "simulator/exec/block/async.h"
#include "simulator/exec/block/grid.h"
#include "simulator/exec/block/observer.h"
#include "simulator/exec/code/async.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/memory/memory_view.h"
#include "simulator/exec/warp/async_copy.h"
#include "simulator/exec/warp/warp.h"

namespace nodecuda::simulator {

class Cluster;
struct BulkCopy;

// Runs blocks of one grid, one after the other, together with the others of their cluster.
// Belongs to one worker for the time of a launch.
class BlockRunner {
  // Registers and local memory need the alignment of the widest vector.
  struct alignas(64) Line {
    std::byte bytes[64];
  };

 public:
  BlockRunner(Grid& grid, Cluster& cluster, int rank);
  // `cluster` holds the shared memory of all blocks, this one's included, by rank.
  void Connect(std::span<const SharedMemory> cluster);
  SharedMemory shared();

  void Start(std::uint64_t block);
  // Gives every warp that can run a turn, and sets *progress if there was one. False: a fault,
  // which the grid has been told, or the grid was abandoned.
  bool RunRound(bool* progress);
  std::uint32_t running_threads() const { return running_threads_; }
  bool used_turn() const { return used_turn_; }  // a warp all of its own, in the last round

  // Lets the waits at mbarriers give up. True if there were any.
  bool ExpireWaits();
  void WakeAtMbarrier(std::uint32_t offset);
  // True when every thread that runs has come to the cluster's barrier; *any if there is one.
  bool HaveArrivedAtClusterBarrier(bool* any) const;
  void ReleaseClusterBarrier();
  // Moves the data of a copy that this block has issued, and signals its end.
  bool Finish(const BulkCopy& copy);
  std::string BlockName() const;  // "block (0,0,0)"
  // One line for each group of lanes: where it stands, and what it waits for.
  void DescribePlaces(std::vector<std::string>* lines);

  // For observers.
  const Grid& grid() const { return grid_; }
  int rank() const { return rank_; }
  std::uint64_t index() const { return block_; }
  std::uint32_t threads() const { return threads_; }
  std::span<const Warp> warps() const { return warps_; }
  MemoryView& view() { return view_; }
  std::byte* FileOf(int warp) {
    return registers_.data()->bytes + static_cast<std::size_t>(warp) * file_bytes_;
  }
  std::span<const std::byte> LocalOfThread(std::uint32_t thread) const {
    if (local_.empty()) return {};
    return {local_.data()->bytes + thread * local_stride_, local_stride_};
  }
  // Where a lane goes on after the call that led to `depth` + 1.
  std::uint32_t ReturnOf(int warp, std::uint32_t depth, int lane) const {
    const CallLevel& level = call_levels_[static_cast<std::size_t>(warp)][depth];
    return level.return_pc[static_cast<std::size_t>(lane)];
  }
  std::span<std::byte> local() {
    return {local_.empty() ? nullptr : local_.data()->bytes, local_.size() * sizeof(Line)};
  }

 private:
  enum class Turn { kOver, kAborted };  // kAborted: a fault, or the grid was abandoned

  void FillConstants(bool of_block);
  // `observer` is null, or what sees each instruction: a type of its own for each, so that the
  // loop that nobody watches has no trace of it.
  template <typename Observer>
  Turn RunWarp(int index, Observer observer);
  void Arrive(Warp& warp, LaneMask lanes, const Instruction& in, std::uint32_t next_pc,
              LaneMask* rest);
  void ReleaseBarrierIfComplete(std::uint32_t id);
  void WriteReductions(std::uint32_t id);
  void ParkAtWarpSync(Warp& warp, LaneMask lanes, const Instruction& in, std::uint32_t next_pc,
                      LaneMask* rest);
  void ExitLanes(Warp& warp, LaneMask lanes);

  // Calls (calls.cc). Of `lanes`, those that name the same function as the first one go there, to
  // *entry; they are left in *together. False: a fault, told.
  bool Call(int warp, std::uint32_t pc, LaneMask lanes, LaneMask* together, std::uint32_t* entry);
  bool FindTarget(int warp, std::uint32_t pc, const CallSite& site, LaneMask lanes,
                  LaneMask* together, std::uint32_t* callee);
  // A collective whose members have come at several places in the code, `lanes` at `pc` the last of
  // them. The others go on; false if members are missing.
  bool RunScattered(int warp, std::uint32_t pc, LaneMask lanes, std::uint32_t members);

  // Puts lanes, whose warp is at the depth they return to, where they were called.
  void Return(int warp, const Instruction& in, LaneMask lanes);
  // Moves the stack pointers of lanes, which stand at `pc`, by as many bytes as each has.
  template <typename BytesOf>
  bool Push(int warp, std::uint32_t pc, LaneMask lanes, BytesOf bytes_of);
  bool AllocateStack(int warp, std::uint32_t pc, LaneMask lanes);
  bool RestoreStack(int warp, std::uint32_t pc, LaneMask lanes);
  void GrowLocal(std::size_t stride);
  void SetLocal(int warp) {
    if (local_stride_ != 0) view_.SetLocal(LocalOf(warp), local_stride_);
  }
  std::byte* LocalOf(int warp) {
    return local_.data()->bytes + static_cast<std::size_t>(warp) * kWarpSize * local_stride_;
  }

  // What the instructions of kind kAsync do (code/async.h). False: a fault, told. Lanes that must
  // wait are put into their warp and left out of *passed.
  bool RunAsync(int warp, std::uint32_t pc, LaneMask lanes, LaneMask* passed);
  bool DispatchAsync(int warp, std::uint32_t pc, LaneMask lanes, LaneMask* passed);
  bool RunMbarrier(int warp, const Instruction& in, LaneMask lanes);
  bool RunMbarrierLane(const Instruction& in, std::byte* file, int lane);
  bool RunMbarrierWait(int warp, std::uint32_t pc, LaneMask lanes, LaneMask* passed);
  bool FindMbarrier(ptx::Space space, std::uint64_t address, int lane, MbarrierPlace* place);
  template <typename Change>
  bool ChangeMbarrier(const MbarrierPlace& place, int lane, Change change);
  bool RunMapa(const Instruction& in, std::byte* file, LaneMask lanes);
  bool ArriveAtClusterBarrier(Warp& warp, LaneMask lanes);
  bool WaitAtClusterBarrier(Warp& warp, std::uint32_t pc, LaneMask lanes, LaneMask* passed);
  bool IssueCopies(int warp, std::uint32_t pc, LaneMask lanes);
  bool FillTensorCopy(const Instruction& in, const std::byte* file, int lane, BulkCopy* copy);
  bool FillLinearCopy(const Instruction& in, const std::byte* file, int lane, BulkCopy* copy);
  bool FillTargets(std::uint64_t destination, std::uint64_t mbarrier, const std::byte* mask_slot,
                   int lane, BulkCopy* copy);
  bool MayOverwrite(const BulkCopy& copy);
  bool RunMapReplace(const Instruction& in, const std::byte* file, LaneMask lanes);
  bool RunMapCopy(const Instruction& in, const std::byte* file, LaneMask lanes);
  bool RunBulkGroup(int warp, const Instruction& in, LaneMask lanes);
  bool SignalEnd(const BulkCopy& copy);
  WgmmaReads& WgmmaReadsOf(int warp);
  bool RunWgmma(int warp, const Instruction& in, std::byte* file, LaneMask lanes);
  bool RunWgmmaGroup(int warp, const Instruction& in, LaneMask lanes);

  Turn Fault(int warp, std::uint32_t pc, int lane, Status status, const std::string& what);
  std::string Where(std::uint32_t pc) const;
  std::string WaitsFor(const Fragment& fragment) const;

  struct Barrier {
    std::uint32_t arrived = 0;   // threads
    std::uint32_t expected = 0;  // threads, in whole warps; 0: all of the block that still run
    std::uint32_t reducing = 0, holding = 0;  // threads of bar.red; those whose predicate holds
  };

  Grid& grid_;
  Cluster& cluster_;
  const int rank_;  // in the cluster
  const DecodedKernel& kernel_;
  const std::uint32_t threads_;
  const std::size_t file_bytes_;
  std::size_t local_stride_;  // from one lane's local memory to the next one's
  MemoryView view_;
  std::vector<Line> registers_, shared_, local_;
  std::vector<Warp> warps_;
  // What the callers at each depth have left: where their lanes go on, and registers.
  struct CallLevel {
    std::array<std::uint32_t, kWarpSize> return_pc;
    std::vector<Line> saved;
  };
  std::vector<std::vector<CallLevel>> call_levels_;  // by warp
  std::vector<AsyncCopies> copies_;  // one a warp where the launch wants them late, else none
  std::array<Barrier, kBarriers> barriers_;
  std::vector<WgmmaReads> wgmma_reads_;     // by warp; none before the block's first wgmma
  std::vector<std::uint32_t> bulk_groups_;  // committed so far, by thread
  std::uint64_t block_ = 0, round_ = 0;
  std::uint32_t running_threads_ = 0;
  bool used_turn_ = false;
  const std::unique_ptr<BlockObserver> observer_;  // null: nobody watches
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_BLOCK_H_
