#include <atomic>
#include <bit>
#include <limits>
#include <string>

#include "simulator/exec/block/block.h"
#include "simulator/exec/code/lane_masks.h"
#include "simulator/exec/warp/memory_ops.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

// Backward branches of one turn. When they are used up the other fragments, then the other warps,
// get theirs, so that a loop that waits for one of them ends; and the stop flag is looked at.
constexpr int kBackEdges = 256;

struct NoObserver {
  static constexpr bool kWatches = false;
  static void Before(const Step&) {}
};

struct Watcher {
  static constexpr bool kWatches = true;
  BlockObserver& observer;
  void Before(const Step& step) const { observer.Before(step); }
};

LaneMask GuardedLanes(const Instruction& in, const std::byte* file, LaneMask mask) {
  if (in.guard == kNoSlot) return mask;
  const LaneMask predicate = *reinterpret_cast<const LaneMask*>(file + in.guard);
  return mask & (in.guard_negated ? ~predicate : predicate);
}

}  // namespace

bool BlockRunner::RunRound(bool* progress) {
  const Schedule& schedule = grid_.launch().schedule;
  const std::uint64_t round = Schedule::Mix(block_) + round_++;
  used_turn_ = false;
  for (std::size_t i = 0; i < warps_.size(); ++i) {
    const auto index = static_cast<int>(schedule.At(i, warps_.size(), round));
    if (!warps_[static_cast<std::size_t>(index)].HasReady()) continue;
    *progress = true;
    const Turn turn =
        observer_ == nullptr ? RunWarp(index, NoObserver{}) : RunWarp(index, Watcher{*observer_});
    if (turn == Turn::kAborted) return false;
  }
  return !grid_.Abandoned(block_);
}

// Runs a warp until all its fragments wait or have exited, or each of them has had a turn. The
// running fragment lives in `pc` and `mask` and is not among the warp's own; `limit` is where it
// may meet another.
template <typename Observer>
BlockRunner::Turn BlockRunner::RunWarp(int index, Observer observer) {
  Warp& warp = warps_[static_cast<std::size_t>(index)];
  std::byte* const file = FileOf(index);
  const Instruction* const code = kernel_.code.data();
  SetLocal(index);
  WarpContext context{file, kernel_, view_,
                      copies_.empty() ? nullptr : &copies_[static_cast<std::size_t>(index)],
                      grid_.launch().printf.get()};
  Cursor at;
  if (!warp.Take(&at)) return Turn::kOver;
  std::uint32_t pc = at.pc, limit = at.limit;
  LaneMask mask = at.mask;
  int back_edges = kBackEdges;
  // Goes on with the lowest of the fragments that are ready; ends the turn if there is none.
  const auto take_next = [&] {
    if (!warp.Take(&at)) return false;
    pc = at.pc;
    mask = at.mask;
    limit = at.limit;
    return true;
  };

  for (;;) {
    if (pc >= limit) [[unlikely]] {
      warp.Put(pc, mask);
      take_next();
    }
    const Instruction& in = code[pc];
    if (in.kind == static_cast<std::uint8_t>(Operation::kAlu)) [[likely]] {
      if constexpr (Observer::kWatches) observer.Before({index, pc, mask, mask});
      in.alu(file, in, mask);
      ++pc;
      continue;
    }
    const LaneMask lanes = GuardedLanes(in, file, mask);
    if constexpr (Observer::kWatches) observer.Before({index, pc, mask, lanes});
    if (lanes == 0) {
      ++pc;
      continue;
    }
    switch (static_cast<Operation>(in.kind)) {
      case Operation::kAlu:
      case Operation::kGuardedAlu:
        in.alu(file, in, lanes);
        break;
      case Operation::kLoad:
      case Operation::kStore:
        if (!RunAccess(in, file, lanes, view_))
          return Fault(index, pc, view_.fault().lane, view_.fault().status, view_.fault().what);
        break;
      case Operation::kBranch: {
        const bool turn_used = in.target <= pc && --back_edges <= 0;
        if (lanes == mask && !turn_used) [[likely]] {
          pc = in.target;
          continue;
        }
        if (lanes != mask) warp.Put(pc + 1, mask & ~lanes);
        warp.Put(in.target, lanes, turn_used ? Fragment::State::kRested : Fragment::State::kReady);
        if (turn_used) {
          if (grid_.Abandoned(block_)) return Turn::kAborted;
          used_turn_ = true;
          back_edges = kBackEdges;
        }
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      }
      case Operation::kExit:
        ExitLanes(warp, lanes);
        mask &= ~lanes;
        if (mask != 0) break;
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      case Operation::kCall: {
        LaneMask together = 0;
        std::uint32_t entry = 0;
        if (!Call(index, pc, lanes, &together, &entry)) return Turn::kAborted;
        if (mask != lanes) warp.Put(pc + 1, mask & ~lanes);
        if (lanes != together) warp.Put(pc, lanes & ~together);
        warp.Enter();
        pc = entry;
        mask = together;
        limit = std::numeric_limits<std::uint32_t>::max();
        if (--back_edges > 0) [[likely]]
          continue;
        // Recursion may go on without a backward branch.
        if (grid_.Abandoned(block_)) return Turn::kAborted;
        used_turn_ = true;
        back_edges = kBackEdges;
        warp.Put(pc, mask, Fragment::State::kRested);
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      }
      case Operation::kReturn: {
        if (mask != lanes) warp.Put(pc + 1, mask & ~lanes);
        warp.Leave();
        Return(index, in, lanes);
        take_next();
        continue;
      }
      case Operation::kAllocateStack:
        if (!AllocateStack(index, pc, lanes)) return Turn::kAborted;
        break;
      case Operation::kRestoreStack:
        if (!RestoreStack(index, pc, lanes)) return Turn::kAborted;
        break;
      case Operation::kTrap:
        if constexpr (Observer::kWatches)
          if (kernel_.mnemonics[pc] == "brkpt" && observer.observer.StopsAtBreak()) break;
        return Fault(index, pc, std::countr_zero(lanes), Status::kLaunchFailure,
                     kernel_.mnemonics[pc] == "brkpt" ? "brkpt, and there is no debugger" : "trap");
      case Operation::kHandled:
        if (!in.warp(in, context, lanes))
          return Fault(index, pc, view_.fault().lane, view_.fault().status, view_.fault().what);
        break;
      case Operation::kCollective:
        if ((warp.live() & ~lanes) == 0) {
          if (!in.warp(in, context, lanes))
            return Fault(index, pc, view_.fault().lane, view_.fault().status, view_.fault().what);
          break;
        }
        if (mask != lanes) warp.Put(pc + 1, mask & ~lanes);
        warp.Put(pc, lanes, Fragment::State::kAtCollective, kFullMask);
        warp.WakeCompleteSyncs(code);
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      case Operation::kExchange: {
        const auto* named = reinterpret_cast<const std::uint32_t*>(file + in.slot[kMemberSlot]);
        const LaneMask members = named[std::countr_zero(lanes)];
        const LaneMask together = LanesThatAgree(named, lanes);
        const bool complete = (members & warp.live() & ~together) == 0;
        if (complete) in.alu(file, in, together);
        if (complete && together == mask) [[likely]]
          break;
        if (mask != lanes) warp.Put(pc + 1, mask & ~lanes);
        if (lanes != together) warp.Put(pc, lanes & ~together);
        if (complete || RunScattered(index, pc, together, members)) {
          warp.Put(pc + 1, together);
        } else {
          warp.Put(pc, together, Fragment::State::kAtCollective, members);
          warp.WakeCompleteSyncs(code);
        }
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      }
      case Operation::kBarrierSync:
      case Operation::kBarrierReduce:
      case Operation::kBarrierArrive: {
        const auto* ids = reinterpret_cast<const std::uint32_t*>(file + in.slot[0]);
        const int lead = std::countr_zero(lanes);
        if (ids[lead] >= kBarriers)
          return Fault(index, pc, lead, Status::kLaunchFailure,
                       "barrier " + std::to_string(ids[lead]) + " does not exist");
        LaneMask rest = 0;
        if (mask != lanes) warp.Put(pc + 1, mask & ~lanes);
        Arrive(warp, lanes, in, pc + 1, &rest);
        if (rest != 0) warp.Put(pc, rest);
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      }
      case Operation::kWarpSync: {
        LaneMask rest = 0;
        if (mask != lanes) warp.Put(pc + 1, mask & ~lanes);
        ParkAtWarpSync(warp, lanes, in, pc + 1, &rest);
        if (rest != 0) warp.Put(pc, rest);
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      }
      case Operation::kAsync: {
        LaneMask passed = lanes;
        if (!RunAsync(index, pc, lanes, &passed)) return Turn::kAborted;
        mask &= ~(lanes & ~passed);
        if (mask != 0) break;
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      }
      case Operation::kFence:
        std::atomic_thread_fence(std::memory_order_seq_cst);
        break;
      case Operation::kYield:
        warp.Put(pc + 1, mask, Fragment::State::kRested);
        used_turn_ = true;
        if (grid_.Abandoned(block_)) return Turn::kAborted;
        if (!take_next()) return warp.WakeRested(), Turn::kOver;
        continue;
      case Operation::kReadClock: {
        const LaneConstant clock{in.slot[0], in.detail[0], static_cast<Special>(in.detail[1]), 0};
        FillConstant(clock, grid_.shape(), {}, index, file);
        break;
      }
    }
    ++pc;
  }
}

}  // namespace nodecuda::simulator
