#include <bit>
#include <cstring>
#include <utility>

#include "simulator/exec/block/block.h"
#include "simulator/exec/block/cluster.h"
#include "simulator/exec/memory/tensor_map.h"
#include "simulator/exec/warp/reductions.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

constexpr std::uint32_t RankField(int rank) {
  return static_cast<std::uint32_t>(rank + 1) << kSharedRankShift;
}

// An address of shared memory that means the same to every block of the cluster.
std::uint64_t Absolute(std::uint64_t address, int own_rank) {
  return address >> kSharedRankShift == 0 ? address + RankField(own_rank) : address;
}

bool IsTensor(AsyncOp op) {
  return op == AsyncOp::kTensorLoad || op == AsyncOp::kTensorStore;
}

bool IsLoad(AsyncOp op) {
  return op == AsyncOp::kTensorLoad || op == AsyncOp::kBulkToShared;
}

}  // namespace

bool BlockRunner::IssueCopies(int warp, std::uint32_t pc, LaneMask lanes) {
  const Instruction& in = kernel_.code[pc];
  const std::byte* file = FileOf(warp);
  const auto op = static_cast<AsyncOp>(in.detail[0]);
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    BulkCopy copy;
    copy.rank = rank_;
    copy.warp = warp;
    copy.lane = lane;
    copy.pc = pc;
    copy.in_group = !IsLoad(op);
    const bool filled = IsTensor(op) ? FillTensorCopy(in, file, lane, &copy)
                                     : FillLinearCopy(in, file, lane, &copy);
    if (!filled) return false;
    if (!cluster_.Enqueue(std::move(copy))) return false;
  }
  return true;
}

bool BlockRunner::FillLinearCopy(const Instruction& in, const std::byte* file, int lane,
                                 BulkCopy* copy) {
  copy->bytes = ReadSlot32(file, in.slot[2], lane);
  if (copy->bytes % kBulkAlignment != 0)
    return view_.Fail(
        Status::kMisalignedAddress, lane,
        "a size of " + std::to_string(copy->bytes) + " bytes: it must be a multiple of 16");
  if (in.offset != 0) copy->reduce = AllReductions()[static_cast<std::size_t>(in.offset - 1)].run;
  const std::uint64_t destination = ReadSlot64(file, in.slot[0], lane);
  copy->source = ReadSlot64(file, in.slot[1], lane);
  if (copy->in_group) {
    copy->source_space = Space::kSharedCluster;
    copy->source = Absolute(copy->source, rank_);
    copy->destination_space = Space::kGlobal;
    copy->destinations = {destination};
    return true;
  }
  copy->source_space = AddressForm::Of(in).space;
  if (copy->source_space == Space::kShared) {
    copy->source_space = Space::kSharedCluster;
    copy->source = Absolute(copy->source, rank_);
  }
  return FillTargets(destination, ReadSlot64(file, in.slot[3], lane),
                     in.slot[4] == kNoSlot ? nullptr : file + in.slot[4], lane, copy);
}

bool BlockRunner::FillTensorCopy(const Instruction& in, const std::byte* file, int lane,
                                 BulkCopy* copy) {
  const bool is_load = static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kTensorLoad;
  const std::byte* bytes = view_.Locate(Space::kNone, ReadSlot64(file, in.slot[1], lane),
                                        sizeof(TensorMap), 64, false, lane);
  if (bytes == nullptr) return false;
  TensorMap map;
  std::memcpy(&map, bytes, sizeof map);
  if (!DecodeTensorMap(map, &copy->map))
    return view_.Fail(Status::kLaunchFailure, lane,
                      "the address is not that of a tensor map that TensorMapEncodeTiled made");
  const TensorForm form = TensorForm::Of(in);
  if (copy->map.rank != form.rank)
    return view_.Fail(Status::kLaunchFailure, lane,
                      "the tensor map is of rank " + std::to_string(copy->map.rank));
  for (std::uint32_t i = 0; i < copy->map.rank; ++i)
    copy->coordinates[i] =
        static_cast<std::int32_t>(ReadSlot32(file, kernel_.operand_lists[in.target + i], lane));
  copy->bytes = BoxBytes(copy->map);
  copy->kind = is_load ? BulkCopy::Kind::kTensorLoad : BulkCopy::Kind::kTensorStore;
  if (form.reduction != 0) {
    const MemoryReduction* reduction = TensorReductionOf(form.reduction, copy->map.data_type);
    if (reduction == nullptr)
      return view_.Fail(Status::kLaunchFailure, lane,
                        "there is no such reduction for the tensor map's type of elements");
    copy->reduce = reduction->run;
  }
  const std::uint64_t box = ReadSlot64(file, in.slot[0], lane);
  if (!is_load) {
    copy->source = Absolute(box, rank_);
    return true;
  }
  return FillTargets(box, ReadSlot64(file, in.slot[2], lane),
                     in.slot[3] == kNoSlot ? nullptr : file + in.slot[3], lane, copy);
}

// Where a copy into shared memory goes and whom it tells: one block, or those of a multicast mask
// (`mask_slot`, 16 bits per lane), at the same offset in each.
bool BlockRunner::FillTargets(std::uint64_t destination, std::uint64_t mbarrier,
                              const std::byte* mask_slot, int lane, BulkCopy* copy) {
  if (mask_slot == nullptr) {
    copy->destinations = {Absolute(destination, rank_)};
    copy->mbarriers = {Absolute(mbarrier, rank_)};
    return copy->destinations[0] >> kSharedRankShift == copy->mbarriers[0] >> kSharedRankShift ||
           view_.Fail(Status::kInvalidAddressSpace, lane,
                      "the mbarrier is in another block than the destination");
  }
  const std::uint32_t mask = reinterpret_cast<const std::uint16_t*>(mask_slot)[lane];
  if (mask == 0 || mask >> cluster_.size() != 0)
    return view_.Fail(Status::kIllegalAddress, lane,
                      "a multicast mask of " + std::to_string(mask) + " in a cluster of " +
                          std::to_string(cluster_.size()));
  for (std::uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const std::uint32_t field = RankField(std::countr_zero(rest));
    copy->destinations.push_back(destination % kMaxSharedBytes + field);
    copy->mbarriers.push_back(mbarrier % kMaxSharedBytes + field);
  }
  return true;
}

// The map may be one that is being put together: a copy asks whether it makes sense.
bool BlockRunner::RunMapReplace(const Instruction& in, const std::byte* file, LaneMask lanes) {
  const AddressForm form = AddressForm::Of(in);
  const MapFieldForm field = MapFieldForm::Of(in);
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    std::byte* bytes = view_.Locate(form.space, ReadSlot64(file, in.slot[1], lane),
                                    sizeof(TensorMap), sizeof(TensorMap), true, lane);
    if (bytes == nullptr) return false;
    TensorMap map;
    std::memcpy(&map, bytes, sizeof map);
    const std::uint64_t value =
        form.flag ? ReadSlot64(file, in.slot[2], lane) : ReadSlot32(file, in.slot[2], lane);
    if (!ReplaceTensorMapField(&map, field.field, field.ordinal, value))
      return view_.Fail(Status::kLaunchFailure, lane,
                        "a tensor map of the simulated device cannot have the value " +
                            std::to_string(value) + " there");
    std::memcpy(bytes, &map, sizeof map);
  }
  return true;
}

// By the warp: lanes name the same addresses.
bool BlockRunner::RunMapCopy(const Instruction& in, const std::byte* file, LaneMask lanes) {
  const int lane = std::countr_zero(lanes);
  std::byte* to = view_.Locate(Space::kGlobal, ReadSlot64(file, in.slot[0], lane),
                               sizeof(TensorMap), sizeof(TensorMap), true, lane);
  if (to == nullptr) return false;
  const std::byte* from = view_.Locate(Space::kShared, ReadSlot64(file, in.slot[1], lane),
                                       sizeof(TensorMap), sizeof(TensorMap), false, lane);
  if (from == nullptr) return false;
  std::memcpy(to, from, sizeof(TensorMap));
  return true;
}

bool BlockRunner::Finish(const BulkCopy& copy) {
  if (MayOverwrite(copy) && RunBulkCopy(copy, view_)) {
    if (observer_ != nullptr) observer_->Finished(copy);
    if (SignalEnd(copy)) return true;
  }
  const MemoryFault& fault = view_.fault();
  Fault(copy.warp, copy.pc, fault.lane, fault.status, fault.what);
  return false;
}

// Matrix products are computed when they are issued, but hardware reads their operands until they
// have been waited for.
bool BlockRunner::MayOverwrite(const BulkCopy& copy) {
  if (copy.in_group) return true;
  for (const std::uint64_t destination : copy.destinations) {
    const std::uint64_t rank = (destination >> kSharedRankShift) - 1;
    if (rank >= static_cast<std::uint64_t>(cluster_.size())) continue;  // refused elsewhere
    const BlockRunner& block = cluster_.block(static_cast<int>(rank));
    for (std::size_t warp = 0; warp < block.wgmma_reads_.size(); ++warp) {
      if (!block.wgmma_reads_[warp].Touch(destination % kMaxSharedBytes, copy.bytes)) continue;
      return view_.Fail(Status::kLaunchFailure, copy.lane,
                        "the copy overwrites what a wgmma of warp " + std::to_string(warp) +
                            " of " + block.BlockName() +
                            " reads, which has not been waited for (wgmma.wait_group)");
    }
  }
  return true;
}

bool BlockRunner::RunBulkGroup(int warp, const Instruction& in, LaneMask lanes) {
  bulk_groups_.resize(threads_);
  const bool commits = static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kBulkCommit;
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    const int thread = warp * kWarpSize + std::countr_zero(rest);
    std::uint32_t& groups = bulk_groups_[static_cast<std::size_t>(thread)];
    if (commits) {
      cluster_.CommitGroup(rank_, thread, ++groups);
    } else if (groups > in.offset &&
               !cluster_.FinishGroups(rank_, thread,
                                      groups - static_cast<std::uint32_t>(in.offset))) {
      return false;
    }
  }
  return true;
}

}  // namespace nodecuda::simulator
