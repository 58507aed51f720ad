#include "simulator/exec/check/block_checker.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <tuple>

#include "simulator/exec/code/async.h"
#include "simulator/exec/code/lane_masks.h"
#include "simulator/exec/touch/product.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

enum Detail : std::uint8_t {
  kAfterRead,
  kAfterWrite,
  kSameValue,
  kWithinWarp,
  kWithinWarpSame,
  kPendingCopy
};

const char* NameOf(Space space) {
  return space == Space::kShared ? "shared" : "device";
}

bool IsInOrNear(const DeviceMemory& memory, std::uint64_t address) {
  constexpr std::uint64_t kNear = 1 << 20;
  return memory.InRegion(address) || memory.InRegion(address + kNear) ||
         (address > kNear && memory.InRegion(address - kNear));
}

// How far the address is from the allocation that was meant, perhaps.
std::string DescribeDistance(const DeviceMemory& memory, std::uint64_t address) {
  const MemoryRecord* record = memory.record();
  const auto near = record == nullptr ? std::nullopt : record->Describe(address);
  if (!near) return {};
  const std::string name = " of " + std::to_string(near->bytes) + " bytes at " + Hex(near->begin);
  const std::uint64_t end = near->begin + near->bytes;
  if (near->freed)
    return ": " + std::to_string(address - near->begin) + " bytes into the allocation" + name +
           ", which was freed";
  if (address >= end)
    return ": " + std::to_string(address - end) + " bytes past the end of the allocation" + name;
  if (address < near->begin)
    return ": " + std::to_string(near->begin - address) + " bytes before the allocation" + name;
  return {};
}

}  // namespace

BlockChecker::BlockChecker(BlockRunner& block, LaunchChecker& launch)
    : block_(block),
      launch_(launch),
      reporter_(launch.reporter()),
      kernel_(block.grid().kernel()),
      traits_(launch.traits),
      checks_races_(reporter_.Checks(CheckKind::kRace)),
      checks_values_(reporter_.Checks(CheckKind::kInit)),
      checks_sync_(reporter_.Checks(CheckKind::kSync)),
      values_(block, reporter_, traits_),
      meetings_(block),
      wgmma_(block, reporter_) {}

void BlockChecker::Start() {
  Withdraw();
  started_ = block_.index();
  launch_.blocks[started_] = this;
  if (checks_values_) values_.Start();
  meetings_.Start();
  wgmma_.Start();
  const std::size_t threads = block_.warps().size() * kWarpSize;
  const std::size_t bytes = block_.shared().bytes;
  pending_.Start(threads, bytes);
  shared_words_.resize((bytes + kWordBytes - 1) / kWordBytes);
  for (Word& word : shared_words_) word.Clear();
  shared_meetings_.clear();
  mbarriers_.clear();
  proxy_fences_.assign(threads, 0);
  arrivals_ = {};
  last_barrier_.assign(block_.warps().size(), kNoPc);
  copies_.clear();
  bulk_groups_.clear();
  products_.assign(block_.warps().size(), {});
  warpgroups_.assign(block_.warps().size() / kWarpsOfGroup + 1, {});
}

void BlockChecker::Before(const Step& step) {
  meetings_.GoOn(step.warp, step.mask);
  if (checks_values_) values_.Registers(step);
  if (step.lanes == 0) return;
  wgmma_.Before(step);
  CheckSync(step);
  if (traits_[step.pc].touch != Touch::kNothing) CheckAccesses(step);
}

void BlockChecker::Withdraw() {
  const auto found = launch_.blocks.find(started_);
  if (found != launch_.blocks.end() && found->second == this) launch_.blocks.erase(found);
}

BlockChecker* BlockChecker::PeerOf(int rank) {
  const auto found =
      launch_.blocks.find(block_.index() - static_cast<std::uint64_t>(block_.rank()) +
                          static_cast<std::uint64_t>(rank));
  return found == launch_.blocks.end() ? nullptr : found->second;
}

void BlockChecker::CheckAccesses(const Step& step) {
  const Traits& traits = traits_[step.pc];
  ListAccesses(kernel_.code[step.pc], traits, block_.FileOf(step.warp), step.lanes, block_.rank(),
               block_.view(), &accesses_);
  for (const Access& access : accesses_) {
    const Actor actor = ActorAt(step, access.lane);
    BlockChecker* const peer = access.space == Space::kShared ? PeerOf(access.rank) : this;
    if (checks_values_ && peer != nullptr) values_.Memory(access, actor, peer->values_);
    if (access.space == Space::kLocal) continue;
    if (peer == nullptr || access.space != Space::kShared) continue;
    CheckPending(actor, *peer, access.address, access.bytes);
  }
  if (checks_races_ || checks_sync_) CheckRaces(step);
  if (traits.touch == Touch::kAsyncCopy) {
    for (const Access& access : accesses_)
      if (access.is_write && access.rank == block_.rank())
        pending_.Add(
            static_cast<std::size_t>(step.warp) * kWarpSize + static_cast<std::size_t>(access.lane),
            {access, step.pc});
  }
}

void BlockChecker::CheckPending(const Actor& at, const BlockChecker& owner, std::uint64_t offset,
                                std::uint64_t bytes) {
  const std::size_t writer = owner.pending_.WriterOf(offset, bytes);
  if (writer == PendingCopies::kNobody) return;
  reporter_.Report(CheckKind::kSync, kPendingCopy, at, {.address = offset}, [&] {
    return "touches shared memory at " + Hex(offset) + " that a cp.async of thread " +
           std::to_string(writer) +
           " of the block writes, which that thread has not waited for "
           "(cp.async.wait_group)";
  });
}

// The words of the accesses, those of one word and the same bytes together.
void BlockChecker::CheckRaces(const Step& step) {
  const Traits& traits = traits_[step.pc];
  pieces_.clear();
  for (const Access& access : accesses_) {
    if (access.space == Space::kLocal) continue;
    BlockChecker* const peer = access.space == Space::kShared ? PeerOf(access.rank) : this;
    if (peer == nullptr) continue;
    if (traits.is_strong) {
      meetings_.Strong(step.warp, access.lane, traits,
                       !access.is_write || traits.touch == Touch::kAtomic, access.is_write,
                       access.space == Space::kShared ? peer->shared_meetings_ : launch_.meetings,
                       access.address);
    }
    AddPieces(access);
  }
  // A copy is done when it has been waited for.
  TouchPieces(step, traits.touch != Touch::kAsyncCopy);
}

void BlockChecker::AddPieces(const Access& access) {
  const std::uint64_t end = access.address + access.bytes;
  for (std::uint64_t at = access.address; at < end;) {
    const std::uint64_t word = at / kWordBytes, next = std::min((word + 1) * kWordBytes, end);
    const unsigned bytes = ((1u << (next - at)) - 1) << at % kWordBytes;
    pieces_.push_back({word, &access, static_cast<std::uint8_t>(bytes)});
    at = next;
  }
}

void BlockChecker::TouchPieces(const Step& step, bool leaves) {
  std::ranges::stable_sort(pieces_, {}, [](const Piece& piece) {
    return std::tuple(piece.access->space, piece.access->rank, piece.access->is_write, piece.word,
                      piece.bytes);
  });
  for (std::size_t first = 0; first < pieces_.size();) {
    std::size_t end = first + 1;
    while (end < pieces_.size() && pieces_[end].IsBeside(pieces_[first])) ++end;
    TouchWord(step, std::span(pieces_).subspan(first, end - first), leaves);
    first = end;
  }
}

void BlockChecker::TouchWord(const Step& step, std::span<const Piece> pieces, bool leaves) {
  const Access& access = *pieces[0].access;
  const Traits& traits = traits_[step.pc];
  Trace trace{.block = block_.index(),
              .time = meetings_.Now(step.warp),
              .pc = step.pc,
              .warp = static_cast<std::uint8_t>(step.warp),
              .bytes = pieces[0].bytes,
              .is_write = access.is_write,
              .is_strong = traits.is_strong,
              .scope = traits.scope};
  for (const Piece& piece : pieces) trace.lanes |= LaneMask{1} << piece.access->lane;
  if (access.is_write && !trace.is_strong && traits.touch == Touch::kStore && pieces.size() > 1)
    CheckWithinWarp(step, pieces);
  const bool is_shared = access.space == Space::kShared;
  Word* const word = is_shared ? &PeerOf(access.rank)->shared_words_[pieces[0].word]
                               : launch_.words.At(pieces[0].word * kWordBytes);
  if (word == nullptr) return;
  word->Check(trace, meetings_.OfWarp(step.warp), [&](const Trace& earlier) {
    const bool same = trace.is_write && earlier.is_write && WritesWhatIsThere(access, step.warp);
    ReportRace(trace, earlier, {access.space, access.address, access.bytes, same});
  });
  if (leaves || !access.is_write) word->Leave(trace, is_shared ? kMostInShared : kMostInDevice);
}

// Lanes that store to one place in one instruction: which of them wins is not said.
void BlockChecker::CheckWithinWarp(const Step& step, std::span<const Piece> pieces) {
  const std::byte* file = block_.FileOf(step.warp);
  const auto value = [&](const Access& access) {
    std::uint64_t bits = 0;
    if (access.value_slot != kNoSlot)
      std::memcpy(
          &bits,
          file + access.value_slot + static_cast<std::size_t>(access.lane) * access.value_bytes,
          std::min(access.bytes, access.value_bytes));
    return bits;
  };
  const Access& first = *pieces[0].access;
  const bool same = std::ranges::all_of(
      pieces, [&](const Piece& piece) { return value(*piece.access) == value(first); });
  const int other = pieces[1].access->lane;
  if (other == first.lane) return;
  reporter_.Report(
      CheckKind::kRace, same ? kWithinWarpSame : kWithinWarp, ActorAt(step, first.lane),
      {.is_advice = same,
       .other = ActorAt(step, other),
       .address = first.address,
       .in_device_memory = first.space == Space::kGlobal},
      [&] {
        return "several lanes of a warp store to " + std::string(NameOf(first.space)) +
               " memory at " + Hex(first.address) + " in one instruction" +
               (same ? ", all of them the same value" : ", different values: any of them may win");
      });
}

bool BlockChecker::WritesWhatIsThere(const Access& access, int warp) {
  if (!access.is_write || access.value_slot == kNoSlot || access.bytes > access.value_bytes)
    return false;
  const std::byte* there = nullptr;
  if (access.space == Space::kGlobal)
    there = reinterpret_cast<const std::byte*>(access.address);
  else
    there = PeerOf(access.rank)->block_.shared().base + access.address;
  const std::byte* value = block_.FileOf(warp) + access.value_slot +
                           static_cast<std::size_t>(access.lane) * access.value_bytes;
  return std::memcmp(there, value, access.bytes) == 0;
}

void BlockChecker::ReportRace(const Trace& now, const Trace& earlier, const Touched& touched) {
  const bool same_warp = earlier.IsOfWarpOf(now);
  // Two threads that are not one.
  int lane = std::countr_zero(now.lanes), other = std::countr_zero(earlier.lanes);
  if (same_warp && lane == other) {
    const LaneMask rest = earlier.lanes & (earlier.lanes - 1);
    if (rest != 0)
      other = std::countr_zero(rest);
    else
      lane = std::countr_zero(now.lanes & (now.lanes - 1));
  }
  const Actor at = ActorOf(now, lane), before = ActorOf(earlier, other);
  const Detail detail = touched.same_value ? kSameValue
                        : earlier.is_write ? kAfterWrite
                                           : kAfterRead;
  // Beside the threads: by what.
  const auto by = [&](const Trace& trace) -> std::string {
    if (trace.channel == 0) return {};
    const auto op = static_cast<AsyncOp>(kernel_.code[trace.pc].detail[0]);
    return op == AsyncOp::kWgmma ? " by a matrix product" : " by an asynchronous copy";
  };
  const auto by_whom = [&]() -> std::string {
    if (earlier.channel != 0) return by(earlier);
    if (at.block != before.block) return " by another block";
    if (same_warp) return " by another lane of the warp";
    const bool itself = at.warp == before.warp && (earlier.lanes & now.lanes) != 0;
    return itself ? " by the thread that began it" : " by another thread";
  };
  reporter_.Report(CheckKind::kRace, detail, at,
                   {.is_advice = touched.same_value,
                    .other = before,
                    .address = touched.address,
                    .in_device_memory = touched.space == Space::kGlobal},
                   [&] {
                     const char* const kWrite = "a write";
                     const char* const kRead = "a read";
                     return (now.is_write ? kWrite : kRead) + by(now) + " of " +
                            std::to_string(touched.bytes) + " bytes of " + NameOf(touched.space) +
                            " memory at " + Hex(touched.address) + " and " +
                            (earlier.is_write ? kWrite : kRead) + by_whom() + " have no order" +
                            (touched.same_value ? ", but both write the same value" : "");
                   });
}

// What a thread's cp.async have written becomes visible to it: from then on others may see it too.
void BlockChecker::WriteCopies(const Step& step) {
  const Instruction& in = kernel_.code[step.pc];
  const bool by_arrival = in.kind == static_cast<std::uint8_t>(Operation::kAsync);
  ForEachLane(step.lanes, [&](int lane) {
    const auto done = pending_.Wait(
        static_cast<std::size_t>(step.warp) * kWarpSize + static_cast<std::size_t>(lane),
        by_arrival ? -1 : in.offset);
    for (const PendingCopies::Copy& copy : done) {
      pieces_.clear();
      AddPieces(copy.to);
      TouchPieces({step.warp, copy.pc, LaneMask{1} << lane, LaneMask{1} << lane}, true);
    }
  });
}

void BlockChecker::Entered(int warp, LaneMask lanes, const CalledFunction& callee) {
  if (!checks_values_) return;
  const auto* base =
      callee.on_stack
          ? reinterpret_cast<const std::uint64_t*>(block_.FileOf(warp) + kernel_.stack_pointer)
          : nullptr;
  for (const FrameVariable& parameter : callee.parameters)
    values_.SetLocalWritten(warp, lanes, parameter, base);
}

void BlockChecker::Returned(int warp, LaneMask lanes, std::uint32_t call) {
  if (!checks_values_) return;
  const Instruction& in = kernel_.code[call];
  const auto* base =
      in.slot[kFrameSlot] == kNoSlot
          ? nullptr
          : reinterpret_cast<const std::uint64_t*>(block_.FileOf(warp) + in.slot[kFrameSlot]);
  for (const FrameVariable& result : kernel_.call_sites[in.target].results)
    values_.SetLocalWritten(warp, lanes, result, base);
}

void BlockChecker::Faulted(int warp, std::uint32_t pc, const MemoryFault& fault) {
  const auto operation = static_cast<Operation>(kernel_.code[pc].kind);
  CheckKind kind;
  switch (fault.status) {
    case Status::kIllegalAddress:
    case Status::kMisalignedAddress:
    case Status::kInvalidAddressSpace:
      kind = CheckKind::kMemory;
      break;
    case Status::kLaunchFailure:
      if (operation == Operation::kTrap) return;
      kind = CheckKind::kSync;
      break;
    default:
      return;
  }
  const DeviceMemory& memory = block_.grid().memory();
  const bool in_device = IsInOrNear(memory, fault.address);
  Reporter::Details details{.in_device_memory = in_device};
  if (kind == CheckKind::kMemory) details.address = fault.address;
  reporter_.Report(kind, 0, {block_.index(), warp, fault.lane, pc}, details, [&] {
    return fault.what + (in_device ? DescribeDistance(memory, fault.address) : std::string());
  });
}

}  // namespace nodecuda::simulator
