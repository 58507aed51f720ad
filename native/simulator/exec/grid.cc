#include "simulator/exec/grid.h"

#include <utility>

namespace nodecuda::simulator {

Grid::Grid(const Launch& launch, const DeviceMemory& memory, const std::atomic<bool>& stop)
    : launch_(launch),
      kernel_(static_cast<const DecodedKernel&>(*launch.kernel)),
      memory_(memory),
      stop_(stop),
      shape_{
          launch.grid, launch.block, static_cast<std::uint32_t>(launch.dynamic_shared_bytes),
          static_cast<std::uint32_t>(kernel_.dynamic_shared_offset + launch.dynamic_shared_bytes)},
      count_(std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z) {}

bool Grid::Next(std::uint64_t* block) {
  *block = next_.fetch_add(1, std::memory_order_relaxed);
  return *block < count_ && !Abandoned(*block);
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
  const std::uint64_t row = block / shape_.grid.x;
  return {static_cast<std::uint32_t>(block % shape_.grid.x),
          static_cast<std::uint32_t>(row % shape_.grid.y),
          static_cast<std::uint32_t>(row / shape_.grid.y)};
}

}  // namespace nodecuda::simulator
