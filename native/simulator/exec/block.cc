#include "simulator/exec/block.h"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace nodecuda::simulator {
namespace {

constexpr std::size_t kLine = 64;

std::size_t LinesFor(std::size_t bytes) {
  return (bytes + kLine - 1) / kLine;
}

std::string Triple(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

std::uint32_t ThreadsOf(const Dim3& block) {
  return block.x * block.y * block.z;
}

std::size_t WarpsOf(std::uint32_t threads) {
  return (threads + kWarpSize - 1) / kWarpSize;
}

}  // namespace

BlockRunner::BlockRunner(Grid& grid)
    : grid_(grid),
      kernel_(grid.kernel()),
      threads_(ThreadsOf(grid.shape().block)),
      file_bytes_(LinesFor(kernel_.file_bytes) * kLine),
      view_(grid.memory(), grid.launch().parameters.data(), kernel_.parameter_bytes),
      registers_(LinesFor(file_bytes_) * WarpsOf(threads_) + 1),
      shared_(LinesFor(grid.shape().total_shared_bytes)),
      local_(LinesFor(kernel_.local_bytes * kWarpSize) * WarpsOf(threads_)),
      warps_(WarpsOf(threads_)) {
  view_.SetShared(shared_.empty() ? nullptr : shared_.data()->bytes,
                  grid.shape().total_shared_bytes);
  FillConstants(false);
}

void BlockRunner::FillConstants(bool of_block) {
  const Dim3 index = grid_.IndexOf(block_);
  for (const LaneConstant& constant : kernel_.constants) {
    if (DependsOnBlock(constant.special) != of_block) continue;
    for (std::size_t warp = 0; warp < warps_.size(); ++warp)
      FillConstant(constant, grid_.shape(), index, static_cast<int>(warp),
                   FileOf(static_cast<int>(warp)));
  }
}

void BlockRunner::StartBlock() {
  FillConstants(true);
  // Undefined on a GPU; zero here, so that a launch always gives the same results.
  std::fill(shared_.begin(), shared_.end(), Line{});
  std::fill(local_.begin(), local_.end(), Line{});
  barriers_ = {};
  running_threads_ = threads_;
  std::uint32_t left = threads_;
  for (Warp& warp : warps_) {
    warp.Start(left >= kWarpSize ? kFullMask : (LaneMask{1} << left) - 1);
    left -= std::min<std::uint32_t>(left, kWarpSize);
  }
}

void BlockRunner::Run(std::uint64_t block) {
  block_ = block;
  StartBlock();
  while (running_threads_ > 0) {
    bool progress = false;
    for (std::size_t i = 0; i < warps_.size(); ++i) {
      if (!warps_[i].HasReady()) continue;
      progress = true;
      if (RunWarp(static_cast<int>(i)) == Turn::kAborted) return;
    }
    if (!progress) return ReportDeadlock();
    if (grid_.Abandoned(block_)) return;
  }
}

void BlockRunner::ExitLanes(Warp& warp, LaneMask lanes) {
  warp.Exit(lanes);
  running_threads_ -= static_cast<std::uint32_t>(std::popcount(lanes));
  warp.WakeCompleteSyncs();
  for (std::uint32_t id = 0; id < kBarriers; ++id)
    if (barriers_[id].arrived != 0) ReleaseBarrierIfComplete(id);
}

// Lanes may name different barriers: those that agree with the first arrive, *rest is left where
// it is and comes here again.
void BlockRunner::Arrive(Warp& warp, LaneMask lanes, const Instruction& in, std::uint32_t next_pc,
                         LaneMask* rest) {
  std::byte* file = FileOf(static_cast<int>(&warp - warps_.data()));
  const auto* ids = reinterpret_cast<const std::uint32_t*>(file + in.slot[0]);
  const auto* counts =
      in.slot[1] == kNoSlot ? nullptr : reinterpret_cast<const std::uint32_t*>(file + in.slot[1]);
  const int lead = std::countr_zero(lanes);
  const std::uint32_t id = ids[lead];
  const std::uint32_t count = counts != nullptr ? counts[lead] : 0;
  LaneMask together = 0;
  for (LaneMask left = lanes; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    if (ids[lane] == id && (counts == nullptr || counts[lane] == count))
      together |= LaneMask{1} << lane;
  }
  *rest = lanes & ~together;

  Barrier& barrier = barriers_[id];
  barrier.arrived += static_cast<std::uint32_t>(std::popcount(together));
  barrier.expected = count;
  warp.arrived[id] |= together;
  const bool waits = in.kind == static_cast<std::uint8_t>(Operation::kBarrierSync);
  warp.Put(next_pc, together, waits ? Fragment::State::kAtBarrier : Fragment::State::kReady,
           waits ? id : 0);
  ReleaseBarrierIfComplete(id);
}

void BlockRunner::ReleaseBarrierIfComplete(std::uint32_t id) {
  Barrier& barrier = barriers_[id];
  std::uint32_t arrived = barrier.arrived;
  if (barrier.expected != 0) {
    // A count is one of whole warps: a warp all of whose lanes have come, or left, is 32 threads.
    arrived = 0;
    for (const Warp& warp : warps_) {
      const LaneMask came = warp.arrived[id];
      if (came == 0) continue;
      const bool whole = (warp.live() & ~came) == 0;
      arrived += whole ? kWarpSize : static_cast<std::uint32_t>(std::popcount(came));
    }
  }
  if (arrived < (barrier.expected != 0 ? barrier.expected : running_threads_)) return;
  barrier = {};
  for (Warp& warp : warps_) {
    warp.arrived[id] = 0;
    warp.Wake(Fragment::State::kAtBarrier, id);
  }
}

void BlockRunner::ParkAtWarpSync(Warp& warp, LaneMask lanes, const Instruction& in,
                                 std::uint32_t next_pc, LaneMask* rest) {
  const auto* members = reinterpret_cast<const std::uint32_t*>(
      FileOf(static_cast<int>(&warp - warps_.data())) + in.slot[0]);
  const std::uint32_t named = members[std::countr_zero(lanes)];
  LaneMask together = 0;
  for (LaneMask left = lanes; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    if (members[lane] == named) together |= LaneMask{1} << lane;
  }
  *rest = lanes & ~together;
  warp.Put(next_pc, together, Fragment::State::kAtWarpSync, named);
  warp.WakeCompleteSyncs();
}

std::string BlockRunner::BlockName() const {
  const Dim3 index = grid_.IndexOf(block_);
  return "block " + Triple(index.x, index.y, index.z);
}

std::string BlockRunner::Where(std::uint32_t pc) const {
  return "PTX line " + std::to_string(kernel_.code[pc].line) + " (" +
         std::string(kernel_.mnemonics[pc]) + ")";
}

BlockRunner::Turn BlockRunner::Fault(int warp, std::uint32_t pc, int lane, Status status,
                                     const std::string& what) {
  const Dim3& shape = grid_.shape().block;
  const auto thread = static_cast<std::uint32_t>(warp * kWarpSize + lane);
  grid_.Fail(block_,
             {status,
              "kernel " + kernel_.name + ", " + Where(pc) + ", " + BlockName() + ", thread " +
                  Triple(thread % shape.x, thread / shape.x % shape.y, thread / shape.x / shape.y) +
                  ": " + what});
  return Turn::kAborted;
}

void BlockRunner::ReportDeadlock() {
  constexpr int kMaxListed = 8;
  std::string report = "kernel " + kernel_.name + ", " + BlockName() +
                       ": deadlock, every thread that has not exited waits:";
  int listed = 0;
  for (std::size_t w = 0; w < warps_.size(); ++w) {
    for (int i = 0; i < warps_[w].fragment_count(); ++i) {
      if (++listed > kMaxListed) continue;
      const Fragment& fragment = warps_[w].fragment(i);
      char lanes[16];
      std::snprintf(lanes, sizeof lanes, "0x%08x", fragment.mask);
      report +=
          "\n  warp " + std::to_string(w) + ", lanes " + lanes + ", at " + Where(fragment.pc - 1);
      if (fragment.state == Fragment::State::kAtBarrier) {
        const Barrier& barrier = barriers_[fragment.key];
        report += ": barrier " + std::to_string(fragment.key) + ", where " +
                  std::to_string(barrier.arrived) + " of " +
                  std::to_string(barrier.expected != 0 ? barrier.expected : running_threads_) +
                  " threads have arrived";
      } else {
        std::snprintf(lanes, sizeof lanes, "0x%08x", fragment.key);
        report += std::string(": for the lanes ") + lanes + " of its warp";
      }
    }
  }
  if (listed > kMaxListed)
    report += "\n  and " + std::to_string(listed - kMaxListed) + " more groups of lanes";
  grid_.Fail(block_, {Status::kLaunchTimeout, std::move(report)});
}

}  // namespace nodecuda::simulator
