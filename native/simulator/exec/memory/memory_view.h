#ifndef NODECUDA_SIMULATOR_EXEC_MEMORY_MEMORY_VIEW_H_
#define NODECUDA_SIMULATOR_EXEC_MEMORY_MEMORY_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "ptx/ast.h"
#include "runtime/status.h"
#include "simulator/exec/memory/region.h"
#include "simulator/memory/device_memory.h"

namespace nodecuda::simulator {

// The first access of a warp that was refused.
struct MemoryFault {
  Status status = Status::kSuccess;
  int lane = 0;
  std::string what;           // "read of 4 bytes at 0x10 outside any live allocation"
  std::uint64_t address = 0;  // 0: none is to blame
};

// The shared memory of one block of a cluster.
struct SharedMemory {
  std::byte* base = nullptr;
  std::size_t bytes = 0;
  bool exited = false;  // all threads of the block have: nothing may touch it any more
};

// Everything a warp can reach. One object belongs to one worker, which points it at the block and
// the warp that run.
class MemoryView {
 public:
  // `alone`: no other thread runs blocks of the grid.
  MemoryView(DeviceMemory& memory, std::span<const std::byte> parameters, bool alone)
      : memory_(memory), parameters_(parameters), alone_(alone) {}

  bool alone() const { return alone_; }

  // `cluster` holds the shared memory of each block of the cluster, by rank; `rank` is the own.
  void SetShared(std::span<const SharedMemory> cluster, std::size_t rank) {
    cluster_ = cluster;
    rank_ = rank;
    shared_ = cluster[rank].base;
    shared_bytes_ = cluster[rank].bytes;
  }
  // `base` holds kWarpSize areas of `bytes` each, lane after lane.
  void SetLocal(std::byte* base, std::size_t bytes) {
    local_ = base;
    local_bytes_ = bytes;
  }

  // The region of `space` that holds `address`; one that does not contain it where there is none.
  Region Find(ptx::Space space, std::uint64_t address);

  // The host address of `bytes` bytes in one piece, which no other lane shares; null, with the
  // reason recorded, where there are none. `alignment` is a power of two.
  std::byte* Locate(ptx::Space space, std::uint64_t address, std::uint64_t bytes,
                    std::uint64_t alignment, bool is_store, int lane);

  // For the record that a checker has kept: bytes of device memory that no store instruction names.
  void NoteWritten(std::uint64_t address, std::uint64_t bytes);

  // Null, with the reason recorded, for what is no texture or surface of the device, or lies in
  // memory that was freed.
  std::shared_ptr<const Texture> FindTexture(std::uint64_t object, bool is_surface, int lane);

  // malloc and free of a kernel. 0 where the heap is full. False, with the reason recorded, for an
  // address that is none of its.
  std::uint64_t TakeFromHeap(std::uint64_t bytes);
  bool ReturnToHeap(std::uint64_t address, int lane);

  // Records why an access was refused, and returns false. It is aligned to `bytes` unless
  // `alignment` says otherwise.
  bool Refuse(ptx::Space space, std::uint64_t address, std::uint64_t bytes, bool is_store, int lane,
              std::uint64_t alignment = 0);

  // The same for what no single address is to blame for.
  bool Fail(Status status, int lane, std::string what) {
    fault_ = {status, lane, std::move(what), 0};
    return false;
  }

  const MemoryFault& fault() const { return fault_; }

 private:
  static constexpr int kCachedRanges = 4;

  Region FindGlobal(std::uint64_t address);
  Region FindShared(std::uint64_t window, std::uint64_t address) const;

  DeviceMemory& memory_;
  const std::span<const std::byte> parameters_;
  const bool alone_;
  std::span<const SharedMemory> cluster_;
  std::size_t rank_ = 0;
  std::byte* shared_ = nullptr;
  std::size_t shared_bytes_ = 0;
  std::byte* local_ = nullptr;
  std::size_t local_bytes_ = 0;
  DeviceMemory::Range ranges_[kCachedRanges];  // the allocations hit last
  int next_range_ = 0;
  MemoryFault fault_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MEMORY_MEMORY_VIEW_H_
