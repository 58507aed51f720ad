#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "simulator/exec/block/async.h"
#include "simulator/exec/check/block_checker.h"
#include "simulator/exec/code/async.h"
#include "simulator/exec/code/lane_masks.h"
#include "simulator/exec/memory/mbarrier.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

enum Detail : std::uint8_t { kApart = 2, kCounts, kNotAMember };

}  // namespace

void BlockChecker::CheckSync(const Step& step) {
  const Instruction& in = kernel_.code[step.pc];
  const Traits& traits = traits_[step.pc];
  switch (static_cast<Operation>(in.kind)) {
    case Operation::kBarrierSync:
    case Operation::kBarrierReduce:
    case Operation::kBarrierArrive:
      return AtBarrier(step);
    case Operation::kWarpSync:
      return AtCollective(step, in.slot[0]);
    case Operation::kExchange:
    case Operation::kCollective:
      return AtCollective(step, in.slot[kMemberSlot]);
    case Operation::kFence:
      if (traits.is_fence) meetings_.Fence(step.warp, step.lanes, traits.scope);
      if (traits.is_proxy_fence) {
        ForEachLane(step.lanes, [&](int lane) {
          proxy_fences_[static_cast<std::size_t>(step.warp) * kWarpSize +
                        static_cast<std::size_t>(lane)] = meetings_.Now(step.warp);
        });
        meetings_.Fence(step.warp, 0, traits.scope);  // what follows is later
      }
      return;
    case Operation::kHandled:
      if (traits.waits_for_copies) WriteCopies(step);
      if (traits.commits_copies)
        ForEachLane(step.lanes, [&](int lane) {
          pending_.Commit(static_cast<std::size_t>(step.warp) * kWarpSize +
                          static_cast<std::size_t>(lane));
        });
      return;
    case Operation::kAsync:
      return AtAsync(step);
    default:
      return;
  }
}

void BlockChecker::AtBarrier(const Step& step) {
  const Instruction& in = kernel_.code[step.pc];
  const std::byte* file = block_.FileOf(step.warp);
  const auto* ids = reinterpret_cast<const std::uint32_t*>(file + in.slot[0]);
  const auto* counts =
      in.slot[1] == kNoSlot ? nullptr : reinterpret_cast<const std::uint32_t*>(file + in.slot[1]);
  const int lead = std::countr_zero(step.lanes);
  const std::uint32_t id = ids[lead], count = counts == nullptr ? 0 : counts[lead];
  if (id >= kBarriers) return;  // a fault
  // The others come again.
  LaneMask lanes = LanesThatAgree(ids, step.lanes);
  if (counts != nullptr) lanes = LanesThatAgree(counts, lanes);

  Arrivals& arrivals = arrivals_[id];
  const bool is_first = arrivals.pcs.empty();
  if (is_first) arrivals = {count, false, std::vector<std::uint32_t>(block_.warps().size(), kNoPc)};
  const Actor actor = ActorAt(step, lead);
  if (count != arrivals.count)
    reporter_.Report(CheckKind::kSync, kCounts, actor, {}, [&] {
      const auto words = [](std::uint32_t threads) {
        return threads == 0 ? "all threads" : std::to_string(threads) + " threads";
      };
      return "comes to barrier " + std::to_string(id) + " for " + words(count) +
             ", where others wait for " + words(arrivals.count);
    });
  std::uint32_t& pc = arrivals.pcs[static_cast<std::size_t>(step.warp)];
  if (traits_[step.pc].is_aligned && pc != kNoPc && pc != step.pc) {
    const LaneMask there = block_.warps()[static_cast<std::size_t>(step.warp)].arrived[id];
    const Actor other{block_.index(), step.warp, there == 0 ? 0 : std::countr_zero(there), pc};
    reporter_.Report(CheckKind::kSync, kApart, actor, {.other = other}, [&] {
      return "lanes of one warp come to barrier " + std::to_string(id) +
             " at different instructions: all of a warp must execute the same one";
    });
  }
  pc = step.pc;
  arrivals.reduces |= in.kind == static_cast<std::uint8_t>(Operation::kBarrierReduce);
  meetings_.AtBarrier(step.warp, lanes, id,
                      in.kind != static_cast<std::uint8_t>(Operation::kBarrierArrive));
}

void BlockChecker::Released(std::uint32_t barrier) {
  meetings_.BarrierReleased(barrier);
  const Arrivals arrivals = std::exchange(arrivals_[barrier], {});
  if (arrivals.count != 0) return;
  for (std::size_t warp = 0; warp < arrivals.pcs.size(); ++warp) {
    const std::uint32_t pc = arrivals.pcs[warp];
    if (pc == kNoPc) continue;
    const std::uint32_t before = std::exchange(last_barrier_[warp], pc);
    LaunchChecker::BarrierUse& use = launch_.barriers[pc];
    const bool is_needed =
        arrivals.reduces || before == kNoPc || before >= pc || MayTouchBetween(before, pc);
    (is_needed ? use.needed : use.idle) += 1;
    use.actor = {block_.index(), static_cast<int>(warp), 0, pc};
  }
}

// Whether an instruction between two touches memory, or leads to some that may.
bool BlockChecker::MayTouchBetween(std::uint32_t from, std::uint32_t to) const {
  for (std::uint32_t pc = from + 1; pc < to; ++pc) {
    switch (static_cast<Operation>(kernel_.code[pc].kind)) {
      case Operation::kHandled:
      case Operation::kAsync:
      case Operation::kCall:
      case Operation::kReturn:
        return true;
      default:
        if (traits_[pc].touch != Touch::kNothing) return true;
    }
  }
  return false;
}

void BlockChecker::AtCollective(const Step& step, std::uint32_t member_slot) {
  if (member_slot == kNoSlot) return meetings_.AtWarp(step.warp, step.lanes, kFullMask);
  const auto* named =
      reinterpret_cast<const std::uint32_t*>(block_.FileOf(step.warp) + member_slot);
  const LaneMask lanes = LanesThatAgree(named, step.lanes);
  const LaneMask members = named[std::countr_zero(lanes)];
  ForEachLane(lanes & ~members, [&](int lane) {
    reporter_.Report(CheckKind::kSync, kNotAMember, ActorAt(step, lane), {}, [&] {
      return "lane " + std::to_string(lane) + " is not in the mask that it names, " + Hex(members);
    });
  });
  meetings_.AtWarp(step.warp, lanes, members);
}

void BlockChecker::AtAsync(const Step& step) {
  switch (static_cast<AsyncOp>(kernel_.code[step.pc].detail[0])) {
    case AsyncOp::kCopyArrive:
      WriteCopies(step);
      return AtMbarrier(step);
    case AsyncOp::kMbarrierInit:
    case AsyncOp::kMbarrierArrive:
    case AsyncOp::kMbarrierArriveExpect:
    case AsyncOp::kMbarrierComplete:  // of a st.async, whose thread stands for it
    case AsyncOp::kMbarrierTest:
    case AsyncOp::kMbarrierTry:
      return AtMbarrier(step);
    case AsyncOp::kClusterArrive: {
      const std::uint64_t first = block_.index() - static_cast<std::uint64_t>(block_.rank());
      return meetings_.ArriveAtCluster(step.warp, step.lanes, launch_.clusters[first]);
    }
    case AsyncOp::kClusterWait:
      return meetings_.WaitAtCluster(step.warp, step.lanes);
    case AsyncOp::kBulkToShared:
    case AsyncOp::kBulkToGlobal:
    case AsyncOp::kTensorLoad:
    case AsyncOp::kTensorStore:
      return AtCopy(step);
    case AsyncOp::kBulkCommit:
    case AsyncOp::kBulkWait:
      return AtBulkGroup(step);
    case AsyncOp::kWgmma:
      return AtProduct(step);
    case AsyncOp::kWgmmaCommit:
    case AsyncOp::kWgmmaWait:
      return AtProductGroup(step);
    default:
      return;
  }
}

void BlockChecker::AtMbarrier(const Step& step) {
  const Instruction& in = kernel_.code[step.pc];
  const AddressForm form = AddressForm::Of(in);
  const auto op = static_cast<AsyncOp>(in.detail[0]);
  const std::byte* file = block_.FileOf(step.warp);
  ForEachLane(step.lanes, [&](int lane) {
    std::uint64_t address = ReadSlot64(file, in.slot[1], lane);
    if (form.space == Space::kNone) address -= kSharedWindow;
    if (address >= kWindowBytes) return;  // a fault
    const std::uint64_t field = address >> kSharedRankShift, offset = address % kMaxSharedBytes;
    BlockChecker* const peer = field == 0 ? this : PeerOf(static_cast<int>(field - 1));
    if (peer == nullptr) return;
    const SharedMemory shared = peer->block_.shared();
    std::uint64_t word = 0;
    if (offset + sizeof word > shared.bytes) return;
    if (checks_values_) peer->values_.SetSharedWritten(offset, sizeof word);
    std::memcpy(&word, shared.base + offset, sizeof word);
    Meetings::Phased& at = peer->mbarriers_[offset];
    Mbarrier barrier;
    if (op == AsyncOp::kMbarrierInit || !Mbarrier::Unpack(word, &barrier)) {
      at.Restart();
      return;
    }
    if (op != AsyncOp::kMbarrierTest && op != AsyncOp::kMbarrierTry)
      return meetings_.Arrive(step.warp, lane, at, barrier.phase);
    bool awaited = false;
    Mbarrier state;
    if (form.flag)
      awaited = (ReadSlot32(file, in.slot[2], lane) & 1) != 0;
    else if (Mbarrier::Unpack(ReadSlot64(file, in.slot[2], lane), &state))
      awaited = state.phase;
    if (barrier.phase != awaited) meetings_.Waited(step.warp, lane, at, barrier.phase);
  });
}

}  // namespace nodecuda::simulator
