#ifndef NODECUDA_SIMULATOR_EXEC_METER_PATTERNS_H_
#define NODECUDA_SIMULATOR_EXEC_METER_PATTERNS_H_

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "runtime/meter_log.h"
#include "simulator/exec/touch/access.h"

// What hardware makes of the addresses that the lanes of a warp touch in one instruction.
namespace nodecuda::simulator {

class Patterns {
 public:
  // Of device or local memory; all zeros for no accesses. Words of local memory are taken to lie as
  // hardware lays them out: those of the 32 lanes at one offset side by side.
  MemoryCounts Sectors(std::span<const Access> accesses);
  // Of shared memory. A wavefront gives each of 32 banks of 4 bytes one word, to any number of
  // lanes. 8 bytes a lane are two passes, of half a warp each, 16 bytes four.
  SharedCounts Wavefronts(std::span<const Access> accesses);
  // How many different places these are.
  std::uint64_t Places(std::span<const Access> accesses);

 private:
  void AddBytes(std::uint64_t address, std::uint64_t bytes);

  std::vector<std::pair<std::uint64_t, std::uint32_t>> sectors_;  // and which bytes of them
  std::vector<std::uint64_t> keys_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_METER_PATTERNS_H_
