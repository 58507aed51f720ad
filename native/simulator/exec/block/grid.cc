#include "simulator/exec/block/grid.h"

#include <algorithm>
#include <utility>

namespace nodecuda::simulator {
namespace {

// Where number `index` stands in a box of that width and height, counted x first.
Dim3 Place(std::uint64_t index, std::uint32_t width, std::uint32_t height) {
  const std::uint64_t row = index / width;
  return {static_cast<std::uint32_t>(index % width), static_cast<std::uint32_t>(row % height),
          static_cast<std::uint32_t>(row / height)};
}

}  // namespace

Grid::Grid(const Launch& launch, DeviceMemory& memory, const std::atomic<bool>& stop,
           std::uint64_t id, std::uint64_t workspace, int threads, LaunchObserver* observer)
    : launch_(launch),
      kernel_(static_cast<const DecodedKernel&>(*launch.kernel)),
      memory_(memory),
      stop_(stop),
      observer_(observer),
      shape_{
          launch.grid,
          launch.block,
          launch.cluster,
          launch.explicit_cluster,
          static_cast<std::uint32_t>(launch.dynamic_shared_bytes),
          static_cast<std::uint32_t>(kernel_.dynamic_shared_offset + launch.dynamic_shared_bytes),
          kernel_.reserves_shared,
          kernel_.capability,
          launch.program->variables(),
          workspace,
          id,
          launch.parameters,
          launch.multiprocessors},
      threads_(threads),
      count_(std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z),
      cluster_size_(std::uint64_t{launch.cluster.x} * launch.cluster.y * launch.cluster.z) {
  if (launch.time_limit.count() > 0)
    deadline_ = std::chrono::steady_clock::now() + launch.time_limit;
}

bool Grid::Next(std::uint64_t* block) {
  const bool in_order = launch_.schedule.policy == Schedule::Policy::kInOrder;
  for (;;) {
    const std::uint64_t next = next_.fetch_add(1, std::memory_order_relaxed);
    if (next >= clusters() || stop_.load(std::memory_order_relaxed)) return false;
    if (Overdue()) {
      std::string report = "kernel " + kernel_.name;
      report += ": " + Lateness();
      report += ", and only " + std::to_string(next);
      report += " of its " + std::to_string(clusters());
      report += cluster_size_ == 1 ? " blocks have begun" : " clusters have begun";
      Fail(kNoBlock - 1,
           {Status::kLaunchTimeout, std::move(report)});  // what a block tells is more
      return false;
    }
    *block = launch_.schedule.At(next, clusters(), 0) * cluster_size_;
    if (!Abandoned(*block)) return true;
    if (in_order) return false;
  }
}

std::uint64_t Grid::resident_clusters() const {
  const std::uint64_t of_each =
      launch_.resident_blocks / cluster_size_ / static_cast<std::uint64_t>(threads_);
  return std::max<std::uint64_t>(of_each, 1);
}

std::string Grid::Lateness() const {
  return "not done after " + std::to_string(launch_.time_limit.count()) + " ms";
}

void Grid::Fail(std::uint64_t block, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  if (block >= faulted_.load(std::memory_order_relaxed)) return;
  faulted_.store(block, std::memory_order_relaxed);
  outcome_ = std::move(outcome);
}

Outcome Grid::Finish() const {
  if (outcome_.status == Status::kSuccess && stop_.load(std::memory_order_relaxed))
    return {Status::kLaunchFailure, "kernel " + kernel_.name + ": stopped"};
  return outcome_;
}

Dim3 Grid::IndexOf(std::uint64_t block) const {
  const Dim3 &grid = shape_.grid, &cluster = shape_.cluster;
  const Dim3 first = Place(block / cluster_size_, grid.x / cluster.x, grid.y / cluster.y);
  const Dim3 rank = Place(block % cluster_size_, cluster.x, cluster.y);
  return {first.x * cluster.x + rank.x, first.y * cluster.y + rank.y, first.z * cluster.z + rank.z};
}

}  // namespace nodecuda::simulator
