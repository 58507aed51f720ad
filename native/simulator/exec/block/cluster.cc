#include "simulator/exec/block/cluster.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace nodecuda::simulator {
namespace {

// Copies are finished as late as can be, so that a kernel that does not wait for them reads old
// bytes: when nothing else can run, or after so many rounds, for kernels that poll.
constexpr std::uint64_t kLatestRounds = 16;
constexpr std::size_t kMaxCopies = 4096;  // bounds what a kernel that never waits takes
// A wait at an mbarrier may give up, and its thread may then do something that others wait for.
// When all waits have been given up this often and nothing has come of it, nothing will.
constexpr int kMaxVainExpiries = 64;

}  // namespace

Cluster::Cluster(Grid& grid) : grid_(grid) {
  for (int rank = 0; rank < grid.cluster_size(); ++rank) {
    blocks_.push_back(std::make_unique<BlockRunner>(grid, *this, rank));
    shared_.push_back(blocks_.back()->shared());
  }
  for (const auto& block : blocks_) block->Connect(shared_);
}

void Cluster::Start(std::uint64_t first_block) {
  first_block_ = first_block;
  for (std::size_t rank = 0; rank < blocks_.size(); ++rank) {
    blocks_[rank]->Start(first_block + rank);
    shared_[rank].exited = false;
  }
  copies_.clear();
  round_ = events_ = events_at_expiry_ = 0;
  vain_expiries_ = 0;
  failed_ = barrier_in_use_ = false;
}

bool Cluster::RunRound() {
  bool running = false, progress = false;
  for (const auto& block : blocks_) {
    if (block->running_threads() == 0) continue;
    running = true;
    if (!block->RunRound(&progress)) return false;
  }
  const bool late = !copies_.empty() && round_ - copies_.front().round >= kLatestRounds;
  if (!copies_.empty() && (!progress || late)) {
    if (!FinishCopies()) return false;
  } else if (!running) {
    return false;
  } else if (!progress && !ExpireWaits()) {
    ReportDeadlock();
    return false;
  }
  const bool goes_on =
      std::ranges::any_of(blocks_, [](const auto& block) { return block->running_threads() != 0; });
  if (goes_on && grid_.Overdue()) {
    ReportOverdue();
    return false;
  }
  ++round_;
  return true;
}

bool Cluster::used_turn() const {
  return std::ranges::any_of(blocks_, [](const auto& block) { return block->used_turn(); });
}

bool Cluster::FinishCopies() {
  // Finishing one issues no other.
  const std::vector<BulkCopy> copies = std::exchange(copies_, {});
  failed_ = !std::all_of(copies.begin(), copies.end(),
                         [this](const BulkCopy& copy) { return block(copy.rank).Finish(copy); });
  return !failed_;
}

bool Cluster::Enqueue(BulkCopy copy) {
  copy.round = round_;
  copies_.push_back(std::move(copy));
  return copies_.size() < kMaxCopies || FinishCopies();
}

void Cluster::CommitGroup(int rank, int thread, std::uint32_t group) {
  for (BulkCopy& copy : copies_)
    if (copy.rank == rank && copy.thread() == thread && copy.in_group && copy.group == 0)
      copy.group = group;
}

bool Cluster::FinishGroups(int rank, int thread, std::uint32_t last_group) {
  const auto is_due = [&](const BulkCopy& copy) {
    return copy.rank == rank && copy.thread() == thread && copy.group != 0 &&
           copy.group <= last_group;
  };
  for (const BulkCopy& copy : copies_)
    if (is_due(copy) && !block(rank).Finish(copy)) {
      failed_ = true;
      return false;
    }
  std::erase_if(copies_, is_due);
  return true;
}

void Cluster::NoteExit(int rank) {
  NoteEvent();
  if (block(rank).running_threads() == 0) shared_[static_cast<std::size_t>(rank)].exited = true;
  if (barrier_in_use_) ReleaseBarrierIfComplete();
}

void Cluster::NoteBarrierArrival() {
  barrier_in_use_ = true;
  ReleaseBarrierIfComplete();
}

void Cluster::ReleaseBarrierIfComplete() {
  bool any = false;
  for (const auto& block : blocks_)
    if (!block->HaveArrivedAtClusterBarrier(&any)) return;
  barrier_in_use_ = false;
  if (!any) return;
  NoteEvent();
  for (const auto& block : blocks_) block->ReleaseClusterBarrier();
}

bool Cluster::ExpireWaits() {
  vain_expiries_ = events_ == events_at_expiry_ ? vain_expiries_ + 1 : 0;
  events_at_expiry_ = events_;
  if (vain_expiries_ > kMaxVainExpiries) return false;
  bool any = false;
  for (const auto& block : blocks_) any |= block->ExpireWaits();
  return any;
}

std::string Cluster::Describe(const std::string& what) {
  constexpr std::size_t kMaxListed = 8;
  std::string report = "kernel " + grid_.kernel().name + ", " + blocks_[0]->BlockName() +
                       (size() == 1 ? "" : " and the rest of its cluster") + ": " + what + ":";
  std::vector<std::string> lines;
  for (const auto& block : blocks_) {
    std::vector<std::string> places;
    block->DescribePlaces(&places);
    const std::string name = size() == 1 ? "" : block->BlockName() + ", ";
    for (const std::string& place : places) lines.push_back(name + place);
  }
  for (std::size_t i = 0; i < std::min(lines.size(), kMaxListed); ++i) report += "\n  " + lines[i];
  if (lines.size() > kMaxListed)
    report += "\n  and " + std::to_string(lines.size() - kMaxListed) + " more groups of lanes";
  return report;
}

void Cluster::ReportDeadlock() {
  std::string report = Describe("deadlock, every thread that has not exited waits");
  if (grid_.observer() != nullptr) grid_.observer()->Deadlocked(*blocks_[0], report);
  grid_.Fail(first_block_, {Status::kLaunchTimeout, std::move(report)});
}

void Cluster::ReportOverdue() {
  std::string report = Describe(grid_.Lateness() + ", its threads are");
  if (grid_.observer() != nullptr) grid_.observer()->Overdue(*blocks_[0], report);
  grid_.Fail(first_block_, {Status::kLaunchTimeout, std::move(report)});
}

}  // namespace nodecuda::simulator
