#ifndef NODECUDA_SIMULATOR_EXEC_CODE_LIVENESS_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_LIVENESS_H_

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "simulator/exec/code/draft.h"

namespace nodecuda::simulator {

// The hull of everything a register is alive for, in half steps: instruction i reads at 2i and
// writes at 2i+1. Empty (begin > end) for a register that is never used.
struct LiveInterval {
  std::uint32_t begin = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t end = 0;
  bool empty() const { return begin > end; }
  // Whether the value is one from before instruction `index` that is read after it.
  bool Spans(std::uint32_t index) const { return begin <= 2 * index && end > 2 * index + 1; }
  void Extend(std::uint32_t point) {
    if (point < begin) begin = point;
    if (point > end) end = point;
  }
};

// One interval per register. It holds for each lane on its own, and lanes write only their own
// part of a slot, so divergence does not matter to it.
std::vector<LiveInterval> FindLiveIntervals(std::span<const DraftInstruction> code,
                                            std::size_t register_count);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_LIVENESS_H_
