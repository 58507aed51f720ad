#ifndef NODECUDA_RESOURCES_STAGING_H_
#define NODECUDA_RESOURCES_STAGING_H_

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "runtime/runtime.h"

namespace nodecuda {

class PhysicalDevice;

// Pinned host memory that copies to and from a device go through. JavaScript memory is never
// given to CUDA: it can be detached, resized or freed at any time.
class StagingPool {
 public:
  // Larger writes go through the pool in pieces of this size: small enough that one is still in the
  // cache when it is copied on, large enough that starting a copy does not count.
  static constexpr std::size_t kChunkBytes = std::size_t{2} << 20;
  // More than this is not worth keeping for later copies.
  static constexpr std::size_t kMostIdleBytes = std::size_t{256} << 20;

  struct Block {
    void* memory = nullptr;
    std::size_t bytes = 0;  // capacity
    Event event = nullptr;  // no timing; recorded after the block's last use
  };

  // Who asks may wait for the device, or may not.
  enum class Patience { kNone, kWaits };

  explicit StagingPool(PhysicalDevice& device) : device_(device) {}

  // Throws Failure if a copy of `bytes`, beside those that are under way, would take too much of
  // the host's memory and nobody waits, who would not make the host run out of it.
  void RequireRoom(std::size_t bytes, Patience patience);
  // A block of at least `bytes`, which is not in use. The device must be current. Who waits gets
  // one back from the oldest copy if much is in flight. Throws Failure.
  Block Acquire(std::size_t bytes, Patience patience);
  // Gives the block back; it is used again once its event has completed. Never throws.
  void Release(Block block) noexcept;
  // Frees what is idle but for `keep` bytes. CUDA may wait for the device while it does.
  void Trim(std::size_t keep = 0) noexcept;
  // Whether copies whose blocks were given back are on their way. The device must be current.
  bool Busy() noexcept;
  // Whether it has no memory at all.
  bool IsEmpty() noexcept {
    std::lock_guard lock(mutex_);
    return blocks_ == 0;
  }
  // Whether there is something to trim but for kMostIdleBytes.
  bool HasSurplus() noexcept;
  // Frees everything, and waits up to a second for copies; blocks whose copy has not ended then are
  // left to the system.
  void Clear() noexcept;

  // How many bytes of copies may be under way at one time on a device: see RequireRoom.
  static std::atomic<std::size_t>& MostBytes() {
    static std::atomic<std::size_t> most{std::size_t{1} << 30};
    return most;
  }

 private:
  bool Create(std::size_t capacity, std::unique_lock<std::mutex>& lock, Block* block);
  bool TakeIdle(std::size_t capacity, Block* block);
  bool Ended(const Block& block);
  void MakeIdle(std::size_t first, std::size_t count);  // of in_flight_
  void Sweep(std::size_t most_asked = kMostAsked);
  bool SweepQuietly(std::size_t most_asked) noexcept;
  void WaitForOldest(std::unique_lock<std::mutex>& lock);
  [[noreturn]] void Refuse(std::size_t bytes);
  void Free(const Block& block) noexcept;

  static constexpr std::size_t kMostAsked = 16;

  PhysicalDevice& device_;
  std::mutex mutex_;  // never held while memory is locked or freed, or the device waited for
  // Both have room for all blocks there are, so that giving one back needs no memory.
  std::vector<Block> in_flight_;  // oldest first
  std::vector<Block> idle_;
  std::size_t blocks_ = 0;
  std::size_t bytes_in_use_ = 0;  // of blocks that were acquired, until their copies have ended
  std::size_t idle_bytes_ = 0;
  std::size_t cursor_ = 0;  // where in in_flight_ Sweep goes on
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_STAGING_H_
