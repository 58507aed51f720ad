#include "simulator/exec/warp/warp_context.h"

#include <bit>

namespace nodecuda::simulator {

bool WarpContext::NeedsWholeWarp(LaneMask mask) const {
  return mask == kFullMask || view.Fail(Status::kLaunchFailure, std::countr_zero(mask),
                                        "needs all 32 lanes of its warp, some have exited");
}

}  // namespace nodecuda::simulator
