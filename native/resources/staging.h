#ifndef NODECUDA_RESOURCES_STAGING_H_
#define NODECUDA_RESOURCES_STAGING_H_

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
  // Larger writes go through the pool in pieces of this size.
  static constexpr std::size_t kChunkBytes = std::size_t{8} << 20;

  struct Block {
    void* memory = nullptr;
    std::size_t bytes = 0;  // capacity
    Event event = nullptr;  // no timing; recorded after the block's last use
  };

  explicit StagingPool(PhysicalDevice& device) : device_(device) {}

  // A block of at least `bytes`, which is not in use. The device must be current. If much is in
  // flight, waits for the oldest copy. Throws Failure.
  Block Acquire(std::size_t bytes);
  // Gives the block back; it is used again once its event has completed. Never throws.
  void Release(Block block) noexcept;
  // Frees what is idle.
  void Trim() noexcept;
  // Frees everything; blocks whose copy has not ended within a second are left to the system.
  void Clear() noexcept;

 private:
  Block Create(std::size_t capacity, Status* status);
  void Sweep(bool wait_for_oldest);
  void Free(const Block& block) noexcept;

  PhysicalDevice& device_;
  std::mutex mutex_;
  // Both have room for all blocks there are, so that giving one back needs no memory.
  std::vector<Block> in_flight_;  // oldest first
  std::vector<Block> idle_;
  std::size_t blocks_ = 0;
  std::size_t in_flight_bytes_ = 0, idle_bytes_ = 0;
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_STAGING_H_
