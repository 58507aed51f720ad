#include "resources/staging.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>

#include "resources/physical_device.h"

namespace nodecuda {
namespace {

constexpr std::size_t kSmallestBlock = std::size_t{64} << 10;
constexpr std::size_t kMuchInUse = std::size_t{64} << 20;  // for those who wait
constexpr std::chrono::seconds kGrace{1};

}  // namespace

bool StagingPool::Ended(const Block& block) {
  const Status status = device_.runtime().EventQuery(block.event);
  if (status == Status::kNotReady) return false;
  device_.Check(status, "cudaEventQuery");
  return true;
}

void StagingPool::MakeIdle(std::size_t first, std::size_t count) {
  const auto begin = in_flight_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = begin + static_cast<std::ptrdiff_t>(count);
  for (auto block = begin; block != end; ++block) {
    bytes_in_use_ -= block->bytes;
    idle_bytes_ += block->bytes;
    idle_.push_back(*block);
  }
  in_flight_.erase(begin, end);
}

// Moves finished blocks to the idle list. Those of one stream finish in order; of several in any,
// so that others than the oldest are asked too, in turns, because there may be many.
void StagingPool::Sweep(std::size_t most_asked) {
  std::size_t ended = 0;
  while (ended < in_flight_.size() && Ended(in_flight_[ended])) ++ended;
  MakeIdle(0, ended);
  for (std::size_t asked = std::min(most_asked, in_flight_.size()); asked > 0; --asked) {
    if (cursor_ >= in_flight_.size()) cursor_ = 0;
    if (!in_flight_.empty() && Ended(in_flight_[cursor_])) {
      MakeIdle(cursor_, 1);
    } else {
      ++cursor_;
    }
  }
}

bool StagingPool::SweepQuietly(std::size_t most_asked) noexcept {
  try {
    Sweep(most_asked);
    return true;
  } catch (...) {
    return false;  // the device is lost
  }
}

// Taken out meanwhile: others may use, or free, what is in the lists.
void StagingPool::WaitForOldest(std::unique_lock<std::mutex>& lock) {
  const Block oldest = in_flight_.front();
  in_flight_.erase(in_flight_.begin());
  lock.unlock();
  const Status status = Quietly([&] { return device_.runtime().EventSynchronize(oldest.event); });
  lock.lock();
  if (status != Status::kSuccess) {
    in_flight_.insert(in_flight_.begin(), oldest);
    device_.Check(status, "cudaEventSynchronize");
  }
  bytes_in_use_ -= oldest.bytes;
  idle_bytes_ += oldest.bytes;
  idle_.push_back(oldest);
}

bool StagingPool::TakeIdle(std::size_t capacity, Block* block) {
  const auto fit = std::find_if(idle_.begin(), idle_.end(), [&](const Block& one) {
    return one.bytes >= capacity && one.bytes <= 2 * capacity;
  });
  if (fit == idle_.end()) return false;
  *block = *fit;
  idle_.erase(fit);
  idle_bytes_ -= block->bytes;
  return true;
}

// One copy alone may be as large as it likes: its memory comes back while it goes on, as a rule.
void StagingPool::RequireRoom(std::size_t bytes, Patience patience) {
  if (patience == Patience::kWaits) return;
  const std::size_t most = MostBytes();
  std::lock_guard lock(mutex_);
  if (bytes_in_use_ + bytes <= most) return;
  Sweep(in_flight_.size());
  if (bytes_in_use_ > 0 && bytes_in_use_ + bytes > most) {
    Refuse(bytes);
  }
}

StagingPool::Block StagingPool::Acquire(std::size_t bytes, Patience patience) {
  // Powers of two, so that blocks fit again; whole pieces where doubling would waste much.
  const std::size_t capacity = bytes <= kChunkBytes
                                   ? std::bit_ceil(std::max(bytes, kSmallestBlock))
                                   : (bytes + kChunkBytes - 1) / kChunkBytes * kChunkBytes;
  const bool waits = patience == Patience::kWaits;
  if (waits) {
    Trim(kMostIdleBytes);
  }
  std::unique_lock lock(mutex_);
  Sweep();
  while (waits && bytes_in_use_ >= kMuchInUse && !in_flight_.empty()) {
    WaitForOldest(lock);
    Sweep();
  }
  Block block;
  for (bool trimmed = false; !TakeIdle(capacity, &block);) {
    if (Create(capacity, lock, &block)) {
      break;
    }
    // Short of pinned memory: make do with what is here, or comes back. It may take the device's
    // time to free what is here, but nothing else would help those who do not wait either.
    if (!trimmed && !idle_.empty()) {
      trimmed = true;
      lock.unlock();
      Trim();
      lock.lock();
    } else if (waits && !in_flight_.empty()) {
      WaitForOldest(lock);
      Sweep();
      trimmed = false;
    } else {
      Refuse(capacity);
    }
  }
  bytes_in_use_ += block.bytes;
  return block;
}

void StagingPool::Refuse(std::size_t bytes) {
  Failure failure(Failure::Kind::kHostMemory, "cudaHostAlloc");
  failure.status = Status::kMemoryAllocation;
  failure.device = device_.index();
  failure.requested = bytes;
  if (bytes_in_use_ > 0) {
    failure.report = "copies that have not ended hold " + std::to_string(bytes_in_use_) +
                     " bytes: await earlier reads and writes";
  }
  throw failure;
}

// False if there is no memory; throws for other failures. The lock is let go meanwhile.
bool StagingPool::Create(std::size_t capacity, std::unique_lock<std::mutex>& lock, Block* block) {
  if (in_flight_.capacity() <= blocks_) in_flight_.reserve(2 * blocks_ + 1);
  if (idle_.capacity() <= blocks_) idle_.reserve(2 * blocks_ + 1);
  ++blocks_;
  lock.unlock();
  Runtime& runtime = device_.runtime();
  Block made{.bytes = capacity};
  const char* operation = "cudaEventCreateWithFlags";
  Status status =
      Quietly([&] { return runtime.EventCreateWithFlags(&made.event, kEventDisableTiming); });
  const bool has_event = status == Status::kSuccess;
  if (has_event) {
    operation = "cudaHostAlloc";
    status = Quietly([&] { return runtime.HostAlloc(&made.memory, capacity, kHostAllocDefault); });
    if (status != Status::kSuccess) Quietly([&] { return runtime.EventDestroy(made.event); });
  }
  lock.lock();
  if (status == Status::kSuccess) {
    *block = made;
    return true;
  }
  --blocks_;
  if (!has_event || status != Status::kMemoryAllocation) {
    device_.Check(status, operation);
  }
  return false;
}

void StagingPool::Release(Block block) noexcept {
  std::lock_guard lock(mutex_);
  in_flight_.push_back(block);
}

void StagingPool::Trim(std::size_t keep) noexcept {
  std::unique_lock lock(mutex_);
  while (idle_bytes_ > keep && !idle_.empty()) {
    const Block block = idle_.back();
    idle_.pop_back();
    idle_bytes_ -= block.bytes;
    --blocks_;
    lock.unlock();
    Free(block);
    lock.lock();
  }
}

bool StagingPool::Busy() noexcept {
  std::lock_guard lock(mutex_);
  return SweepQuietly(kMostAsked) && !in_flight_.empty();
}

bool StagingPool::HasSurplus() noexcept {
  std::lock_guard lock(mutex_);
  if (bytes_in_use_ + idle_bytes_ <= kMostIdleBytes) return false;
  return device_.EnterQuietly() && SweepQuietly(kMostAsked) && idle_bytes_ > kMostIdleBytes;
}

void StagingPool::Clear() noexcept {
  const auto until = std::chrono::steady_clock::now() + kGrace;
  while (Busy() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  Trim();
  in_flight_.clear();
}

void StagingPool::Free(const Block& block) noexcept {
  Quietly([&] { return device_.runtime().EventDestroy(block.event); });
  Quietly([&] { return device_.runtime().FreeHost(block.memory); });
}

}  // namespace nodecuda
