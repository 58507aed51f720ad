#ifndef NODECUDA_SIMULATOR_EXEC_CODE_DRAFT_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_DRAFT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

// An instruction as the decoder makes it: slots and guard hold register numbers, not offsets.
// A number with kConstantBit names a lane constant, which this step leaves alone.
struct DraftInstruction {
  // An operand that stands in DecodedKernel::operand_lists, not in Instruction::slot.
  struct Listed {
    std::uint32_t slot = kNoSlot;
    bool defined = false, used = false;  // written; read. An accumulator is both
  };
  Instruction in;
  std::uint8_t defined = 0;    // bit i: slot[i] is written
  std::uint8_t used = 0;       // bit i: slot[i] is read
  bool is_branch = false;      // goes to in.target, an index into the draft
  bool is_copy = false;        // moves a register, slot[1], to another of its width, slot[0]
  bool ends = false;           // does not go on to the next instruction unless its guard is false
  std::vector<Listed> listed;  // where not empty, in.target becomes the index of the first
};
inline constexpr std::uint32_t kConstantBit = 0x80000000u;

// Bytes per lane of a register: 1, 2, 4, 8, or 0 for a predicate.
using RegisterWidth = std::uint8_t;

// Bytes that a register of this width takes in the file.
inline constexpr std::size_t SlotBytes(RegisterWidth width) {
  if (width == 0) return sizeof(LaneMask);
  const std::size_t bytes = width * std::size_t{kWarpSize};
  return bytes < 64 ? 64 : bytes;
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_DRAFT_H_
