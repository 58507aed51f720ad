#ifndef NODECUDA_BINDING_HANDLE_TABLE_H_
#define NODECUDA_BINDING_HANDLE_TABLE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "resources/failure.h"

namespace nodecuda {

enum class HandleKind : std::uint8_t {
  kRuntime = 1,
  kDevice,
  kStream,
  kBuffer,
  kRead,
  kEvent,
  kModule,
  kKernel,
  kPreparedLaunch,
  kPrintf,
  kChecks,
  kArray,
  kTexture,
  kMeter,
  kDebugger,
};

// The native objects of one kind that JavaScript holds, by handle. A handle is a number, the
// cheapest thing to pass through Node-API: 25 bits of generation, 4 of kind, 24 of index. The
// generation changes when a slot is used again, so that a stale handle is refused.
template <class T>
class HandleTable {
 public:
  explicit HandleTable(HandleKind kind) : kind_(kind) {}

  double Add(std::shared_ptr<T> object) {
    std::uint32_t index;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else {
      if (slots_.size() > kIndexMask) {
        throw Failure(Failure::Kind::kArgumentRange, "too many open objects (16 million)");
      }
      index = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
      free_.reserve(slots_.capacity());  // so that closing a handle needs no memory
    }
    slots_[index].object = std::move(object);
    ++live_;
    return static_cast<double>(slots_[index].generation << kGenerationShift |
                               static_cast<std::uint64_t>(kind_) << 24 | index);
  }

  // Throws Failure: kDisposed for a handle that was closed, kArgumentType for what never was one.
  const std::shared_ptr<T>& Get(double handle) const { return slots_[IndexOf(handle)].object; }

  // Takes the object out; null for a handle that was closed before.
  std::shared_ptr<T> Remove(double handle) noexcept {
    std::uint32_t index;
    return Find(handle, &index) == Found::kOpen ? Take(index) : nullptr;
  }

  // Takes out all for which `matches` holds.
  template <class Predicate>
  void RemoveIf(Predicate matches) noexcept {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].object != nullptr && matches(*slots_[i].object)) {
        // Taken out before it ends: what its destructor does may come back to this table.
        const std::shared_ptr<T> object = Take(static_cast<std::uint32_t>(i));
      }
    }
  }

  template <class Visitor>
  void ForEach(Visitor visit) const {
    for (const Slot& slot : slots_) {
      if (slot.object != nullptr) {
        visit(slot.object);
      }
    }
  }

  std::size_t live() const { return live_; }

 private:
  static constexpr std::uint64_t kIndexMask = (1u << 24) - 1;
  static constexpr int kGenerationShift = 28;
  static constexpr std::uint64_t kLastGeneration = (1u << 25) - 1;

  struct Slot {
    std::uint64_t generation = 1;
    std::shared_ptr<T> object;
  };

  enum class Found { kOpen, kClosed, kNever };

  Found Find(double handle, std::uint32_t* index) const noexcept {
    if (!(handle >= 1 && handle < 9007199254740992.0)) {
      return Found::kNever;
    }
    auto bits = static_cast<std::uint64_t>(handle);
    *index = static_cast<std::uint32_t>(bits & kIndexMask);
    if (static_cast<double>(bits) != handle ||
        (bits >> 24 & 15) != static_cast<std::uint64_t>(kind_) || *index >= slots_.size()) {
      return Found::kNever;
    }
    const Slot& slot = slots_[*index];
    const bool open = slot.generation == bits >> kGenerationShift && slot.object != nullptr;
    return open ? Found::kOpen : Found::kClosed;
  }

  std::uint32_t IndexOf(double handle) const {
    std::uint32_t index;
    switch (Find(handle, &index)) {
      case Found::kOpen:
        return index;
      case Found::kClosed:
        throw Failure(Failure::Kind::kDisposed, "the object was disposed");
      case Found::kNever:
        break;
    }
    throw Failure(Failure::Kind::kArgumentType, "not a handle, or one of another kind");
  }

  std::shared_ptr<T> Take(std::uint32_t index) noexcept {
    Slot& slot = slots_[index];
    slot.generation = slot.generation % kLastGeneration + 1;
    free_.push_back(index);
    --live_;
    return std::exchange(slot.object, nullptr);
  }

  HandleKind kind_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t live_ = 0;
};

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_HANDLE_TABLE_H_
