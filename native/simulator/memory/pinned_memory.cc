#include "simulator/memory/pinned_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace nodecuda::simulator {

Status PinnedMemory::Allocate(std::size_t bytes, void** pointer) {
  *pointer = nullptr;
  constexpr std::size_t kMost = std::size_t{1} << 47;  // as there are addresses
  if (bytes == 0) return Status::kInvalidValue;
  if (bytes > kMost) return Status::kMemoryAllocation;
  // Unlike malloc, mmap refuses what the host cannot have, under sanitizers too. Large blocks begin
  // where huge pages do: to touch 8 MiB of small ones takes 20 ms on some virtual machines.
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  const std::size_t slack = bytes >= kHuge ? kHuge : 0;
  void* base =
      mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return Status::kMemoryAllocation;
  auto begin = reinterpret_cast<std::uintptr_t>(base);
  if (slack != 0) begin = (begin + kHuge - 1) & -kHuge;
  auto* const start = reinterpret_cast<std::byte*>(begin);
  if (slack != 0) madvise(start, bytes, MADV_HUGEPAGE);
  Block block(start, [base, bytes, slack](std::byte*) { munmap(base, bytes + slack); });
  // CUDA does not promise zeros. Of a huge page all would be touched, which takes long here.
  constexpr std::size_t kPoisoned = 4096;
  if (slack == 0) std::memset(start, 0xA5, std::min(bytes, kPoisoned));

  std::lock_guard lock(mutex_);
  blocks_.emplace(begin, Entry{std::move(block), bytes});
  *pointer = start;
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
