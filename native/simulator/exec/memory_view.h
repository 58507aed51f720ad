#ifndef NODECUDA_SIMULATOR_EXEC_MEMORY_VIEW_H_
#define NODECUDA_SIMULATOR_EXEC_MEMORY_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/status.h"
#include "simulator/exec/instruction.h"
#include "simulator/memory.h"
#include "simulator/ptx/ast.h"

namespace nodecuda::simulator {

// Consecutive addresses of one state space that a warp may touch. The byte at `address` of lane l
// is at host address `address + bias + l * lane_stride`.
struct Region {
  std::uint64_t begin = 0, bytes = 0;
  std::uint64_t bias = 0, lane_stride = 0;
  bool read_only = false;
  bool Contains(std::uint64_t address, std::uint64_t size) const {
    return address - begin < bytes && size <= bytes - (address - begin);
  }
};

// The first access of a warp that was refused.
struct MemoryFault {
  Status status = Status::kSuccess;
  int lane = 0;
  std::string what;  // "read of 4 bytes at 0x10 outside any live allocation"
};

// Everything a warp can reach. One object belongs to one worker, which points it at the block and
// the warp that run.
class MemoryView {
 public:
  MemoryView(const DeviceMemory& memory, const std::byte* parameters, std::size_t parameter_bytes)
      : memory_(memory), parameters_(parameters), parameter_bytes_(parameter_bytes) {}

  void SetShared(std::byte* base, std::size_t bytes) {
    shared_ = base;
    shared_bytes_ = bytes;
  }
  // `base` holds kWarpSize areas of `bytes` each, lane after lane.
  void SetLocal(std::byte* base, std::size_t bytes) {
    local_ = base;
    local_bytes_ = bytes;
  }

  // The region of `space` that holds `address`; one that does not contain it where there is none.
  Region Find(ptx::Space space, std::uint64_t address);

  // Records why an access was refused, and returns false.
  bool Refuse(ptx::Space space, std::uint64_t address, std::uint64_t bytes, bool is_store,
              int lane);

  const MemoryFault& fault() const { return fault_; }

 private:
  static constexpr int kCachedRanges = 4;

  Region FindGlobal(std::uint64_t address);

  const DeviceMemory& memory_;
  const std::byte* parameters_;
  std::size_t parameter_bytes_;
  std::byte* shared_ = nullptr;
  std::size_t shared_bytes_ = 0;
  std::byte* local_ = nullptr;
  std::size_t local_bytes_ = 0;
  DeviceMemory::Range ranges_[kCachedRanges];  // the allocations hit last
  int next_range_ = 0;
  MemoryFault fault_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MEMORY_VIEW_H_
