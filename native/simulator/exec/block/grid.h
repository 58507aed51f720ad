#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_GRID_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_GRID_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "simulator/exec/code/kernel.h"
#include "simulator/exec/code/lane_constants.h"
#include "simulator/exec/code/program.h"
#include "simulator/memory/device_memory.h"

namespace nodecuda::simulator {

class LaunchObserver;

// One launch while it runs: hands out clusters of blocks to the workers, in order, and collects
// the outcome. Blocks are numbered cluster by cluster, x first; without clusters that is just x
// first. All members may be called from any worker.
class Grid {
 public:
  // `id` counts the device's launches; `workspace` is the address of the one that a cooperative
  // launch has, 0 for others. `threads`: that run its blocks. `observer` may be null.
  Grid(const Launch& launch, DeviceMemory& memory, const std::atomic<bool>& stop, std::uint64_t id,
       std::uint64_t workspace, int threads, LaunchObserver* observer);

  // The first block of the next cluster; false when there is none left or the grid has ended early.
  bool Next(std::uint64_t* block);
  // True when `block` need not run on: the launch was stopped, or an earlier block has faulted.
  // A later block's fault does not end it, so the fault reported is that of the first block.
  bool Abandoned(std::uint64_t block) const {
    return stop_.load(std::memory_order_relaxed) ||
           block > faulted_.load(std::memory_order_relaxed);
  }
  // The same for all of them, as one has faulted.
  bool AllAbandoned() const { return Abandoned(kNoBlock); }
  void Fail(std::uint64_t block, Outcome outcome);
  Outcome Finish() const;

  Dim3 IndexOf(std::uint64_t block) const;
  std::uint64_t clusters() const { return count_ / cluster_size_; }
  int cluster_size() const { return static_cast<int>(cluster_size_); }
  const DecodedKernel& kernel() const { return kernel_; }
  const LaunchShape& shape() const { return shape_; }
  const Launch& launch() const { return launch_; }
  DeviceMemory& memory() const { return memory_; }
  // Clusters that each thread may hold at one time.
  std::uint64_t resident_clusters() const;
  // It has taken longer than it may.
  bool Overdue() const { return deadline_ && std::chrono::steady_clock::now() > *deadline_; }
  std::string Lateness() const;  // "not done after 50 ms"
  // All blocks run on one thread.
  bool alone() const { return threads_ == 1 || clusters() == 1; }
  LaunchObserver* observer() const { return observer_; }

 private:
  const Launch& launch_;
  const DecodedKernel& kernel_;
  DeviceMemory& memory_;
  const std::atomic<bool>& stop_;
  LaunchObserver* const observer_;
  LaunchShape shape_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  const int threads_;
  std::uint64_t count_;
  std::uint64_t cluster_size_;
  std::atomic<std::uint64_t> next_{0};
  static constexpr std::uint64_t kNoBlock = ~std::uint64_t{0};
  std::atomic<std::uint64_t> faulted_{kNoBlock};  // the lowest block that faulted
  std::mutex mutex_;
  Outcome outcome_;  // of that block
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_GRID_H_
