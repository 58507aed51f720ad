#ifndef NODECUDA_SIMULATOR_EXEC_LANES_H_
#define NODECUDA_SIMULATOR_EXEC_LANES_H_

#include <cstdint>

#include "simulator/exec/instruction.h"
#include "simulator/exec/memory_view.h"
#include "simulator/exec/program.h"

namespace nodecuda::simulator {

// How the addresses of a warp's lanes lie to each other.
enum class Pattern : std::uint8_t { kScattered, kUniform, kConsecutive };

// The checked host addresses of one access. Lanes outside the mask repeat an active lane's, so
// that a load may read for all 32.
struct Lanes {
  alignas(64) std::uint64_t address[kWarpSize];
  Pattern pattern = Pattern::kScattered;
};

// Computes and checks the addresses of a load or store. False: view.fault() tells why.
bool ResolveLanes(const Instruction& in, const MemoryForm& form, const std::byte* file,
                  LaneMask mask, bool is_store, MemoryView& view, Lanes* lanes);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_LANES_H_
