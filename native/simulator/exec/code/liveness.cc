#include "simulator/exec/code/liveness.h"

#include <algorithm>
#include <cstddef>

namespace nodecuda::simulator {
namespace {

// Beyond these the analysis would cost more than it gives; registers that cross blocks are then
// taken to live throughout.
constexpr std::size_t kMaxMatrixBits = std::size_t{1} << 27;
constexpr int kMaxRounds = 64;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

bool IsRegister(std::uint32_t slot) {
  return slot != kNoSlot && (slot & kConstantBit) == 0;
}

template <typename Visit>
void ForEachUse(const DraftInstruction& draft, Visit visit) {
  for (int i = 0; i < kMaxSlots; ++i)
    if ((draft.used >> i & 1) && IsRegister(draft.in.slot[i])) visit(draft.in.slot[i]);
  for (const DraftInstruction::Listed& operand : draft.listed)
    if (operand.used && IsRegister(operand.slot)) visit(operand.slot);
  if (IsRegister(draft.in.guard)) visit(draft.in.guard);
}

template <typename Visit>
void ForEachDefinition(const DraftInstruction& draft, Visit visit) {
  for (int i = 0; i < kMaxSlots; ++i)
    if ((draft.defined >> i & 1) && IsRegister(draft.in.slot[i])) visit(draft.in.slot[i]);
  for (const DraftInstruction::Listed& operand : draft.listed)
    if (operand.defined && IsRegister(operand.slot)) visit(operand.slot);
}

// A definition under a guard keeps the old value of the other lanes: it ends no life.
bool Kills(const DraftInstruction& draft) {
  return draft.in.guard == kNoSlot;
}

struct BasicBlock {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t successors[2] = {kNone, kNone};
};

std::vector<BasicBlock> FindBlocks(std::span<const DraftInstruction> code) {
  std::vector<bool> leads(code.size() + 1, false);
  leads[0] = true;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i].is_branch) leads[code[i].in.target] = true;
    if (code[i].is_branch || code[i].ends) leads[i + 1] = true;
  }
  std::vector<BasicBlock> blocks;
  std::vector<std::uint32_t> block_at(code.size(), 0);
  for (std::uint32_t i = 0; i < code.size(); ++i) {
    if (leads[i]) blocks.push_back({i, i, {kNone, kNone}});
    block_at[i] = static_cast<std::uint32_t>(blocks.size() - 1);
    blocks.back().end = i + 1;
  }
  for (BasicBlock& block : blocks) {
    const DraftInstruction& last = code[block.end - 1];
    const bool goes_on = !(last.is_branch || last.ends) || last.in.guard != kNoSlot;
    if (goes_on && block.end < code.size()) block.successors[0] = block_at[block.end];
    if (last.is_branch) block.successors[1] = block_at[last.in.target];
  }
  return blocks;
}

// One row of bits per basic block.
class BitMatrix {
 public:
  BitMatrix(std::size_t rows, std::size_t columns)
      : words_((columns + 63) / 64), bits_(rows * words_, 0) {}
  std::size_t words() const { return words_; }
  std::uint64_t* row(std::size_t index) { return bits_.data() + index * words_; }
  void Set(std::size_t row_index, std::uint32_t column) {
    row(row_index)[column / 64] |= std::uint64_t{1} << (column % 64);
  }
  bool Test(std::size_t row_index, std::uint32_t column) {
    return (row(row_index)[column / 64] >> (column % 64)) & 1;
  }

 private:
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

// The registers whose value may cross the border of a basic block: used in one before any
// unconditional definition there. Numbers them densely; kNone for the others.
std::vector<std::uint32_t> NumberCrossing(std::span<const DraftInstruction> code,
                                          const std::vector<BasicBlock>& blocks,
                                          std::size_t register_count, std::uint32_t* count) {
  std::vector<std::uint32_t> number(register_count, kNone);
  std::vector<std::uint32_t> defined_in(register_count, kNone);
  *count = 0;
  for (std::uint32_t b = 0; b < blocks.size(); ++b) {
    for (std::uint32_t i = blocks[b].begin; i < blocks[b].end; ++i) {
      ForEachUse(code[i], [&](std::uint32_t reg) {
        if (defined_in[reg] != b && number[reg] == kNone) number[reg] = (*count)++;
      });
      if (!Kills(code[i])) continue;
      ForEachDefinition(code[i], [&](std::uint32_t reg) { defined_in[reg] = b; });
    }
  }
  return number;
}

// Backward data flow: live at the start of a block = used there first, or live at its end and not
// killed. Returns false where it gave up.
bool Solve(std::span<const DraftInstruction> code, const std::vector<BasicBlock>& blocks,
           const std::vector<std::uint32_t>& number, BitMatrix* live_in, BitMatrix* live_out) {
  BitMatrix killed = *live_in;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (std::uint32_t i = blocks[b].begin; i < blocks[b].end; ++i) {
      ForEachUse(code[i], [&](std::uint32_t reg) {
        if (number[reg] != kNone && !killed.Test(b, number[reg])) live_in->Set(b, number[reg]);
      });
      if (!Kills(code[i])) continue;
      ForEachDefinition(code[i], [&](std::uint32_t reg) {
        if (number[reg] != kNone) killed.Set(b, number[reg]);
      });
    }
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    bool changed = false;
    for (std::size_t b = blocks.size(); b-- > 0;) {
      std::uint64_t* in = live_in->row(b);
      std::uint64_t* out = live_out->row(b);
      const std::uint64_t* dead = killed.row(b);
      for (const std::uint32_t successor : blocks[b].successors) {
        if (successor == kNone) continue;
        const std::uint64_t* next = live_in->row(successor);
        for (std::size_t w = 0; w < live_in->words(); ++w) {
          out[w] |= next[w];
          const std::uint64_t now = in[w] | (out[w] & ~dead[w]);
          changed |= now != in[w];
          in[w] = now;
        }
      }
    }
    if (!changed) return true;
  }
  return false;
}

}  // namespace

std::vector<LiveInterval> FindLiveIntervals(std::span<const DraftInstruction> code,
                                            std::size_t register_count) {
  std::vector<LiveInterval> intervals(register_count);
  for (std::uint32_t i = 0; i < code.size(); ++i) {
    // With several destinations a handler may write one before it has read every source: those
    // stay alive through the instruction, so that none shares a slot with a destination.
    int definitions = 0;
    ForEachDefinition(code[i], [&](std::uint32_t) { ++definitions; });
    const bool single = definitions <= 1;
    const std::uint32_t read_until = single ? 2 * i : 2 * i + 1;
    ForEachUse(code[i], [&](std::uint32_t reg) {
      intervals[reg].Extend(2 * i);
      intervals[reg].Extend(read_until);
    });
    ForEachDefinition(code[i], [&](std::uint32_t reg) { intervals[reg].Extend(2 * i + 1); });
  }

  const std::vector<BasicBlock> blocks = FindBlocks(code);
  std::uint32_t crossing = 0;
  const std::vector<std::uint32_t> number = NumberCrossing(code, blocks, register_count, &crossing);
  if (crossing == 0) return intervals;

  const auto end = static_cast<std::uint32_t>(2 * code.size());
  const auto live_throughout = [&] {
    for (std::size_t reg = 0; reg < register_count; ++reg)
      if (number[reg] != kNone) intervals[reg] = {0, end};
    return intervals;
  };
  if (blocks.size() > kMaxMatrixBits / crossing) return live_throughout();
  BitMatrix live_in(blocks.size(), crossing), live_out(blocks.size(), crossing);
  if (!Solve(code, blocks, number, &live_in, &live_out)) return live_throughout();

  for (std::size_t reg = 0; reg < register_count; ++reg) {
    if (number[reg] == kNone) continue;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (live_in.Test(b, number[reg])) intervals[reg].Extend(2 * blocks[b].begin);
      if (live_out.Test(b, number[reg])) intervals[reg].Extend(2 * blocks[b].end - 1);
    }
  }
  return intervals;
}

}  // namespace nodecuda::simulator
