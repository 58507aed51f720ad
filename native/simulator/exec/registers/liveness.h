#ifndef NODECUDA_SIMULATOR_EXEC_REGISTERS_LIVENESS_H_
#define NODECUDA_SIMULATOR_EXEC_REGISTERS_LIVENESS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "simulator/exec/code/draft.h"
#include "simulator/exec/registers/control_flow.h"

namespace nodecuda::simulator {

// One row of bits per basic block.
class BitMatrix {
 public:
  BitMatrix() = default;
  BitMatrix(std::size_t rows, std::size_t columns)
      : words_((columns + 63) / 64), bits_(rows * words_, 0) {}
  std::size_t words() const { return words_; }
  std::uint64_t* row(std::size_t index) { return bits_.data() + index * words_; }
  void Set(std::size_t row_index, std::uint32_t column) {
    row(row_index)[column / 64] |= std::uint64_t{1} << (column % 64);
  }
  bool Test(std::size_t row_index, std::uint32_t column) const {
    return (bits_[row_index * words_ + column / 64] >> (column % 64)) & 1;
  }

 private:
  std::size_t words_ = 0;
  std::vector<std::uint64_t> bits_;
};

// Which registers hold, at the borders of basic blocks, what will be read. It holds for each lane
// on its own, and lanes write only their own part of a slot, so divergence does not matter to it.
struct Liveness {
  std::vector<BasicBlock> blocks;
  std::vector<std::uint32_t> number;  // of each register, in the matrices; kNone: crosses no border
  BitMatrix in, out;
  bool is_known = true;  // false: the code is too large, and what crosses may live anywhere
};
Liveness FindLiveness(std::span<const DraftInstruction> code, std::size_t register_count);

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

// One interval per register.
std::vector<LiveInterval> FindLiveIntervals(std::span<const DraftInstruction> code,
                                            std::size_t register_count);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_REGISTERS_LIVENESS_H_
