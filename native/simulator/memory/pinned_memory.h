#ifndef NODECUDA_SIMULATOR_MEMORY_PINNED_MEMORY_H_
#define NODECUDA_SIMULATOR_MEMORY_PINNED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "runtime/status.h"

namespace nodecuda::simulator {

// Host memory made by HostAlloc. Copies queued from or to a block hold it, so that freeing it
// early cannot make them touch unmapped memory. All members may be called from any thread.
class PinnedMemory {
 public:
  using Block = std::shared_ptr<std::byte[]>;

  Status Allocate(std::size_t bytes, void** pointer);
  Status Release(void* pointer);
  // The block that `pointer` lies in, null if none; *bytes_left counts from there to its end.
  Block Find(const void* pointer, std::size_t* bytes_left) const;

 private:
  struct Entry {
    Block block;
    std::size_t bytes = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::uintptr_t, Entry> blocks_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_MEMORY_PINNED_MEMORY_H_
