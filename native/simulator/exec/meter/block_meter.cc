#include "simulator/exec/meter/block_meter.h"

#include <algorithm>
#include <bit>

#include "simulator/exec/code/lane_masks.h"

namespace nodecuda::simulator {

LaneMask BlockMeter::Waiting::Return(std::uint32_t pc, LaneMask mask) {
  LaneMask again = 0;
  ForEachLane(lanes & mask, [&](int lane) {
    if (pcs[static_cast<std::size_t>(lane)] == pc) again |= LaneMask{1} << lane;
  });
  lanes &= ~mask;
  return again;
}

void BlockMeter::Waiting::Note(std::uint32_t pc, LaneMask mask) {
  lanes |= mask;
  ForEachLane(mask, [&](int lane) { pcs[static_cast<std::size_t>(lane)] = pc; });
}

BlockMeter::BlockMeter(BlockRunner& block, LaunchMeter& launch)
    : block_(block),
      launch_(launch),
      kernel_(block.grid().kernel()),
      sites_(launch.sites()),
      own_(block.grid().alone() ? 0 : sites_.size()),
      counts_(own_.empty() ? launch.counts() : std::span(own_)) {}

void BlockMeter::Start() {
  waiting_.assign(block_.warps().size(), {});
}

void BlockMeter::Before(const Step& step) {
  const MeteredSite& site = sites_[step.pc];
  Waiting& waiting = waiting_[static_cast<std::size_t>(step.warp)];
  LaneMask again = 0;
  if ((waiting.lanes & step.mask) != 0) again = waiting.Return(step.pc, step.mask);
  if (site.begins && (step.mask & ~again) != 0) Count(step, step.mask & ~again);
  if (site.waits) waiting.Note(step.pc, step.lanes);
  if (site.traits.touch != Touch::kNothing && step.lanes != 0) CountAccesses(step);
}

void BlockMeter::Count(const Step& step, LaneMask fresh) {
  const MeteredSite& site = sites_[step.pc];
  MeterCounts& counts = counts_[step.pc];
  LaneMask lanes = fresh;
  if (site.guard != kNoSlot) {
    const auto holds = *reinterpret_cast<const LaneMask*>(block_.FileOf(step.warp) + site.guard);
    lanes &= site.guard_negated ? ~holds : holds;
  }
  ++counts.warp_instructions;
  counts.thread_instructions += static_cast<std::uint64_t>(std::popcount(lanes));
  if (site.is_branch) {
    ++counts.branches;
    if (Splits(step, lanes)) ++counts.divergent_branches;
  }
  if (site.is_barrier && lanes != 0) ++counts.barriers;
}

bool BlockMeter::Splits(const Step& step, LaneMask lanes) const {
  const bool is_table = kernel_.mnemonics[step.pc].starts_with("brx");
  return is_table ? SplitsByTable(step, lanes) : lanes != 0 && lanes != step.mask;
}

// brx.idx has become comparisons of the index, and branches.
bool BlockMeter::SplitsByTable(const Step& step, LaneMask lanes) const {
  const std::uint32_t compare = step.pc;
  if (static_cast<Operation>(kernel_.code[compare].kind) == Operation::kBranch) return false;
  const int source = std::countr_zero(unsigned{kernel_.notes[compare].used});
  const auto* index = reinterpret_cast<const std::uint32_t*>(block_.FileOf(step.warp) +
                                                             kernel_.code[compare].slot[source]);
  std::vector<std::uint32_t> targets;
  for (std::uint32_t pc = compare; pc < sites_.size() && sites_[pc].first == compare; ++pc)
    if (static_cast<Operation>(kernel_.code[pc].kind) == Operation::kBranch)
      targets.push_back(kernel_.code[pc].target);
  const auto target_of = [&](int lane) {
    return targets[std::min<std::size_t>(index[lane], targets.size() - 1)];
  };
  bool splits = false;
  ForEachLane(lanes,
              [&](int lane) { splits |= target_of(lane) != target_of(std::countr_zero(lanes)); });
  return splits;
}

void BlockMeter::CountAccesses(const Step& step) {
  const Instruction& in = kernel_.code[step.pc];
  const MeteredSite& site = sites_[step.pc];
  const Warp& warp = block_.warps()[static_cast<std::size_t>(step.warp)];
  // Nothing is touched before the last lane has come.
  if (static_cast<Operation>(in.kind) == Operation::kCollective && (warp.live() & ~step.lanes) != 0)
    return;
  ListAccesses(in, site.traits, block_.FileOf(step.warp), step.lanes, block_.rank(), block_.view(),
               &accesses_);
  global_.clear();
  local_.clear();
  shared_.clear();
  for (const Access& access : accesses_) {
    const bool is_local = access.space == ptx::Space::kLocal;
    (access.space == ptx::Space::kShared ? shared_ : is_local ? local_ : global_).push_back(access);
  }
  MeterCounts& counts = counts_[site.first];
  counts.global.Add(patterns_.Sectors(global_));
  counts.local.Add(patterns_.Sectors(local_));
  counts.shared.Add(patterns_.Wavefronts(shared_));
  if (site.traits.touch != Touch::kAtomic) return;
  ++counts.atomics;
  counts.atomic_operations += accesses_.size();
  counts.atomic_addresses += patterns_.Places(accesses_);
}

}  // namespace nodecuda::simulator
