#include "simulator/exec/block/block.h"
#include "simulator/exec/block/slot_copy.h"

namespace nodecuda::simulator {

bool BlockRunner::RunScattered(int index, std::uint32_t pc, LaneMask lanes, std::uint32_t members) {
  Warp& warp = warps_[static_cast<std::size_t>(index)];
  const Instruction* const code = kernel_.code.data();
  const LaneMask others = warp.AtCollective(code, pc, members);
  if ((members & warp.live() & ~(lanes | others)) != 0) return false;

  // As at one place: with what each has in its own registers, gathered.
  constexpr std::uint32_t kSlotBytes = kWarpSize * 8;
  alignas(64) std::byte gathered[kMaxSlots * kSlotBytes];
  const CollectiveOperands operands = CollectiveOperands::Of(code[pc]);
  Instruction joint = code[pc];
  for (std::uint32_t i = 0; i < kMaxSlots; ++i) joint.slot[i] = i * kSlotBytes;
  std::byte* const file = FileOf(index);
  const auto gather = [&](const Instruction& in, LaneMask mask) {
    for (int i = operands.destinations; i < operands.count; ++i)
      CopySlot(gathered + joint.slot[i], file + in.slot[i], operands.width[i], mask);
  };
  const auto scatter = [&](const Instruction& in, LaneMask mask) {
    for (int i = 0; i < operands.destinations; ++i)
      CopySlot(file + in.slot[i], gathered + joint.slot[i], operands.width[i], mask);
  };
  const auto waits = [&](const Fragment& fragment) {
    return fragment.state() == Fragment::State::kAtCollective && fragment.key == members &&
           SameCollective(code[pc], code[fragment.pc]);
  };
  gather(code[pc], lanes);
  for (int i = 0; i < warp.fragment_count(); ++i)
    if (waits(warp.fragment(i))) gather(code[warp.fragment(i).pc], warp.fragment(i).mask);
  joint.alu(gathered, joint, lanes | others);
  scatter(code[pc], lanes);
  for (int i = 0; i < warp.fragment_count();) {
    if (!waits(warp.fragment(i))) {
      ++i;
      continue;
    }
    scatter(code[warp.fragment(i).pc], warp.fragment(i).mask);
    warp.Pass(i);
    i = 0;
  }
  return true;
}

}  // namespace nodecuda::simulator
