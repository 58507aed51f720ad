#include "simulator/exec/memory/mbarrier.h"

#include <bit>
#include <cstring>

#include "simulator/exec/block/block.h"
#include "simulator/exec/block/cluster.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

constexpr std::uint64_t kMbarrierBytes = 8;
constexpr const char* kNone = "there is no mbarrier: mbarrier.init was not here";

Mbarrier ReadMbarrier(const std::byte* host, bool* exists) {
  std::uint64_t word;
  std::memcpy(&word, host, sizeof word);
  Mbarrier barrier;
  *exists = Mbarrier::Unpack(word, &barrier);
  return barrier;
}

void WriteMbarrier(const Mbarrier& barrier, std::byte* host) {
  const std::uint64_t word = barrier.Pack();
  std::memcpy(host, &word, sizeof word);
}

}  // namespace

std::string DescribeMbarrier(const std::byte* shared, std::uint32_t offset) {
  const std::string name = "the mbarrier at " + std::to_string(offset) + " in shared memory";
  bool exists = false;
  const Mbarrier barrier = ReadMbarrier(shared + offset, &exists);
  if (!exists) return name + ", which is gone";
  return name + ", in a phase of parity " + std::to_string(barrier.phase) + " that lacks " +
         std::to_string(barrier.pending) + " of " + std::to_string(barrier.expected) +
         " arrivals and " + std::to_string(barrier.bytes) + " bytes";
}

bool BlockRunner::FindMbarrier(Space space, std::uint64_t address, int lane, MbarrierPlace* place) {
  const std::uint64_t offset = space == Space::kNone ? address - kSharedWindow : address;
  if (offset >= kWindowBytes)
    return view_.Fail(Status::kInvalidAddressSpace, lane, "an mbarrier must be in shared memory");
  place->host = view_.Locate(space, address, kMbarrierBytes, kMbarrierBytes, true, lane);
  if (place->host == nullptr) return false;
  const std::uint64_t field = offset >> kSharedRankShift;
  place->rank = field == 0 ? rank_ : static_cast<int>(field - 1);
  place->offset = static_cast<std::uint32_t>(offset % kMaxSharedBytes);
  return true;
}

// Lets `change` have the barrier; those that wait for its phase are woken if it has ended.
template <typename Change>
bool BlockRunner::ChangeMbarrier(const MbarrierPlace& place, int lane, Change change) {
  bool exists = false;
  Mbarrier barrier = ReadMbarrier(place.host, &exists);
  if (!exists) return view_.Fail(Status::kLaunchFailure, lane, kNone);
  const bool phase = barrier.phase;
  std::string why;
  if (!change(&barrier, &why)) return view_.Fail(Status::kLaunchFailure, lane, std::move(why));
  WriteMbarrier(barrier, place.host);
  cluster_.NoteEvent();
  if (barrier.phase != phase) cluster_.block(place.rank).WakeAtMbarrier(place.offset);
  return true;
}

void BlockRunner::WakeAtMbarrier(std::uint32_t offset) {
  for (Warp& warp : warps_) warp.Wake(Fragment::State::kAtMbarrier, offset);
}

bool BlockRunner::ExpireWaits() {
  bool any = false;
  for (Warp& warp : warps_) {
    const LaneMask lanes = warp.WakeAll(Fragment::State::kAtMbarrier);
    warp.timed_out |= lanes;
    any |= lanes != 0;
  }
  return any;
}

bool BlockRunner::RunMbarrier(int warp, const Instruction& in, LaneMask lanes) {
  std::byte* const file = FileOf(warp);
  const bool after_copies = static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kCopyArrive;
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (after_copies && !copies_.empty()) copies_[static_cast<std::size_t>(warp)].WaitAll(lane);
    if (!RunMbarrierLane(in, file, lane)) return false;
  }
  return true;
}

bool BlockRunner::RunMbarrierLane(const Instruction& in, std::byte* file, int lane) {
  const AddressForm form = AddressForm::Of(in);
  const auto op = static_cast<AsyncOp>(in.detail[0]);
  const std::uint64_t first = ReadSlot64(file, in.slot[1], lane);
  const std::uint32_t count = in.slot[2] == kNoSlot ? 1 : ReadSlot32(file, in.slot[2], lane);
  if (op == AsyncOp::kMbarrierPending) {
    Mbarrier state;
    if (!Mbarrier::Unpack(first, &state))
      return view_.Fail(Status::kLaunchFailure, lane, "the operand is no state of an mbarrier");
    reinterpret_cast<std::uint32_t*>(file + in.slot[0])[lane] = state.pending;
    return true;
  }
  MbarrierPlace place;
  if (!FindMbarrier(form.space, first, lane, &place)) return false;
  if (op == AsyncOp::kMbarrierInit) {
    Mbarrier barrier;
    std::string why;
    if (!InitMbarrier(count, &barrier, &why))
      return view_.Fail(Status::kLaunchFailure, lane, std::move(why));
    WriteMbarrier(barrier, place.host);
    return true;
  }
  std::uint64_t state;
  std::memcpy(&state, place.host, sizeof state);
  const bool changed = ChangeMbarrier(place, lane, [&](Mbarrier* barrier, std::string* why) {
    switch (op) {
      case AsyncOp::kMbarrierExpect:
        return ExpectBytes(count, barrier, why);
      case AsyncOp::kMbarrierComplete:
        return ExpectBytes(-std::int64_t{count}, barrier, why);
      case AsyncOp::kMbarrierArriveExpect:
        return ExpectBytes(count, barrier, why) && ArriveAt(1, form.drop, barrier, why);
      case AsyncOp::kMbarrierArrive:
        if (form.flag && count >= barrier->pending) {
          *why = "an arrival that is not to complete the phase would complete it";
          return false;
        }
        return ArriveAt(count, form.drop, barrier, why);
      case AsyncOp::kCopyArrive:
        // Without .noinc the barrier expects one arrival more, and has it: nothing changes.
        return !form.flag || ArriveAt(1, false, barrier, why);
      default:  // kMbarrierInvalidate
        return true;
    }
  });
  if (!changed) return false;
  if (op == AsyncOp::kMbarrierInvalidate) std::memset(place.host, 0, kMbarrierBytes);
  if (in.slot[0] != kNoSlot) reinterpret_cast<std::uint64_t*>(file + in.slot[0])[lane] = state;
  return true;
}

// Lanes whose phase is not complete park at the instruction, which then looks again.
bool BlockRunner::RunMbarrierWait(int index, std::uint32_t pc, LaneMask lanes, LaneMask* passed) {
  const Instruction& in = kernel_.code[pc];
  const AddressForm form = AddressForm::Of(in);
  const bool waits = static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kMbarrierTry;
  Warp& warp = warps_[static_cast<std::size_t>(index)];
  std::byte* const file = FileOf(index);
  LaneMask complete = 0, parked = 0;
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const LaneMask bit = LaneMask{1} << lane;
    MbarrierPlace place;
    if (!FindMbarrier(form.space, ReadSlot64(file, in.slot[1], lane), lane, &place)) return false;
    if (place.rank != rank_)
      return view_.Fail(Status::kInvalidAddressSpace, lane,
                        "waits at an mbarrier of another block");
    bool exists = false;
    const Mbarrier barrier = ReadMbarrier(place.host, &exists);
    if (!exists) return view_.Fail(Status::kLaunchFailure, lane, kNone);
    bool awaited = false;  // the parity of the phase that is to be complete
    if (form.flag) {
      awaited = (ReadSlot32(file, in.slot[2], lane) & 1) != 0;
    } else {
      Mbarrier state;
      if (!Mbarrier::Unpack(ReadSlot64(file, in.slot[2], lane), &state))
        return view_.Fail(Status::kLaunchFailure, lane, "the operand is no state of an mbarrier");
      awaited = state.phase;
    }
    if (barrier.phase != awaited) {
      complete |= bit;
    } else if (waits && (warp.timed_out & bit) == 0) {
      parked |= bit;
      warp.Put(pc, bit, Fragment::State::kAtMbarrier, place.offset);
    }
  }
  *passed = lanes & ~parked;
  warp.timed_out &= ~*passed;
  auto* predicate = reinterpret_cast<LaneMask*>(file + in.slot[0]);
  *predicate = (*predicate & ~*passed) | complete;
  return true;
}

// The end of a copy, at the mbarriers that were to be told.
bool BlockRunner::SignalEnd(const BulkCopy& copy) {
  for (const std::uint64_t address : copy.mbarriers) {
    MbarrierPlace place;
    if (!FindMbarrier(Space::kSharedCluster, address, copy.lane, &place)) return false;
    if (!ChangeMbarrier(place, copy.lane, [&](Mbarrier* barrier, std::string* why) {
          return ExpectBytes(-static_cast<std::int64_t>(copy.bytes), barrier, why);
        }))
      return false;
  }
  return true;
}

}  // namespace nodecuda::simulator
