#include "simulator/memory/device_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <new>

namespace nodecuda::simulator {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kGap = kAlignment;  // between neighbours
constexpr std::size_t kPage = 4096;
constexpr std::size_t kHeapGrain = 16;
// Address space costs nothing: with several times the capacity a freed address stays dead for
// long, and a use after free is found.
constexpr std::size_t kRegionPerCapacity = 16;
constexpr std::size_t kRegionSlack = std::size_t{1} << 20;
// To give pages back, and to have them again, takes longer than a small kernel.
constexpr std::size_t kWorthGivingBack = 256 << 10;
constexpr int kPoison = 0xA5;
constexpr std::size_t kPoisonWhole = 64 << 10;

constexpr std::size_t RoundUp(std::size_t value, std::size_t to) {
  return (value + to - 1) & -to;
}
constexpr std::size_t RoundDown(std::size_t value, std::size_t to) {
  return value & -to;
}

// CUDA does not clear memory, fresh pages of the host are zero: without this a missing
// initialisation would work here and fail on a GPU.
void Poison(void* pointer, std::size_t bytes) {
  if (bytes <= kPoisonWhole) {
    std::memset(pointer, kPoison, bytes);
  } else {
    std::memset(pointer, kPoison, kPage);
    std::memset(static_cast<std::byte*>(pointer) + bytes - kPage, kPoison, kPage);
  }
}

}  // namespace

DeviceMemory::DeviceMemory(std::size_t capacity) : capacity_(RoundUp(capacity, kAlignment)) {
  constexpr std::size_t kLargest =
      (std::numeric_limits<std::size_t>::max() - kRegionSlack) / (2 * kRegionPerCapacity);
  if (capacity > kLargest) throw std::bad_alloc();
  const std::size_t region = RoundUp(capacity_ * kRegionPerCapacity + kRegionSlack, kPage);
  void* base = mmap(nullptr, region, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  madvise(base, region,
          MADV_HUGEPAGE);  // where there are such: a fault takes long on virtual machines
  region_begin_ = next_ = reinterpret_cast<std::uintptr_t>(base);
  region_end_ = region_begin_ + region;
}

DeviceMemory::~DeviceMemory() {
  munmap(reinterpret_cast<void*>(region_begin_), region_end_ - region_begin_);
}

Status DeviceMemory::Allocate(std::size_t bytes, void** pointer) {
  *pointer = nullptr;
  if (bytes == 0) return Status::kInvalidValue;
  {
    std::lock_guard lock(mutex_);
    if (bytes > capacity_ - used_) return Status::kMemoryAllocation;
    const std::size_t footprint = RoundUp(bytes, kAlignment);
    if (footprint > capacity_ - used_) return Status::kMemoryAllocation;

    // The first hole from next_ on, once around the region: what was freed last is reused last.
    std::uintptr_t hole = next_;
    auto after = live_.lower_bound(hole);
    for (bool wrapped = false;;) {
      const std::uintptr_t limit = after == live_.end() ? region_end_ : after->first;
      if (hole < limit && limit - hole >= footprint + kGap) break;
      if (after != live_.end()) {
        hole = RoundUp(after->first + after->second.bytes, kAlignment) + kGap;
        ++after;
      } else if (!wrapped) {
        wrapped = true;
        hole = region_begin_;
        after = live_.begin();
      } else {
        return Status::kMemoryAllocation;
      }
    }
    if (hole < loose_end_ && hole + footprint + kGap > loose_begin_) GiveBack();
    live_.emplace_hint(after, hole, Live{bytes});
    used_ += footprint;
    next_ = hole + footprint + kGap;
    *pointer = reinterpret_cast<void*>(hole);
    if (record_ != nullptr) record_->Allocated(hole, bytes);
  }
  Poison(*pointer, bytes);
  return Status::kSuccess;
}

Status DeviceMemory::Release(void* pointer) {
  std::lock_guard lock(mutex_);
  const auto found = live_.find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == live_.end() || found->second.on_heap) return Status::kInvalidValue;
  Erase(found);
  return Status::kSuccess;
}

void DeviceMemory::Erase(std::map<std::uintptr_t, Live>::iterator allocation) {
  const auto begin = allocation->first;
  const Live live = allocation->second;
  if (live.counts) used_ -= RoundUp(live.bytes, kAlignment);
  live_.erase(allocation);
  if (record_ != nullptr) record_->Freed(begin);
  Loosen(begin, begin + RoundUp(live.bytes, kAlignment) + kGap);
}

void* DeviceMemory::TakeFromHeap(std::size_t bytes) {
  bytes = std::max<std::size_t>(bytes, 1);
  {
    std::lock_guard lock(mutex_);
    if (bytes > kHeapBytes || RoundUp(bytes, kHeapGrain) > kHeapBytes - heap_used_) return nullptr;
    heap_used_ += RoundUp(bytes, kHeapGrain);
  }
  void* pointer = nullptr;
  const Status status = Allocate(bytes, &pointer);
  if (status == Status::kSuccess) Discount(pointer);
  std::lock_guard lock(mutex_);
  if (status != Status::kSuccess) {
    heap_used_ -= RoundUp(bytes, kHeapGrain);
    return nullptr;
  }
  live_.at(reinterpret_cast<std::uintptr_t>(pointer)).on_heap = true;
  if (record_ != nullptr) record_->SetOnHeap(reinterpret_cast<std::uintptr_t>(pointer));
  return pointer;
}

bool DeviceMemory::ReturnToHeap(void* pointer) {
  std::lock_guard lock(mutex_);
  const auto found = live_.find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == live_.end() || !found->second.on_heap) return false;
  heap_used_ -= RoundUp(found->second.bytes, kHeapGrain);
  Erase(found);
  return true;
}

// Neighbours join: those made one after the other are, and are often released so.
void DeviceMemory::Loosen(std::uintptr_t begin, std::uintptr_t end) {
  if (begin == loose_end_) {
    loose_end_ = end;
  } else if (end == loose_begin_) {
    loose_begin_ = begin;
  } else {
    GiveBack();
    loose_begin_ = begin;
    loose_end_ = end;
  }
  if (loose_end_ - loose_begin_ >= kWorthGivingBack) GiveBack();
}

// Every page that no live neighbour shares, the first and the last one included: otherwise many
// small allocations would leave a page each.
void DeviceMemory::GiveBack() {
  std::uintptr_t from = RoundDown(loose_begin_, kPage);
  std::uintptr_t to = std::min(RoundUp(loose_end_, kPage), region_end_);
  const auto next = live_.lower_bound(loose_begin_);
  if (next != live_.begin()) {
    const auto previous = std::prev(next);
    from = std::max(from, RoundUp(previous->first + previous->second.bytes, kPage));
  }
  if (next != live_.end()) to = std::min(to, RoundDown(next->first, kPage));
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  loose_begin_ = loose_end_ = 0;
}

void DeviceMemory::Discount(void* pointer) {
  std::lock_guard lock(mutex_);
  const auto found = live_.find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == live_.end() || !found->second.counts) return;
  found->second.counts = false;
  used_ -= RoundUp(found->second.bytes, kAlignment);
}

std::size_t DeviceMemory::Footprint(std::size_t bytes) {
  return RoundUp(bytes, kAlignment);
}

void DeviceMemory::Renew(void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (const Range range = Find(address); range.begin == address) {
    if (record_ != nullptr) record_->SetWritten(address, range.end - range.begin, false);
    const std::uintptr_t from = RoundUp(range.begin, kPage), to = RoundDown(range.end, kPage);
    if (range.end - range.begin > kPoisonWhole) {
      madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
    }
    Poison(pointer, range.end - range.begin);
  }
}

DeviceMemory::Range DeviceMemory::Find(std::uintptr_t address) const {
  std::lock_guard lock(mutex_);
  auto after = live_.upper_bound(address);
  if (after == live_.begin()) return {};
  const auto& [begin, live] = *std::prev(after);
  if (address - begin >= live.bytes) return {};
  return {begin, begin + live.bytes};
}

std::size_t DeviceMemory::used() const {
  std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace nodecuda::simulator
