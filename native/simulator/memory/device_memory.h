#ifndef NODECUDA_SIMULATOR_MEMORY_DEVICE_MEMORY_H_
#define NODECUDA_SIMULATOR_MEMORY_DEVICE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "runtime/status.h"
#include "simulator/memory/memory_record.h"
#include "simulator/memory/texture_table.h"

namespace nodecuda::simulator {

inline constexpr std::size_t kHeapBytes = std::size_t{8} << 20;  // CUDA's cudaLimitMallocHeapSize

// The memory of one simulated device: one reserved region of host address space, of which parts
// are live allocations. Device pointers are host addresses inside it. The whole region is mapped
// readable and writable from the start (without commitment), so that no access inside it can raise
// a signal; which accesses are legal is decided by Find. Allocations are 256-byte aligned, zero
// bytes is not a valid size, and a gap that is never handed out separates neighbours.
// All members may be called from any thread.
class DeviceMemory {
 public:
  // A live allocation [begin, end); empty (begin > end) where there is none.
  struct Range {
    std::uintptr_t begin = 1, end = 0;
    bool Contains(std::uintptr_t first, std::uintptr_t last) const {  // bytes first..last
      return first >= begin && last < end && first <= last;
    }
  };

  // `capacity` bounds the sum of live allocations. Throws std::bad_alloc when the address space
  // cannot be reserved.
  explicit DeviceMemory(std::size_t capacity);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  // kMemoryAllocation when `bytes` is more than what is free.
  Status Allocate(std::size_t bytes, void** pointer);
  // kInvalidValue unless `pointer` is the start of a live allocation of the host's. The host pages
  // go back to the system, small ones when there are more; the addresses are not handed out again
  // while others are left.
  Status Release(void* pointer);
  // What kernels take with malloc and give back with free: up to kHeapBytes, which count as used by
  // nobody. Null where that is full; false unless `pointer` is the start of what was taken so.
  void* TakeFromHeap(std::size_t bytes);
  bool ReturnToHeap(void* pointer);
  // Counts a live allocation, which is about to be released, as free already.
  void Discount(void* pointer);
  // Makes a live allocation one that was made just now: what was in it is gone.
  void Renew(void* pointer);
  // The live allocation that holds `address`.
  Range Find(std::uintptr_t address) const;

  TextureTable& textures() { return textures_; }
  const TextureTable& textures() const { return textures_; }

  // What an allocation of so many bytes counts.
  static std::size_t Footprint(std::size_t bytes);
  std::size_t capacity() const { return capacity_; }
  std::size_t used() const;
  // From now on there is a record. To be called before all others.
  void KeepRecord(bool tracks_bytes) { record_ = std::make_unique<MemoryRecord>(tracks_bytes); }
  MemoryRecord* record() const { return record_.get(); }  // null: none is kept
  // True for any address of the reserved region, live or not.
  bool InRegion(std::uintptr_t address) const {
    return address >= region_begin_ && address < region_end_;
  }

 private:
  std::size_t capacity_;
  std::uintptr_t region_begin_ = 0, region_end_ = 0, next_ = 0;
  mutable std::mutex mutex_;
  struct Live {
    std::size_t bytes = 0;
    bool counts = true;
    bool on_heap = false;
  };
  std::map<std::uintptr_t, Live> live_;  // by start
  std::size_t used_ = 0, heap_used_ = 0;
  TextureTable textures_;
  // One stretch that was released, and whose pages have not been given back.
  std::uintptr_t loose_begin_ = 0, loose_end_ = 0;
  std::unique_ptr<MemoryRecord> record_;

  void Erase(std::map<std::uintptr_t, Live>::iterator allocation);  // lock held
  void Loosen(std::uintptr_t begin, std::uintptr_t end);            // lock held
  void GiveBack();                                                  // lock held
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_MEMORY_DEVICE_MEMORY_H_
