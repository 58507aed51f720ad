#ifndef NODECUDA_SIMULATOR_EXEC_WARP_WARP_CONTEXT_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_WARP_CONTEXT_H_

#include <cstddef>
#include <cstdint>

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/memory/memory_view.h"
#include "simulator/exec/warp/async_copy.h"

namespace nodecuda::simulator {

// What a WarpHandler works on: the warp that runs.
struct WarpContext {
  std::byte* file;  // its registers
  const DecodedKernel& kernel;
  MemoryView& view;
  AsyncCopies* copies;  // under way; null where a copy is done when it is issued
  PrintfFifo* printf;   // null: what is printed is dropped

  template <typename T>
  T* Slot(std::uint32_t offset) const {
    return reinterpret_cast<T*>(file + offset);
  }
  // For what hardware defines for whole warps only. False, with the fault, for some lanes.
  bool NeedsWholeWarp(LaneMask mask) const;
  // The operands of an instruction that has a list of them.
  const std::uint32_t* ListOf(const Instruction& in) const {
    return kernel.operand_lists.data() + in.target;
  }
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_WARP_CONTEXT_H_
