#include "simulator/exec/block/async.h"

#include <bit>
#include <cstring>

#include "simulator/exec/block/block.h"
#include "simulator/exec/block/cluster.h"

namespace nodecuda::simulator {

using ptx::Space;

bool BlockRunner::RunAsync(int warp, std::uint32_t pc, LaneMask lanes, LaneMask* passed) {
  if (DispatchAsync(warp, pc, lanes, passed)) return true;
  if (cluster_.failed()) return false;  // of a copy, issued elsewhere: told there
  const MemoryFault& fault = view_.fault();
  Fault(warp, pc, fault.lane, fault.status, fault.what);
  return false;
}

bool BlockRunner::DispatchAsync(int index, std::uint32_t pc, LaneMask lanes, LaneMask* passed) {
  const Instruction& in = kernel_.code[pc];
  Warp& warp = warps_[static_cast<std::size_t>(index)];
  std::byte* const file = FileOf(index);
  switch (static_cast<AsyncOp>(in.detail[0])) {
    case AsyncOp::kMbarrierInit:
    case AsyncOp::kMbarrierInvalidate:
    case AsyncOp::kMbarrierArrive:
    case AsyncOp::kMbarrierArriveExpect:
    case AsyncOp::kMbarrierExpect:
    case AsyncOp::kMbarrierComplete:
    case AsyncOp::kMbarrierPending:
    case AsyncOp::kCopyArrive:
      return RunMbarrier(index, in, lanes);
    case AsyncOp::kMbarrierTest:
    case AsyncOp::kMbarrierTry:
      return RunMbarrierWait(index, pc, lanes, passed);
    case AsyncOp::kMapa:
    case AsyncOp::kGetCtaRank:
      return RunMapa(in, file, lanes);
    case AsyncOp::kClusterArrive:
      return ArriveAtClusterBarrier(warp, lanes);
    case AsyncOp::kClusterWait:
      return WaitAtClusterBarrier(warp, pc, lanes, passed);
    case AsyncOp::kBulkToShared:
    case AsyncOp::kBulkToGlobal:
    case AsyncOp::kTensorLoad:
    case AsyncOp::kTensorStore:
      return IssueCopies(index, pc, lanes);
    case AsyncOp::kMapReplace:
      return RunMapReplace(in, file, lanes);
    case AsyncOp::kMapCopy:
      return RunMapCopy(in, file, lanes);
    case AsyncOp::kBulkCommit:
    case AsyncOp::kBulkWait:
      return RunBulkGroup(index, in, lanes);
    case AsyncOp::kWgmma:
      return RunWgmma(index, in, file, lanes);
    case AsyncOp::kWgmmaCommit:
    case AsyncOp::kWgmmaWait:
      return RunWgmmaGroup(index, in, lanes);
  }
  return view_.Fail(Status::kLaunchFailure, std::countr_zero(lanes), "unknown operation");
}

bool BlockRunner::RunMapa(const Instruction& in, std::byte* file, LaneMask lanes) {
  const AddressForm form = AddressForm::Of(in);
  const std::uint64_t window = form.space == Space::kNone ? kSharedWindow : 0;
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const std::uint64_t address = ReadSlot64(file, in.slot[1], lane) - window;
    if (address >= kWindowBytes)
      return view_.Fail(Status::kInvalidAddressSpace, lane, "the address is not in shared memory");
    const std::uint64_t field = address >> kSharedRankShift;
    if (static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kGetCtaRank) {
      reinterpret_cast<std::uint32_t*>(file + in.slot[0])[lane] =
          field == 0 ? static_cast<std::uint32_t>(rank_) : static_cast<std::uint32_t>(field - 1);
      continue;
    }
    const std::uint32_t rank = ReadSlot32(file, in.slot[2], lane);
    if (rank >= static_cast<std::uint32_t>(cluster_.size()))
      return view_.Fail(Status::kIllegalAddress, lane,
                        "there is no block " + std::to_string(rank) + " in a cluster of " +
                            std::to_string(cluster_.size()));
    const std::uint64_t mapped =
        window + (std::uint64_t{rank + 1} << kSharedRankShift) + address % kMaxSharedBytes;
    const std::size_t bytes = form.flag ? 8 : 4;
    std::memcpy(file + in.slot[0] + static_cast<std::size_t>(lane) * bytes, &mapped, bytes);
  }
  return true;
}

bool BlockRunner::ArriveAtClusterBarrier(Warp& warp, LaneMask lanes) {
  if (const LaneMask twice = lanes & warp.cluster_wait_due; twice != 0)
    return view_.Fail(Status::kLaunchFailure, std::countr_zero(twice),
                      "arrives at the cluster's barrier again without having waited");
  warp.cluster_arrived |= lanes;
  warp.cluster_wait_due |= lanes;
  cluster_.NoteBarrierArrival();
  return true;
}

bool BlockRunner::WaitAtClusterBarrier(Warp& warp, std::uint32_t pc, LaneMask lanes,
                                       LaneMask* passed) {
  if (const LaneMask absent = lanes & ~warp.cluster_wait_due; absent != 0)
    return view_.Fail(Status::kLaunchFailure, std::countr_zero(absent),
                      "waits at the cluster's barrier without having arrived");
  warp.cluster_wait_due &= ~lanes;
  const LaneMask waiting = lanes & warp.cluster_arrived;
  if (waiting != 0) warp.Put(pc + 1, waiting, Fragment::State::kAtClusterBarrier);
  *passed = lanes & ~waiting;
  return true;
}

bool BlockRunner::HaveArrivedAtClusterBarrier(bool* any) const {
  for (const Warp& warp : warps_) {
    const LaneMask arrived = warp.live() & warp.cluster_arrived;
    if (arrived != warp.live()) return false;
    *any |= arrived != 0;
  }
  return true;
}

void BlockRunner::ReleaseClusterBarrier() {
  for (Warp& warp : warps_) {
    warp.cluster_arrived = 0;
    warp.WakeAll(Fragment::State::kAtClusterBarrier);
  }
}

bool WgmmaReads::Touch(std::uint64_t offset, std::uint64_t bytes) const {
  const std::uint64_t end = (offset + bytes + kLineBytes - 1) / kLineBytes;
  for (std::uint64_t line = offset / kLineBytes; line < end && line < current_.size(); ++line) {
    if (current_[line]) return true;
    for (const Lines& group : groups_)
      if (group[line]) return true;
  }
  return false;
}

}  // namespace nodecuda::simulator
