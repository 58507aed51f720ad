#ifndef NODECUDA_SIMULATOR_MEMORY_MEMORY_RECORD_H_
#define NODECUDA_SIMULATOR_MEMORY_MEMORY_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace nodecuda::simulator {

// What a device that is checked remembers of its memory beyond what is live: where allocations were
// made, those that are gone, and which bytes have been written. All members may be called from any
// thread.
class MemoryRecord {
 public:
  struct Allocation {
    std::uintptr_t begin = 0;
    std::size_t bytes = 0;
    std::uint32_t site = 0;  // where it was made; 0: not by a user
    bool on_heap = false;    // by malloc of a kernel
    bool freed = false;
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  explicit MemoryRecord(bool tracks_bytes) : tracks_bytes_(tracks_bytes) {}

  void Allocated(std::uintptr_t begin, std::size_t bytes);
  void SetSite(std::uintptr_t begin, std::uint32_t site);
  void SetOnHeap(std::uintptr_t begin);
  void Freed(std::uintptr_t begin);
  // The allocation that holds the address, or held it; or else the live one that is nearest, if
  // there is any.
  std::optional<Allocation> Describe(std::uintptr_t address) const;
  std::vector<Allocation> Live() const;

  // Bytes have a value from then on, or none. What lies outside live allocations is left out.
  void SetWritten(std::uintptr_t address, std::size_t bytes, bool written = true);
  void CopyWritten(std::uintptr_t to, std::uintptr_t from, std::size_t bytes);
  // How many of the bytes come before the first that was never written; kNone if all were.
  std::size_t FirstUnwritten(std::uintptr_t address, std::size_t bytes) const;

 private:
  struct Entry {
    Allocation allocation;
    std::vector<bool> written;  // by byte
  };
  using Entries = std::map<std::uintptr_t, Entry>;
  static constexpr std::size_t kMostFreed = 4096;

  const Entry* Find(std::uintptr_t address) const;  // live; lock held
  Entry* Find(std::uintptr_t address) {
    return const_cast<Entry*>(static_cast<const MemoryRecord*>(this)->Find(address));
  }

  const bool tracks_bytes_;
  mutable std::mutex mutex_;
  Entries live_;                                // by start
  std::map<std::uintptr_t, Allocation> freed_;  // by start, without overlaps with what is live
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_MEMORY_MEMORY_RECORD_H_
