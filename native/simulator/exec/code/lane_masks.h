#ifndef NODECUDA_SIMULATOR_EXEC_CODE_LANE_MASKS_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_LANE_MASKS_H_

#include <bit>
#include <cstdint>

#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

template <typename Visit>
void ForEachLane(LaneMask lanes, Visit visit) {
  for (; lanes != 0; lanes &= lanes - 1) visit(std::countr_zero(lanes));
}

// Of `lanes`, at least one, those that name the same as the first of them.
inline LaneMask LanesThatAgree(const std::uint32_t* named, LaneMask lanes) {
  const std::uint32_t first = named[std::countr_zero(lanes)];
  // Nearly always all do, as vectors tell quickly.
  std::uint32_t differs = 0;
  for (int lane = 0; lane < kWarpSize; ++lane) differs |= named[lane] ^ first;
  if (differs == 0) [[likely]]
    return lanes;
  LaneMask together = 0;
  ForEachLane(lanes, [&](int lane) {
    if (named[lane] == first) together |= LaneMask{1} << lane;
  });
  return together;
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_LANE_MASKS_H_
