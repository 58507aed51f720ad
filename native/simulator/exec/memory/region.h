#ifndef NODECUDA_SIMULATOR_EXEC_MEMORY_REGION_H_
#define NODECUDA_SIMULATOR_EXEC_MEMORY_REGION_H_

#include <cstdint>

#include "simulator/exec/code/instruction.h"

// Plain data, shared with the handlers that are compiled once per instruction set.
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

// The checked host addresses of one access. Lanes outside the mask repeat an active lane's, so
// that a load may read for all 32.
struct HostAddresses {
  alignas(64) std::uint64_t address[kWarpSize];
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MEMORY_REGION_H_
