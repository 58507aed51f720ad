#include "simulator/exec/warp/bulk_store.h"

#include <bit>
#include <cstring>

#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

bool RunBulkStore(const Instruction& in, WarpContext& context, LaneMask mask) {
  const MemoryForm form = MemoryForm::Of(in);
  const auto* sizes = context.Slot<std::uint64_t>(in.slot[kBulkSizeSlot]);
  for (LaneMask left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    const std::uint64_t address =
        LaneAddress(context.file, in.slot[kAddressSlot], in.offset, form.wide_address, lane);
    constexpr std::uint64_t kMost = 16777216;
    if (sizes[lane] % kBulkUnit != 0 || sizes[lane] > kMost)
      return context.view.Fail(Status::kLaunchFailure, lane,
                               "the size must be a multiple of 8, and at most 16777216 bytes");
    if (form.space == ptx::Space::kNone && address - kSharedWindow >= kWindowBytes)
      return context.view.Fail(Status::kIllegalAddress, lane,
                               "the address is none of shared memory");
    if (sizes[lane] == 0) continue;
    std::byte* host = context.view.Locate(form.space, address, sizes[lane], kBulkUnit, true, lane);
    if (host == nullptr) return false;
    std::memset(host, 0, sizes[lane]);
  }
  return true;
}

}  // namespace

WarpHandler BulkStoreHandler() {
  return RunBulkStore;
}

}  // namespace nodecuda::simulator
