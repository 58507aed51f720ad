#ifndef NODECUDA_SIMULATOR_EXEC_CODE_EACH_LANE_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_EACH_LANE_H_

#include <bit>

#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

template <typename Visit>
void ForEachLane(LaneMask lanes, Visit visit) {
  for (; lanes != 0; lanes &= lanes - 1) visit(std::countr_zero(lanes));
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_EACH_LANE_H_
