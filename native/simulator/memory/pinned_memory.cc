#include "simulator/memory/pinned_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace nodecuda::simulator {

Status PinnedMemory::Allocate(std::size_t bytes, void** pointer) {
  *pointer = nullptr;
  if (bytes == 0) return Status::kInvalidValue;
  // Unlike malloc, mmap refuses what the host cannot have, under sanitizers too.
  void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return Status::kMemoryAllocation;
  Block block(static_cast<std::byte*>(base), [bytes](std::byte* p) { munmap(p, bytes); });
  constexpr std::size_t kPoisoned = 4096;  // CUDA does not promise zeros
  std::memset(base, 0xA5, std::min(bytes, kPoisoned));

  std::lock_guard lock(mutex_);
  blocks_.emplace(reinterpret_cast<std::uintptr_t>(base), Entry{std::move(block), bytes});
  *pointer = base;
  return Status::kSuccess;
}

Status PinnedMemory::Release(void* pointer) {
  if (pointer == nullptr) return Status::kSuccess;
  std::lock_guard lock(mutex_);
  const bool known = blocks_.erase(reinterpret_cast<std::uintptr_t>(pointer)) == 1;
  return known ? Status::kSuccess : Status::kInvalidValue;
}

PinnedMemory::Block PinnedMemory::Find(const void* pointer, std::size_t* bytes_left) const {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  std::lock_guard lock(mutex_);
  const auto after = blocks_.upper_bound(address);
  if (after == blocks_.begin()) return nullptr;
  const auto& [begin, entry] = *std::prev(after);
  if (address - begin >= entry.bytes) return nullptr;
  *bytes_left = entry.bytes - (address - begin);
  return entry.block;
}

}  // namespace nodecuda::simulator
