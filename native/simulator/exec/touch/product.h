#ifndef NODECUDA_SIMULATOR_EXEC_TOUCH_PRODUCT_H_
#define NODECUDA_SIMULATOR_EXEC_TOUCH_PRODUCT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/matrix/wgmma.h"

namespace nodecuda::simulator {

inline constexpr std::uint64_t kUnitBytes = 16;  // that matrices are read in

// The addresses in shared memory of the units that a warp is about to read in a wgmma: of its rows
// of A, if that is there, and of B, which is the same for all warps of the group.
std::vector<std::uint64_t> UnitsOfA(const Instruction& in, const std::byte* file, int warp);
std::vector<std::uint64_t> UnitsOfB(const Instruction& in, const std::byte* file);
std::uint64_t DescriptorOfB(const Instruction& in, const std::byte* file);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TOUCH_PRODUCT_H_
