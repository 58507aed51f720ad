#include "simulator/exec/warp/heap_ops.h"

#include <bit>
#include <cstdint>

#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {

bool RunMalloc(const Instruction& in, WarpContext& context, LaneMask mask) {
  auto* addresses = context.Slot<std::uint64_t>(in.slot[0]);
  const auto* bytes = context.Slot<std::uint64_t>(in.slot[1]);
  for (LaneMask left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    addresses[lane] = context.view.TakeFromHeap(bytes[lane]);
  }
  return true;
}

bool RunFree(const Instruction& in, WarpContext& context, LaneMask mask) {
  const auto* addresses = context.Slot<std::uint64_t>(in.slot[0]);
  for (LaneMask left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    if (addresses[lane] != 0 && !context.view.ReturnToHeap(addresses[lane], lane)) return false;
  }
  return true;
}

}  // namespace nodecuda::simulator
