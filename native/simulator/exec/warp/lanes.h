#ifndef NODECUDA_SIMULATOR_EXEC_WARP_LANES_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_LANES_H_

#include <cstddef>
#include <cstdint>

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/memory/memory_view.h"

namespace nodecuda::simulator {

// How the addresses of a warp's lanes lie to each other.
enum class Pattern : std::uint8_t { kScattered, kUniform, kConsecutive };

// The checked host addresses of one access. Lanes outside the mask repeat an active lane's, so
// that a load may read for all 32.
struct Lanes {
  alignas(64) std::uint64_t address[kWarpSize];
  Pattern pattern = Pattern::kScattered;
};

// The address that one lane names; `slot` is kNoSlot where it is a constant.
inline std::uint64_t LaneAddress(const std::byte* file, std::uint32_t slot, std::int64_t offset,
                                 bool wide, int lane) {
  const auto constant = static_cast<std::uint64_t>(offset);
  if (slot == kNoSlot) return constant;
  if (wide) return reinterpret_cast<const std::uint64_t*>(file + slot)[lane] + constant;
  return static_cast<std::uint32_t>(reinterpret_cast<const std::uint32_t*>(file + slot)[lane] +
                                    constant);
}

// Checks one lane's access of `bytes`, which must be aligned to `alignment`, and finds it in the
// host's memory. False: view.fault() tells why.
bool ResolveLane(MemoryView& view, ptx::Space space, std::uint64_t address, std::uint64_t bytes,
                 std::uint64_t alignment, bool is_store, int lane, std::uint64_t* host);

// Computes and checks the addresses of a load or store. False: view.fault() tells why.
bool ResolveLanes(const Instruction& in, const MemoryForm& form, const std::byte* file,
                  LaneMask mask, bool is_store, MemoryView& view, Lanes* lanes);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_LANES_H_
