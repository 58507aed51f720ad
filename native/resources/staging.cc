#include "resources/staging.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>

#include "resources/physical_device.h"

namespace nodecuda {
namespace {

constexpr std::size_t kSmallestBlock = std::size_t{64} << 10;
constexpr std::size_t kMostInFlightBytes = 8 * StagingPool::kChunkBytes;
constexpr std::size_t kMostIdleBytes = std::size_t{256} << 20;

}  // namespace

// Moves finished blocks to the idle list. Copies of different streams finish in any order, so all
// are asked; there are few.
void StagingPool::Sweep(bool wait_for_oldest) {
  Runtime& runtime = device_.runtime();
  if (wait_for_oldest && !in_flight_.empty()) {
    device_.Check(runtime.EventSynchronize(in_flight_.front().event), "cudaEventSynchronize");
  }
  for (auto block = in_flight_.begin(); block != in_flight_.end();) {
    Status status = runtime.EventQuery(block->event);
    if (status == Status::kNotReady) {
      ++block;
      continue;
    }
    device_.Check(status, "cudaEventQuery");
    in_flight_bytes_ -= block->bytes;
    if (idle_bytes_ + block->bytes > kMostIdleBytes) {
      Free(*block);
    } else {
      idle_bytes_ += block->bytes;
      idle_.push_back(*block);
    }
    block = in_flight_.erase(block);
  }
}

StagingPool::Block StagingPool::Acquire(std::size_t bytes) {
  // Powers of two, so that blocks fit again; page multiples above a chunk, where doubling wastes.
  std::size_t capacity = bytes <= kChunkBytes
                             ? std::bit_ceil(std::max(bytes, kSmallestBlock))
                             : (bytes + kSmallestBlock - 1) / kSmallestBlock * kSmallestBlock;
  std::lock_guard lock(mutex_);
  bool wait_for_oldest = in_flight_bytes_ >= kMostInFlightBytes;
  for (;;) {
    Sweep(wait_for_oldest);
    auto fit = std::find_if(idle_.begin(), idle_.end(), [&](const Block& block) {
      return block.bytes >= capacity && block.bytes <= 2 * capacity;
    });
    if (fit != idle_.end()) {
      Block block = *fit;
      idle_.erase(fit);
      idle_bytes_ -= block.bytes;
      return block;
    }
    Status status;
    const Block block = Create(capacity, &status);
    if (status == Status::kSuccess) {
      return block;
    }
    // Short of pinned memory: make do with what comes back.
    if (in_flight_.empty()) {
      Failure failure(Failure::Kind::kHostMemory, "cudaHostAlloc");
      failure.status = status;
      failure.device = device_.index();
      failure.requested = capacity;
      throw failure;
    }
    wait_for_oldest = true;
  }
}

// Throws but for kMemoryAllocation.
StagingPool::Block StagingPool::Create(std::size_t capacity, Status* status) {
  in_flight_.reserve(blocks_ + 1);
  idle_.reserve(blocks_ + 1);
  Runtime& runtime = device_.runtime();
  Block block;
  block.bytes = capacity;
  device_.Check(runtime.EventCreateWithFlags(&block.event, kEventDisableTiming),
                "cudaEventCreateWithFlags");
  *status = Quietly([&] { return runtime.HostAlloc(&block.memory, capacity, kHostAllocDefault); });
  if (*status != Status::kSuccess) {
    Quietly([&] { return runtime.EventDestroy(block.event); });
    if (*status != Status::kMemoryAllocation) {
      device_.Check(*status, "cudaHostAlloc");
    }
    return block;
  }
  ++blocks_;
  return block;
}

void StagingPool::Release(Block block) noexcept {
  std::lock_guard lock(mutex_);
  in_flight_bytes_ += block.bytes;
  in_flight_.push_back(block);
}

void StagingPool::Trim() noexcept {
  std::lock_guard lock(mutex_);
  for (const Block& block : idle_) {
    Free(block);
  }
  idle_.clear();
  idle_bytes_ = 0;
}

void StagingPool::Clear() noexcept {
  Trim();
  std::lock_guard lock(mutex_);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (const Block& block : in_flight_) {
    Status status;
    const auto query = [&] { return device_.runtime().EventQuery(block.event); };
    while ((status = Quietly(query)) == Status::kNotReady &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    if (status == Status::kSuccess) {
      Free(block);
    }
  }
  in_flight_.clear();
  in_flight_bytes_ = 0;
}

void StagingPool::Free(const Block& block) noexcept {
  Quietly([&] { return device_.runtime().EventDestroy(block.event); });
  Quietly([&] { return device_.runtime().FreeHost(block.memory); });
  --blocks_;
}

}  // namespace nodecuda
