#ifndef NODECUDA_SIMULATOR_EXEC_REGISTERS_CONTROL_FLOW_H_
#define NODECUDA_SIMULATOR_EXEC_REGISTERS_CONTROL_FLOW_H_

#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "simulator/exec/code/draft.h"

// What every analysis of registers walks: uses, definitions and basic blocks of a draft.
namespace nodecuda::simulator {

inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

inline bool IsRegister(std::uint32_t slot) {
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

// With several destinations a handler may write one before it has read every source.
inline bool DefinesSeveral(const DraftInstruction& draft) {
  int definitions = std::popcount(draft.defined);
  for (const DraftInstruction::Listed& operand : draft.listed) definitions += operand.defined;
  return definitions > 1;
}

// A definition under a guard keeps the old value of the other lanes: it ends no life.
inline bool Kills(const DraftInstruction& draft) {
  return draft.in.guard == kNoSlot;
}

struct BasicBlock {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t successors[2] = {kNone, kNone};
};

std::vector<BasicBlock> FindBlocks(std::span<const DraftInstruction> code);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_REGISTERS_CONTROL_FLOW_H_
