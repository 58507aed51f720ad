#include "simulator/exec/block/block.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "simulator/exec/block/cluster.h"
#include "simulator/exec/code/lane_masks.h"

namespace nodecuda::simulator {
namespace {

constexpr std::size_t kLine = 64;

std::size_t LinesFor(std::size_t bytes) {
  return (bytes + kLine - 1) / kLine;
}

std::string Triple(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

std::string Hex(std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

std::uint32_t ThreadsOf(const Dim3& block) {
  return block.x * block.y * block.z;
}

std::size_t WarpsOf(std::uint32_t threads) {
  return (threads + kWarpSize - 1) / kWarpSize;
}

// What a thread has of its stack before it needs more.
constexpr std::size_t kFirstStackBytes = 256;

std::size_t InitialStride(const DecodedKernel& kernel) {
  return kernel.local_bytes + (kernel.stack_pointer == kNoSlot ? 0 : kFirstStackBytes);
}

}  // namespace

BlockRunner::BlockRunner(Grid& grid, Cluster& cluster, int rank)
    : grid_(grid),
      cluster_(cluster),
      rank_(rank),
      kernel_(grid.kernel()),
      threads_(ThreadsOf(grid.shape().block)),
      file_bytes_(LinesFor(kernel_.file_bytes) * kLine),
      local_stride_(InitialStride(kernel_)),
      view_(grid.memory(), {grid.launch().parameters.data(), kernel_.parameter_bytes},
            grid.alone()),
      registers_(LinesFor(file_bytes_) * WarpsOf(threads_) + 1),
      shared_(LinesFor(grid.shape().shared_bytes())),
      local_(LinesFor(local_stride_ * kWarpSize) * WarpsOf(threads_)),
      warps_(WarpsOf(threads_)),
      call_levels_(WarpsOf(threads_)),
      copies_(grid.launch().late_copies ? WarpsOf(threads_) : 0),
      observer_(grid.observer() == nullptr ? nullptr : grid.observer()->Watch(*this)) {
  FillConstants(false);
}

SharedMemory BlockRunner::shared() {
  return {shared_.empty() ? nullptr : shared_.data()->bytes, grid_.shape().shared_bytes(), false};
}

void BlockRunner::Connect(std::span<const SharedMemory> cluster) {
  view_.SetShared(cluster, static_cast<std::size_t>(rank_));
}

void BlockRunner::FillConstants(bool of_block) {
  const Dim3 index = grid_.IndexOf(block_);
  for (const LaneConstant& constant : kernel_.constants) {
    if (DependsOnBlock(constant.special) != of_block) continue;
    const bool by_warp = DependsOnWarp(constant.special);
    for (int warp = 0; warp < static_cast<int>(warps_.size()); ++warp) {
      if (by_warp || warp == 0) {
        FillConstant(constant, grid_.shape(), index, warp, FileOf(warp));
      } else {
        std::memcpy(FileOf(warp) + constant.slot, FileOf(0) + constant.slot, LineBytes(constant));
      }
    }
  }
}

void BlockRunner::Start(std::uint64_t block) {
  block_ = block;
  FillConstants(true);
  // Undefined on a GPU; zero here, so that a launch always gives the same results.
  std::fill(shared_.begin(), shared_.end(), Line{});
  local_stride_ = InitialStride(kernel_);
  local_.assign(LinesFor(local_stride_ * kWarpSize) * warps_.size(), Line{});
  barriers_ = {};
  wgmma_reads_.clear();
  bulk_groups_.clear();
  for (AsyncCopies& copies : copies_) copies.Clear();
  running_threads_ = threads_;
  round_ = 0;
  std::uint32_t left = threads_;
  for (Warp& warp : warps_) {
    warp.Start(left >= kWarpSize ? kFullMask : (LaneMask{1} << left) - 1);
    left -= std::min<std::uint32_t>(left, kWarpSize);
  }
  if (observer_ != nullptr) observer_->Start();
}

void BlockRunner::ExitLanes(Warp& warp, LaneMask lanes) {
  if (observer_ != nullptr) observer_->Exited(static_cast<int>(&warp - warps_.data()), lanes);
  warp.Exit(lanes);
  running_threads_ -= static_cast<std::uint32_t>(std::popcount(lanes));
  warp.WakeCompleteSyncs(kernel_.code.data());
  for (std::uint32_t id = 0; id < kBarriers; ++id)
    if (barriers_[id].arrived != 0) ReleaseBarrierIfComplete(id);
  cluster_.NoteExit(rank_);
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
  LaneMask together = LanesThatAgree(ids, lanes);
  if (counts != nullptr) together = LanesThatAgree(counts, together);
  *rest = lanes & ~together;

  Barrier& barrier = barriers_[id];
  barrier.arrived += static_cast<std::uint32_t>(std::popcount(together));
  barrier.expected = count;
  warp.arrived[id] |= together;
  const bool waits = in.kind != static_cast<std::uint8_t>(Operation::kBarrierArrive);
  if (in.kind == static_cast<std::uint8_t>(Operation::kBarrierReduce)) {
    const LaneMask holds = *reinterpret_cast<const LaneMask*>(file + in.slot[2]) & together;
    barrier.reducing += static_cast<std::uint32_t>(std::popcount(together));
    barrier.holding += static_cast<std::uint32_t>(std::popcount(holds));
  }
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
  if (observer_ != nullptr) observer_->Released(id);
  if (barrier.reducing != 0) WriteReductions(id);
  barrier = {};
  cluster_.NoteEvent();
  for (Warp& warp : warps_) {
    warp.arrived[id] = 0;
    warp.Wake(Fragment::State::kAtBarrier, id);
  }
}

// The results of bar.red, for all that wait at it.
void BlockRunner::WriteReductions(std::uint32_t id) {
  const Barrier& barrier = barriers_[id];
  for (std::size_t w = 0; w < warps_.size(); ++w) {
    for (int i = 0; i < warps_[w].fragment_count(); ++i) {
      const Fragment& fragment = warps_[w].fragment(i);
      if (fragment.state() != Fragment::State::kAtBarrier || fragment.key != id) continue;
      const Instruction& in = kernel_.code[fragment.pc - 1];
      if (in.kind != static_cast<std::uint8_t>(Operation::kBarrierReduce)) continue;
      std::byte* slot = FileOf(static_cast<int>(w)) + in.slot[3];
      const auto reduction = static_cast<Reduction>(in.detail[0]);
      if (reduction == Reduction::kCount) {
        for (LaneMask left = fragment.mask; left != 0; left &= left - 1)
          reinterpret_cast<std::uint32_t*>(slot)[std::countr_zero(left)] = barrier.holding;
        continue;
      }
      const bool holds =
          reduction == Reduction::kAnd ? barrier.holding == barrier.reducing : barrier.holding != 0;
      auto* predicate = reinterpret_cast<LaneMask*>(slot);
      *predicate = holds ? *predicate | fragment.mask : *predicate & ~fragment.mask;
    }
  }
}

void BlockRunner::ParkAtWarpSync(Warp& warp, LaneMask lanes, const Instruction& in,
                                 std::uint32_t next_pc, LaneMask* rest) {
  const auto* members = reinterpret_cast<const std::uint32_t*>(
      FileOf(static_cast<int>(&warp - warps_.data())) + in.slot[0]);
  const std::uint32_t named = members[std::countr_zero(lanes)];
  const LaneMask together = LanesThatAgree(members, lanes);
  *rest = lanes & ~together;
  warp.Put(next_pc, together, Fragment::State::kAtWarpSync, named);
  warp.WakeCompleteSyncs(kernel_.code.data());
}

std::string BlockRunner::BlockName() const {
  const Dim3 index = grid_.IndexOf(block_);
  return "block " + Triple(index.x, index.y, index.z);
}

std::string BlockRunner::Where(std::uint32_t pc) const {
  std::string where;
  if (kernel_.sources != nullptr)
    if (const SourceLine source = kernel_.sources->LineAt(kernel_.code[pc].line); source.line != 0)
      where = std::string(source.file) + ":" + std::to_string(source.line) + ", ";
  where += "PTX line " + std::to_string(kernel_.code[pc].line) + " (" +
           std::string(kernel_.mnemonics[pc]) + ")";
  for (const CalledFunction& function : kernel_.functions)
    if (pc >= function.begin && pc < function.end) where += " in " + std::string(function.name);
  return where;
}

BlockRunner::Turn BlockRunner::Fault(int warp, std::uint32_t pc, int lane, Status status,
                                     const std::string& what) {
  const Dim3& shape = grid_.shape().block;
  const auto thread = static_cast<std::uint32_t>(warp * kWarpSize + lane);
  if (observer_ != nullptr) {
    const bool of_access = view_.fault().what == what;
    observer_->Faulted(warp, pc, {status, lane, what, of_access ? view_.fault().address : 0});
  }
  grid_.Fail(block_,
             {status,
              "kernel " + kernel_.name + ", " + Where(pc) + ", " + BlockName() + ", thread " +
                  Triple(thread % shape.x, thread / shape.x % shape.y, thread / shape.x / shape.y) +
                  ": " + what});
  return Turn::kAborted;
}

void BlockRunner::DescribePlaces(std::vector<std::string>* lines) {
  for (std::size_t w = 0; w < warps_.size(); ++w) {
    for (int i = 0; i < warps_[w].fragment_count(); ++i) {
      const Fragment& fragment = warps_[w].fragment(i);
      // Those at an mbarrier look again, a collective is run when all have come; the others have
      // passed the instruction they wait at.
      const bool runs = fragment.state() == Fragment::State::kReady ||
                        fragment.state() == Fragment::State::kRested;
      const bool before = runs || fragment.state() == Fragment::State::kAtMbarrier ||
                          fragment.state() == Fragment::State::kAtCollective;
      lines->push_back("warp " + std::to_string(w) + ", lanes " + Hex(fragment.mask) + ", at " +
                       Where(fragment.pc - (before ? 0 : 1)) +
                       (runs ? "" : ": " + WaitsFor(fragment)));
    }
  }
}

std::string BlockRunner::WaitsFor(const Fragment& fragment) const {
  switch (fragment.state()) {
    case Fragment::State::kAtBarrier: {
      const Barrier& barrier = barriers_[fragment.key];
      return "barrier " + std::to_string(fragment.key) + ", where " +
             std::to_string(barrier.arrived) + " of " +
             std::to_string(barrier.expected != 0 ? barrier.expected : running_threads_) +
             " threads have arrived";
    }
    case Fragment::State::kAtMbarrier:
      return DescribeMbarrier(shared_.data()->bytes, fragment.key);
    case Fragment::State::kAtClusterBarrier:
      return "the barrier of the cluster, where not every thread has arrived";
    default:
      return "for the lanes " + Hex(fragment.key) + " of its warp";
  }
}

}  // namespace nodecuda::simulator
