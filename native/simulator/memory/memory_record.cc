#include "simulator/memory/memory_record.h"

#include <algorithm>
#include <iterator>

namespace nodecuda::simulator {
namespace {

using Bits = std::vector<bool>;

Bits::iterator At(Bits& bits, std::size_t index) {
  return bits.begin() + static_cast<std::ptrdiff_t>(index);
}

}  // namespace

void MemoryRecord::Allocated(std::uintptr_t begin, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  auto over = freed_.lower_bound(begin);
  if (over != freed_.begin()) {
    const auto before = std::prev(over);
    if (before->first + before->second.bytes > begin) over = before;
  }
  while (over != freed_.end() && over->first < begin + bytes) over = freed_.erase(over);
  live_[begin] = {{begin, bytes}, Bits(tracks_bytes_ ? bytes : 0)};
}

void MemoryRecord::SetSite(std::uintptr_t begin, std::uint32_t site) {
  const std::lock_guard lock(mutex_);
  if (const auto found = live_.find(begin); found != live_.end())
    found->second.allocation.site = site;
}

void MemoryRecord::SetOnHeap(std::uintptr_t begin) {
  const std::lock_guard lock(mutex_);
  if (const auto found = live_.find(begin); found != live_.end())
    found->second.allocation.on_heap = true;
}

void MemoryRecord::Freed(std::uintptr_t begin) {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(begin);
  if (found == live_.end()) return;
  if (freed_.size() == kMostFreed) freed_.erase(freed_.begin());
  Allocation& gone = freed_[begin] = found->second.allocation;
  gone.freed = true;
  live_.erase(found);
}

std::optional<MemoryRecord::Allocation> MemoryRecord::Describe(std::uintptr_t address) const {
  const std::lock_guard lock(mutex_);
  if (const Entry* entry = Find(address)) return entry->allocation;
  if (auto after = freed_.upper_bound(address); after != freed_.begin()) {
    const Allocation& gone = std::prev(after)->second;
    if (address - gone.begin < gone.bytes) return gone;
  }
  const auto after = live_.lower_bound(address);
  if (after == live_.begin())
    return live_.empty() ? std::nullopt : std::optional(after->second.allocation);
  const Allocation& below = std::prev(after)->second.allocation;
  const bool above_is_nearer =
      after != live_.end() && after->first - address < address - (below.begin + below.bytes);
  return above_is_nearer ? after->second.allocation : below;
}

std::vector<MemoryRecord::Allocation> MemoryRecord::Live() const {
  const std::lock_guard lock(mutex_);
  std::vector<Allocation> live;
  for (const auto& [begin, entry] : live_) live.push_back(entry.allocation);
  return live;
}

const MemoryRecord::Entry* MemoryRecord::Find(std::uintptr_t address) const {
  const auto after = live_.upper_bound(address);
  if (after == live_.begin()) return nullptr;
  const auto& [begin, entry] = *std::prev(after);
  return address - begin < entry.allocation.bytes ? &entry : nullptr;
}

void MemoryRecord::SetWritten(std::uintptr_t address, std::size_t bytes, bool written) {
  if (!tracks_bytes_) return;
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(address);
  if (entry == nullptr) return;
  const std::size_t offset = address - entry->allocation.begin;
  const std::size_t end = std::min(offset + bytes, entry->allocation.bytes);
  std::fill(At(entry->written, offset), At(entry->written, end), written);
}

void MemoryRecord::CopyWritten(std::uintptr_t to, std::uintptr_t from, std::size_t bytes) {
  if (!tracks_bytes_) return;
  const std::lock_guard lock(mutex_);
  Entry *target = Find(to), *source = Find(from);
  if (target == nullptr || source == nullptr) return;
  const std::size_t at = to - target->allocation.begin;
  const std::size_t source_at = from - source->allocation.begin;
  bytes = std::min({bytes, target->allocation.bytes - at, source->allocation.bytes - source_at});
  const auto begin = At(source->written, source_at);
  // They may overlap.
  const Bits copy(begin, begin + static_cast<std::ptrdiff_t>(bytes));
  std::copy(copy.begin(), copy.end(), At(target->written, at));
}

std::size_t MemoryRecord::FirstUnwritten(std::uintptr_t address, std::size_t bytes) const {
  if (!tracks_bytes_) return kNone;
  const std::lock_guard lock(mutex_);
  const Entry* entry = Find(address);
  if (entry == nullptr) return kNone;
  const std::size_t offset = address - entry->allocation.begin;
  for (std::size_t i = 0; i < bytes && offset + i < entry->written.size(); ++i)
    if (!entry->written[offset + i]) return i;
  return kNone;
}

}  // namespace nodecuda::simulator
