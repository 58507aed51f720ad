#include "simulator/exec/registers/control_flow.h"

#include <cstddef>

namespace nodecuda::simulator {

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

}  // namespace nodecuda::simulator
