#ifndef NODECUDA_SIMULATOR_EXEC_WARP_LANES_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_LANES_H_

#include <cstddef>
#include <cstdint>

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/memory/memory_view.h"

namespace nodecuda::simulator {

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

// Computes and checks the addresses of an access, lane by lane: they may be in different
// allocations or spaces. False: view.fault() tells why.
bool ResolveEach(const Instruction& in, const MemoryForm& form, const std::byte* file,
                 LaneMask mask, bool is_store, MemoryView& view, HostAddresses* lanes);

// The same, for all lanes at one time where they are in one region.
bool ResolveLanes(const Instruction& in, const MemoryForm& form, const std::byte* file,
                  LaneMask mask, bool is_store, MemoryView& view, HostAddresses* lanes);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_LANES_H_
