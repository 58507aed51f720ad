#include "simulator/exec/check/races.h"

#include <algorithm>
#include <bit>

namespace nodecuda::simulator {
namespace {

// Whether one's scope takes in the other's thread. Clusters are not looked into: within a device.
bool Reaches(const Trace& one, const Trace& other) {
  return one.scope != Scope::kBlock || one.block == other.block;
}

unsigned ThreadOf(const Trace& trace, int lane) {
  return unsigned{trace.warp} * kWarpSize + static_cast<unsigned>(lane);
}

}  // namespace

bool Trace::ConflictsWith(const Trace& other) const {
  if ((bytes & other.bytes) == 0 || (!is_write && !other.is_write)) return false;
  return !is_strong || !other.is_strong || !Reaches(*this, other) || !Reaches(other, *this);
}

bool Beginning::ComesAfter(const Trace& earlier) const {
  if (earlier.channel != 0)
    return known.Covers(block, earlier.block, earlier.channel, earlier.time);
  for (LaneMask rest = earlier.lanes; rest != 0; rest &= rest - 1)
    if (!known.Covers(block, earlier.block, ThreadOf(earlier, std::countr_zero(rest)),
                      earlier.time))
      return false;
  return true;
}

bool Word::IsOrdered(const Trace& earlier, const Trace& trace,
                     std::span<const Knowledge> knowledge) {
  const bool same_warp = earlier.IsOfWarpOf(trace);
  const Knowledge* last = nullptr;
  for (LaneMask rest = trace.lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const Knowledge& known = knowledge[static_cast<std::size_t>(lane)];
    // Lanes that know the same, and are not the earlier ones themselves, need one look.
    if (!same_warp && last != nullptr && *last == known) continue;
    last = &known;
    if (earlier.channel != 0) {
      if (!known.Covers(trace.block, earlier.block, earlier.channel, earlier.time)) return false;
      continue;
    }
    for (LaneMask left = earlier.lanes; left != 0; left &= left - 1) {
      const int before = std::countr_zero(left);
      if (same_warp && before == lane) continue;
      if (!known.Covers(trace.block, earlier.block, ThreadOf(earlier, before), earlier.time))
        return false;
    }
  }
  return true;
}

// What races with a trace that goes now races with the new one as well, or was ordered before it.
void Word::Leave(const Trace& trace, std::size_t most) {
  constexpr std::uint8_t kAll = (1u << kWordBytes) - 1;
  const bool covers_all = trace.is_write && !trace.is_strong && trace.bytes == kAll;
  if (covers_all || (!has_only_ && traces_.empty())) return LeaveOnly(trace);
  if (has_only_) traces_.push_back(only_);
  has_only_ = false;
  std::erase_if(traces_, [&](const Trace& old) {
    if ((old.bytes & ~trace.bytes) != 0) return false;
    if (trace.is_write && (!trace.is_strong || old.is_strong)) return true;
    return old.is_write == trace.is_write && old.is_strong == trace.is_strong &&
           old.block == trace.block && old.warp == trace.warp && old.channel == trace.channel &&
           (old.lanes & ~trace.lanes) == 0;
  });
  if (traces_.size() == most) {
    // Rather one of many readers of a block than the only one of another.
    const auto like = std::ranges::find_if(traces_, [&](const Trace& old) {
      return old.block == trace.block && old.is_write == trace.is_write;
    });
    traces_.erase(like == traces_.end() ? traces_.begin() : like);
  }
  if (traces_.empty()) return LeaveOnly(trace);
  traces_.push_back(trace);
}

}  // namespace nodecuda::simulator
