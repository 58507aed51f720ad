#include "simulator/engine.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "simulator/exec/block/cluster.h"
#include "simulator/exec/block/grid.h"
#include "simulator/exec/block/pool.h"
#include "simulator/exec/check/launch_checker.h"
#include "simulator/exec/code/lane_constants.h"
#include "simulator/exec/debug/launch_debugger.h"
#include "simulator/exec/meter/launch_meter.h"

namespace nodecuda::simulator {
namespace {

constexpr std::uint64_t kMaxThreads = 1024;  // per block, as on every device

class PooledEngine final : public Engine {
 public:
  explicit PooledEngine(int workers) : pool_(workers) {}

  Outcome Run(const Launch& launch, DeviceMemory& memory, const std::atomic<bool>& stop) override;

 private:
  Pool pool_;
  std::uint64_t launches_ = 0;  // Run is called by one thread at a time
};

// The runtime has checked the launch for what a device would refuse; this is what the interpreter
// itself could not survive.
Outcome CheckLaunch(const Launch& launch, const DecodedKernel& kernel) {
  const std::uint64_t plane = std::uint64_t{launch.block.x} * launch.block.y;
  if (plane == 0 || plane > kMaxThreads || launch.block.z == 0 || launch.block.z > kMaxThreads ||
      plane * launch.block.z > kMaxThreads || launch.grid.x == 0 || launch.grid.y == 0 ||
      launch.grid.z == 0)
    return {Status::kInvalidConfiguration, "kernel " + kernel.name + ": grid or block size"};
  const Dim3& cluster = launch.cluster;
  const bool divides = cluster.x != 0 && cluster.y != 0 && cluster.z != 0 &&
                       launch.grid.x % cluster.x == 0 && launch.grid.y % cluster.y == 0 &&
                       launch.grid.z % cluster.z == 0;
  if (!divides || std::uint64_t{cluster.x} * cluster.y > kMaxCluster || cluster.z > kMaxCluster ||
      std::uint64_t{cluster.x} * cluster.y * cluster.z > kMaxCluster)
    return {Status::kInvalidClusterSize, "kernel " + kernel.name + ": cluster size"};
  // What is reserved, and rounded up, besides.
  constexpr std::size_t kMost = kMaxSharedBytes - 2 * kReservedSharedBytes;
  if (launch.dynamic_shared_bytes > kMost - kernel.dynamic_shared_offset)
    return {Status::kLaunchOutOfResources, "kernel " + kernel.name + ": shared memory"};
  if (launch.parameters.size() < kernel.parameter_bytes)
    return {Status::kInvalidValue, "kernel " + kernel.name + ": too few bytes of parameters"};
  return {};
}

// How long a thread runs the clusters that it has before it begins with one more: they may wait for
// what a later block does. Counted in rounds of each; one in which a warp has used up its turn, as
// a warp that polls does, counts for many.
constexpr int kPatience = 1 << 14, kUsedTurn = 64;

// Runs clusters one after the other, or several in turns: all of them in a cooperative launch, else
// as many as the device would hold, and no more than it takes to go on.
void RunClusters(Grid& grid) {
  std::vector<std::unique_ptr<Cluster>> running, ended;
  const bool cooperative = grid.launch().cooperative;
  std::uint64_t wanted = cooperative ? grid.clusters() : 1, block = 0;
  int impatience = 0;
  for (;;) {
    while (running.size() < wanted && grid.Next(&block)) {
      if (ended.empty()) ended.push_back(std::make_unique<Cluster>(grid));
      running.push_back(std::move(ended.back()));
      ended.pop_back();
      running.back()->Start(block);
    }
    if (running.empty()) return;
    for (std::unique_ptr<Cluster>& cluster : running) {
      const bool goes_on = cluster->RunRound();
      impatience += cluster->used_turn() ? kUsedTurn : 1;
      if (!goes_on) ended.push_back(std::move(cluster));
    }
    if (std::erase(running, nullptr) != 0) impatience = 0;
    if (cooperative) {
      if (grid.AllAbandoned()) return;
    } else if (impatience >= kPatience) {
      // What they wait for may be what another has failed to do.
      if (grid.AllAbandoned()) return;
      impatience = 0;
      wanted = std::min<std::uint64_t>(running.size() + 1, grid.resident_clusters());
    }
  }
}

// The memory that the blocks of a cooperative launch meet in.
class Workspace {
 public:
  explicit Workspace(DeviceMemory& memory) : memory_(memory) {
    if (memory_.Allocate(kWorkspaceBytes, &pointer_) != Status::kSuccess) return;
    std::memset(pointer_, 0, kWorkspaceBytes);
    if (MemoryRecord* record = memory_.record()) record->SetWritten(address(), kWorkspaceBytes);
  }
  ~Workspace() {
    if (pointer_ != nullptr) memory_.Release(pointer_);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(pointer_); }  // or 0

 private:
  DeviceMemory& memory_;
  void* pointer_ = nullptr;
};

Outcome Ended(const DecodedKernel& kernel) {
  return {Status::kLaunchFailure, "kernel " + kernel.name + ": the debugger has ended it"};
}

Outcome PooledEngine::Run(const Launch& launch, DeviceMemory& memory,
                          const std::atomic<bool>& stop) {
  const auto& kernel = static_cast<const DecodedKernel&>(*launch.kernel);
  if (Outcome refused = CheckLaunch(launch, kernel); refused.status != Status::kSuccess)
    return refused;
  std::optional<Workspace> workspace;
  if (launch.cooperative && workspace.emplace(memory).address() == 0)
    return {Status::kMemoryAllocation, "kernel " + kernel.name + ": no memory for its workspace"};
  std::optional<LaunchChecker> checker;
  if (launch.checks != nullptr) checker.emplace(kernel, *launch.checks);
  std::optional<LaunchMeter> meter;
  if (launch.meter != nullptr) meter.emplace(kernel);
  LaunchObserver* observer = nullptr;
  if (checker) observer = &*checker;
  if (meter) observer = &*meter;
  std::optional<LaunchDebugger> debugger;
  if (launch.debug != nullptr && launch.debug->ended()) return Ended(kernel);
  if (launch.debug != nullptr && launch.debug->is_open())
    observer = &debugger.emplace(kernel, *launch.debug, observer);
  // What one thread has done is checked against what others have: their blocks take turns.
  const bool alone = launch.cooperative || checker || debugger;
  Grid grid(launch, memory, stop, ++launches_, workspace ? workspace->address() : 0,
            alone ? 1 : pool_.size(), observer);
  pool_.Run(alone ? 0 : grid.clusters() - 1, [&] {
    try {
      RunClusters(grid);
    } catch (const LaunchEnded&) {
      grid.Fail(0, Ended(kernel));
    } catch (const std::bad_alloc&) {
      grid.Fail(0, {Status::kUnknown, {}});  // its words need memory
    }
  });
  Outcome outcome = grid.Finish();
  if (checker && outcome.status == Status::kSuccess) checker->Finish(launch.footprint.get());
  if (meter) launch.meter->Finish(launch.metered, meter->Finish());
  if (outcome.status == Status::kUnknown && outcome.report.empty()) throw std::bad_alloc();
  return outcome;
}

}  // namespace

std::unique_ptr<Engine> MakeEngine(int workers) {
  return std::make_unique<PooledEngine>(workers);
}

}  // namespace nodecuda::simulator
