#ifndef NODECUDA_SIMULATOR_EXEC_REGISTERS_COPIES_H_
#define NODECUDA_SIMULATOR_EXEC_REGISTERS_COPIES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simulator/exec/code/draft.h"

namespace nodecuda::simulator {

// Makes one register of two of which one is only a copy of the other, and removes the instruction
// that copies. nvcc moves each float that it has loaded as bits, and the value of each variable of
// a loop at its end. Returns where each instruction is now; one that was removed is where the next
// is. G. J. Chaitin: Register allocation and spilling via graph coloring (1982), without the graph.
std::vector<std::uint32_t> RemoveCopies(std::vector<DraftInstruction>* code,
                                        std::size_t register_count);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_REGISTERS_COPIES_H_
