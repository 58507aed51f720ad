#include "simulator/exec/registers/liveness.h"

#include <algorithm>
#include <cstddef>

namespace nodecuda::simulator {
namespace {

// Beyond these the analysis would cost more than it gives.
constexpr std::size_t kMaxMatrixBits = std::size_t{1} << 27;
constexpr int kMaxRounds = 64;

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

Liveness FindLiveness(std::span<const DraftInstruction> code, std::size_t register_count) {
  Liveness live;
  live.blocks = FindBlocks(code);
  std::uint32_t crossing = 0;
  live.number = NumberCrossing(code, live.blocks, register_count, &crossing);
  if (crossing == 0) return live;
  live.is_known = live.blocks.size() <= kMaxMatrixBits / crossing;
  if (!live.is_known) return live;
  live.in = live.out = BitMatrix(live.blocks.size(), crossing);
  live.is_known = Solve(code, live.blocks, live.number, &live.in, &live.out);
  return live;
}

std::vector<LiveInterval> FindLiveIntervals(std::span<const DraftInstruction> code,
                                            std::size_t register_count) {
  std::vector<LiveInterval> intervals(register_count);
  for (std::uint32_t i = 0; i < code.size(); ++i) {
    // Sources stay alive through an instruction of several destinations, so that none shares a slot
    // with one of them.
    const std::uint32_t read_until = DefinesSeveral(code[i]) ? 2 * i + 1 : 2 * i;
    ForEachUse(code[i], [&](std::uint32_t reg) {
      intervals[reg].Extend(2 * i);
      intervals[reg].Extend(read_until);
    });
    ForEachDefinition(code[i], [&](std::uint32_t reg) { intervals[reg].Extend(2 * i + 1); });
  }

  const Liveness live = FindLiveness(code, register_count);
  const auto end = static_cast<std::uint32_t>(2 * code.size());
  for (std::size_t reg = 0; reg < register_count; ++reg) {
    const std::uint32_t number = live.number[reg];
    if (number == kNone) continue;
    if (!live.is_known) {
      intervals[reg] = {0, end};
      continue;
    }
    for (std::size_t b = 0; b < live.blocks.size(); ++b) {
      if (live.in.Test(b, number)) intervals[reg].Extend(2 * live.blocks[b].begin);
      if (live.out.Test(b, number)) intervals[reg].Extend(2 * live.blocks[b].end - 1);
    }
  }
  return intervals;
}

}  // namespace nodecuda::simulator
