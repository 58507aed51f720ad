#include "simulator/stream_races.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>
#include <utility>

#include "simulator/exec/code/schedule.h"

namespace nodecuda::simulator {
namespace {

using Way = Footprint::Way;

constexpr std::uint8_t kBetweenStreams = 32;  // tells these findings from those of one launch

bool IsWrite(Way way) {
  return way == Footprint::kWrite || way == Footprint::kStrongWrite;
}

bool IsStrong(Way way) {
  return way >= Footprint::kStrongRead;
}

std::size_t CountRanges(const Footprint& footprint) {
  std::size_t count = 0;
  for (const auto& ranges : footprint.ranges) count += ranges.size();
  return count;
}

std::uint64_t Identity(const Footprint& footprint, const Footprint::Place& place) {
  return std::hash<std::string>()(footprint.what + place.place.kernel);
}

std::string SideWords(const Footprint& footprint, Way way) {
  if (footprint.frees) return "the free";
  const std::string name = IsWrite(way) ? "a write" : "a read";
  return footprint.what.empty() ? name : name + " by " + footprint.what;
}

std::string Hex(std::uintptr_t address) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
  return text;
}

}  // namespace

void StreamOrder::Join(const StreamOrder& other) {
  for (const auto& [stream, count] : other.counts_) {
    std::uint64_t& known = counts_[stream];
    known = std::max(known, count);
  }
}

void StreamRaces::Done(const Operation& operation, Footprint footprint,
                       const MemoryRecord* record) {
  Entry now{operation.stream, operation.count, std::move(footprint)};
  const std::lock_guard lock(mutex_);
  for (const Entry& earlier : done_)
    if (earlier.stream != now.stream && !operation.known.Covers(earlier.stream, earlier.count))
      Compare(now, earlier, record);
  if (now.footprint.frees) {
    // What comes to lie there is something else.
    for (const Footprint::Range& range : now.footprint.ranges[Footprint::kWrite])
      Erase(range.begin, range.end);
    return;
  }
  ranges_ += CountRanges(now.footprint);
  done_.push_back(std::move(now));
  while (done_.size() > kMostEntries || (ranges_ > kMostRanges && done_.size() > 1)) DropFirst();
}

bool StreamRaces::Forget(const StreamOrder& known) {
  const std::lock_guard lock(mutex_);
  std::erase_if(done_, [&](const Entry& entry) {
    const bool is_over = known.Covers(entry.stream, entry.count);
    if (is_over) ranges_ -= CountRanges(entry.footprint);
    return is_over;
  });
  return done_.empty();
}

void StreamRaces::DropFirst() {
  ranges_ -= CountRanges(done_.front().footprint);
  done_.pop_front();
}

// The first bytes of each two places that meet.
void StreamRaces::Compare(const Entry& now, const Entry& earlier, const MemoryRecord* record) {
  std::set<std::pair<std::size_t, std::size_t>> told;
  for (int i = 0; i < Footprint::kWays; ++i) {
    for (int j = 0; j < Footprint::kWays; ++j) {
      const Way way = static_cast<Way>(i), other_way = static_cast<Way>(j);
      if (!IsWrite(way) && !IsWrite(other_way)) continue;
      if (IsStrong(way) && IsStrong(other_way)) continue;
      const auto &ranges = now.footprint.ranges[way], &others = earlier.footprint.ranges[other_way];
      for (auto range = ranges.begin(), other = others.begin();
           range != ranges.end() && other != others.end();) {
        if (range->begin < other->end && other->begin < range->end &&
            told.insert({range->place, other->place}).second)
          Report(now, earlier, way, other_way, *range, *other, record);
        (range->end < other->end ? range : other) += 1;
      }
    }
  }
}

void StreamRaces::Report(const Entry& now, const Entry& earlier, Way way, Way other_way,
                         const Footprint::Range& range, const Footprint::Range& other,
                         const MemoryRecord* record) {
  const Footprint::Place& at = now.footprint.places[range.place];
  const Footprint::Place& before = earlier.footprint.places[other.place];
  const std::uintptr_t address = std::max(range.begin, other.begin);
  const std::uint64_t kernels =
      Schedule::Mix(Identity(now.footprint, at)) ^ Identity(earlier.footprint, before);
  log_->Add({kernels, at.pc, before.pc, CheckKind::kRace, kBetweenStreams}, [&] {
    CheckFinding finding;
    finding.kind = CheckKind::kRace;
    finding.message = SideWords(now.footprint, way) + " of device memory at " + Hex(address) +
                      " on stream " + std::to_string(now.stream) + " and " +
                      SideWords(earlier.footprint, other_way) + " on stream " +
                      std::to_string(earlier.stream) +
                      " have no order: no event and no wait of the host comes between them";
    finding.at = at.place;
    finding.other = before.place;
    finding.address = address;
    const auto near = record == nullptr ? std::nullopt : record->Describe(address);
    if (near) finding.allocation = {near->begin, near->bytes, near->site, near->freed};
    return finding;
  });
}

void StreamRaces::Erase(std::uintptr_t begin, std::uintptr_t end) {
  for (Entry& entry : done_) {
    for (auto& ranges : entry.footprint.ranges) {
      ranges_ -= std::erase_if(ranges, [&](const Footprint::Range& range) {
        return range.begin >= begin && range.end <= end;
      });
    }
  }
}

}  // namespace nodecuda::simulator
