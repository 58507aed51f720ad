#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_CLUSTER_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_CLUSTER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/block/grid.h"
#include "simulator/exec/memory/bulk_copy.h"
#include "simulator/exec/memory/memory_view.h"

namespace nodecuda::simulator {

inline constexpr std::uint64_t kMaxCluster = 16;  // blocks, on any device

// Runs the clusters of one grid, one after the other; without clusters they are of one block. The
// blocks of a cluster take turns on the worker that the runner belongs to.
class Cluster {
 public:
  explicit Cluster(Grid& grid);

  // Begins with a cluster, at its first block.
  void Start(std::uint64_t first_block);
  // Gives each of its blocks a turn. False: there was none to give, as all have exited, or a fault
  // has been told to the grid.
  bool RunRound();
  // In the last round a warp went on for as long as it might.
  bool used_turn() const;

  // What the blocks tell and ask.
  int size() const { return static_cast<int>(blocks_.size()); }
  BlockRunner& block(int rank) { return *blocks_[static_cast<std::size_t>(rank)]; }
  // Something that others may wait for has happened: waiting is not in vain.
  void NoteEvent() { ++events_; }
  void NoteExit(int rank);    // of threads
  void NoteBarrierArrival();  // of threads, at the cluster's barrier
  // False: too many were under way, were finished, and one of them faulted.
  bool Enqueue(BulkCopy copy);
  // A copy has faulted, and the grid has been told.
  bool failed() const { return failed_; }
  // The copies of one thread that are not yet in a group come into this one.
  void CommitGroup(int rank, int thread, std::uint32_t group);
  // Finishes the copies of one thread in groups up to this one.
  bool FinishGroups(int rank, int thread, std::uint32_t last_group);

 private:
  void ReleaseBarrierIfComplete();
  bool FinishCopies();
  bool ExpireWaits();
  // `what`, and where all threads stand.
  std::string Describe(const std::string& what);
  void ReportDeadlock();
  void ReportOverdue();

  Grid& grid_;
  std::vector<std::unique_ptr<BlockRunner>> blocks_;
  std::vector<SharedMemory> shared_;
  std::vector<BulkCopy> copies_;  // issued and not yet finished, in order
  std::uint64_t first_block_ = 0;
  std::uint64_t round_ = 0;
  std::uint64_t events_ = 0, events_at_expiry_ = 0;
  int vain_expiries_ = 0;
  bool failed_ = false;
  bool barrier_in_use_ = false;  // threads have come to it, and may wait
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_CLUSTER_H_
