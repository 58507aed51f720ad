#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "simulator/exec/check/block_checker.h"
#include "simulator/exec/code/async.h"
#include "simulator/exec/code/lane_masks.h"
#include "simulator/exec/memory/bulk_copy.h"
#include "simulator/exec/memory/mbarrier.h"
#include "simulator/exec/touch/product.h"

// Bulk and tensor copies, and matrix products: they touch memory beside the threads that have begun
// them. They come after what those did before, and before what is done by those who know that they
// are over: who waits at the mbarrier, for the bulk group, for the group of products. A copy is
// entered when it is done, with what its thread knew when it began, so that what others have
// touched in between races with it. Products are done at once; they count as in flight until the
// wait.
namespace nodecuda::simulator {
namespace {

using ptx::Space;

enum Detail : std::uint8_t { kNoProxyFence = 6 };

int RankOf(std::uint64_t address) {
  return static_cast<int>(address >> kSharedRankShift) - 1;
}

}  // namespace

// One side of a copy or product.
struct BlockChecker::Beside {
  Trace trace;
  const Beginning& beginning;
  Space space = Space::kShared;   // or kGlobal
  BlockChecker* owner = nullptr;  // of the shared memory
  std::uint64_t bytes = 0;        // of all of it
  bool leaves = true;
  Trace seen = {};                       // the last earlier one, as neighbours mostly have the same
  std::vector<std::uint32_t> told = {};  // the instructions that it races with: once is enough
  // If not null, gets what was there, and where.
  std::vector<std::pair<Trace, std::uint64_t>>* after = nullptr;
};

void BlockChecker::AtCopy(const Step& step) {
  if (!checks_races_ && !checks_sync_) return;
  ForEachLane(step.lanes, [&](int lane) {
    const int thread = step.warp * kWarpSize + lane;
    const auto groups = bulk_groups_.find(thread);
    copies_[{thread, step.pc}].push_back(
        {meetings_.Together(step.warp, LaneMask{1} << lane),
         groups == bulk_groups_.end() ? 1 : groups->second.committed + 1});
  });
}

void BlockChecker::AtBulkGroup(const Step& step) {
  const Instruction& in = kernel_.code[step.pc];
  const bool commits = static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kBulkCommit;
  ForEachLane(step.lanes, [&](int lane) {
    BulkGroups& groups = GroupsOf(step.warp * kWarpSize + lane);
    if (commits) {
      ++groups.committed;
      return;
    }
    if (groups.committed <= in.offset) return;
    const std::uint32_t over = groups.committed - static_cast<std::uint32_t>(in.offset);
    meetings_.Learn(step.warp, LaneMask{1} << lane, groups.reads, over);
    if (!traits_[step.pc].waits_for_reads)
      meetings_.Learn(step.warp, LaneMask{1} << lane, groups.writes, over);
  });
}

BlockChecker::BulkGroups& BlockChecker::GroupsOf(int thread) {
  const auto [found, is_new] = bulk_groups_.try_emplace(thread);
  if (is_new) found->second = {0, meetings_.NewChannel(), meetings_.NewChannel()};
  return found->second;
}

void BlockChecker::AtProductGroup(const Step& step) {
  const auto warp = static_cast<std::size_t>(step.warp);
  const Instruction& in = kernel_.code[step.pc];
  std::uint32_t& committed = products_[warp].committed;
  if (static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kWgmmaCommit) {
    ++committed;
    return;
  }
  const unsigned channel = warpgroups_[warp / kWarpsOfGroup].channel;
  if (channel != 0 && committed > in.offset)
    meetings_.Learn(step.warp, step.lanes, channel,
                    committed - static_cast<std::uint32_t>(in.offset));
}

// A product is one of all four warps: that it is over for one means that it is for all. They read
// the same B, so that the first of them enters it, and the others ask for what that came after.
void BlockChecker::AtProduct(const Step& step) {
  if (step.lanes != kFullMask || (!checks_races_ && !checks_sync_)) return;
  const auto warp = static_cast<std::size_t>(step.warp);
  Warpgroup& group = warpgroups_[warp / kWarpsOfGroup];
  if (group.channel == 0) group.channel = meetings_.NewChannel();
  const Instruction& in = kernel_.code[step.pc];
  const std::byte* file = block_.FileOf(step.warp);
  const Beginning beginning{block_.index(), meetings_.Together(step.warp, step.lanes)};
  Beside reads{{.block = block_.index(),
                .lanes = step.lanes,
                .time = products_[warp].committed + 1,
                .channel = group.channel,
                .pc = step.pc,
                .warp = static_cast<std::uint8_t>(step.warp)},
               beginning};
  reads.owner = this;
  const auto touch = [&](const std::vector<std::uint64_t>& units) {
    reads.bytes = units.size() * kUnitBytes;
    for (const std::uint64_t unit : units) TouchBeside(&reads, unit, kUnitBytes);
  };
  touch(UnitsOfA(in, file, step.warp));

  const std::uint64_t descriptor = DescriptorOfB(in, file);
  const std::uint64_t number = products_[warp].issued++;
  auto found = group.products.find(number);
  if (found != group.products.end() && found->second.descriptor == descriptor) {
    for (const auto& [earlier, address] : found->second.after) Compare(&reads, earlier, address);
  } else {
    std::vector<std::pair<Trace, std::uint64_t>> after;
    reads.after = &after;
    touch(UnitsOfB(in, file));
    found = group.products.insert_or_assign(number, Product{descriptor, std::move(after)}).first;
  }
  if (++found->second.warps == kWarpsOfGroup) group.products.erase(found);
}

void BlockChecker::Finished(const BulkCopy& copy) {
  if (checks_races_ || checks_sync_) TouchCopy(copy);
  if (!checks_values_) return;
  if (copy.kind == BulkCopy::Kind::kLinear && copy.source_space == Space::kGlobal) {
    Access read{copy.lane, Space::kGlobal, copy.source, static_cast<std::uint32_t>(copy.bytes)};
    values_.Memory(read, {block_.index(), copy.warp, copy.lane, copy.pc}, values_);
  }
  if (copy.in_group) return;
  for (const std::uint64_t destination : copy.destinations) {
    BlockChecker* peer = PeerOf(RankOf(destination));
    if (peer != nullptr) peer->values_.SetSharedWritten(destination % kMaxSharedBytes, copy.bytes);
  }
}

void BlockChecker::TouchCopy(const BulkCopy& copy) {
  const auto found = copies_.find({copy.thread(), copy.pc});
  if (found == copies_.end() || found->second.empty()) return;
  const Begun begun = std::move(found->second.front());
  found->second.pop_front();
  const Beginning beginning{block_.index(), begun.known};
  const Trace trace{.block = block_.index(),
                    .lanes = LaneMask{1} << copy.lane,
                    .pc = copy.pc,
                    .warp = static_cast<std::uint8_t>(copy.warp)};
  Beside reads{trace, beginning}, writes{trace, beginning};
  reads.bytes = writes.bytes = copy.bytes;
  writes.trace.is_write = true;
  writes.trace.is_strong = copy.reduce != nullptr;
  if (copy.in_group) {
    const BulkGroups& groups = GroupsOf(copy.thread());
    reads.trace.time = writes.trace.time = begun.group;
    reads.trace.channel = groups.reads;
    writes.trace.channel = groups.writes;
    TouchSource(copy, &reads);
    writes.space = Space::kGlobal;
    if (copy.kind == BulkCopy::Kind::kLinear)
      TouchBeside(&writes, copy.destinations[0], copy.bytes);
    else
      ForEachRow(copy, [&](std::uint64_t address, std::uint64_t bytes) {
        TouchBeside(&writes, address, bytes);
      });
    return;
  }
  for (std::size_t i = 0; i < copy.destinations.size(); ++i) {
    BlockChecker* const peer = PeerOf(RankOf(copy.destinations[i]));
    const std::uint64_t offset = copy.mbarriers[i] % kMaxSharedBytes;
    std::uint64_t word = 0;
    if (peer == nullptr || offset + sizeof word > peer->block_.shared().bytes) continue;
    std::memcpy(&word, peer->block_.shared().base + offset, sizeof word);
    Mbarrier barrier;
    if (!Mbarrier::Unpack(word, &barrier)) continue;  // a fault
    Meetings::Phased& at = peer->mbarriers_[offset];
    at.Advance(barrier.phase);
    if (at.channel == 0) at.channel = peer->meetings_.NewChannel();
    meetings_.Complete(at, peer->block_.index(), begun.known);
    for (Trace* side : {&reads.trace, &writes.trace}) {
      side->block = peer->block_.index();
      side->begun_by = static_cast<std::int8_t>(block_.rank() - peer->block_.rank());
      side->channel = at.channel;
      side->time = at.number;
    }
    // Where several are told, none knows of the others, and so when the source has been read.
    reads.leaves = copy.destinations.size() == 1;
    if (i == 0) TouchSource(copy, &reads);
    writes.owner = peer;
    TouchBeside(&writes, copy.destinations[i] % kMaxSharedBytes, copy.bytes);
  }
}

void BlockChecker::TouchSource(const BulkCopy& copy, Beside* reads) {
  if (copy.kind == BulkCopy::Kind::kTensorLoad) {
    reads->space = Space::kGlobal;
    return ForEachRow(copy, [&](std::uint64_t address, std::uint64_t bytes) {
      TouchBeside(reads, address, bytes);
    });
  }
  if (copy.kind == BulkCopy::Kind::kLinear && copy.source_space == Space::kGlobal) {
    reads->space = Space::kGlobal;
    return TouchBeside(reads, copy.source, copy.bytes);
  }
  reads->owner = PeerOf(RankOf(copy.source));
  if (reads->owner != nullptr) TouchBeside(reads, copy.source % kMaxSharedBytes, copy.bytes);
}

void BlockChecker::TouchBeside(Beside* beside, std::uint64_t address, std::uint64_t bytes) {
  const bool is_shared = beside->space == Space::kShared;
  Trace& trace = beside->trace;
  if (is_shared)
    CheckPending(ActorOf(trace, std::countr_zero(trace.lanes)), *beside->owner, address, bytes);
  const std::uint64_t end = address + bytes;
  for (std::uint64_t at = address; at < end;) {
    const std::uint64_t index = at / kWordBytes, next = std::min((index + 1) * kWordBytes, end);
    trace.bytes = static_cast<std::uint8_t>(((1u << (next - at)) - 1) << at % kWordBytes);
    if (is_shared && index >= beside->owner->shared_words_.size()) return;  // a fault
    Word* const word =
        is_shared ? &beside->owner->shared_words_[index] : launch_.words.At(index * kWordBytes);
    if (word == nullptr) return;
    bool is_there = false;
    for (const Trace& earlier : word->traces()) {
      is_there |= !trace.is_write && earlier.IsLike(trace) && earlier.bytes == trace.bytes;
      if (!trace.ConflictsWith(earlier) || earlier.IsLike(beside->seen)) continue;
      beside->seen = earlier;
      Compare(beside, earlier, at);
    }
    if (beside->leaves && !is_there) word->Leave(trace, is_shared ? kMostInShared : kMostInDevice);
    at = next;
  }
}

void BlockChecker::Compare(Beside* beside, const Trace& earlier, std::uint64_t address) {
  if (beside->after != nullptr) beside->after->emplace_back(earlier, address);
  if (!beside->beginning.ComesAfter(earlier) &&
      std::ranges::find(beside->told, earlier.pc) == beside->told.end()) {
    beside->told.push_back(earlier.pc);
    ReportRace(beside->trace, earlier, {beside->space, address, beside->bytes});
  }
  if (beside->owner == this && !beside->trace.is_write) CheckProxy(*beside, earlier, address);
}

// What ordinary stores have written is read by another way to memory: a fence must come between.
void BlockChecker::CheckProxy(const Beside& beside, const Trace& earlier, std::uint64_t address) {
  if (earlier.channel != 0 || earlier.block != block_.index()) return;
  const int lane = std::countr_zero(earlier.lanes);
  const auto thread =
      static_cast<std::size_t>(earlier.warp) * kWarpSize + static_cast<std::size_t>(lane);
  if (proxy_fences_[thread] >= earlier.time) return;
  reporter_.Report(CheckKind::kSync, kNoProxyFence,
                   ActorOf(beside.trace, std::countr_zero(beside.trace.lanes)),
                   {.other = ActorOf(earlier, lane), .address = address}, [&] {
                     return "reads shared memory at " + Hex(address) +
                            " that a thread has stored to without fence.proxy.async after it";
                   });
}

}  // namespace nodecuda::simulator
