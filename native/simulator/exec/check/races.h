#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_RACES_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_RACES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "simulator/exec/check/order.h"
#include "simulator/exec/touch/traits.h"

// What was done to memory, as far as it may still race with what is to come.
namespace nodecuda::simulator {

inline constexpr std::uint64_t kWordBytes = 4;

// Lanes of a warp that touched a word in one instruction; or what they have begun in it, a copy or
// a matrix product, which does so while they go on, and is over when it has been waited for.
struct Trace {
  std::uint64_t block = 0;
  LaneMask lanes = 0;
  std::uint32_t time = 0;     // of the lanes, or of the channel
  std::uint32_t channel = 0;  // of the block (Meetings::NewChannel); 0: the lanes did it themselves
  std::uint32_t pc = 0;
  std::uint8_t warp = 0;
  std::uint8_t bytes = 0;  // of the word: bit i for byte i
  bool is_write = false;
  bool is_strong = false;
  Scope scope = Scope::kDevice;
  std::int8_t begun_by = 0;  // the block of the lanes, relative to that of the channel
  bool ConflictsWith(const Trace& other) const;
  // Whether it comes from the same, at the same time: of one kind, it is in order with the same.
  bool IsLike(const Trace& other) const {
    return block == other.block && channel == other.channel && time == other.time &&
           is_write == other.is_write && lanes == other.lanes && pc == other.pc &&
           (channel != 0 || warp == other.warp);
  }
  bool IsOfWarpOf(const Trace& other) const {
    return channel == 0 && other.channel == 0 && block == other.block && warp == other.warp;
  }
};

// What threads of `block` knew together when they began something that goes on beside them.
struct Beginning {
  std::uint64_t block = 0;
  Knowledge known;
  bool ComesAfter(const Trace& earlier) const;
};

// Kept of a word: all that threads of a block can leave, or a few.
inline constexpr std::size_t kMostInShared = 64, kMostInDevice = 6;

// The traces on a word, those first that were left first.
class Word {
 public:
  // Calls race(trace) for what the lanes of `trace` race with, whose knowledge is
  // `knowledge[lane]`.
  template <typename Race>
  void Check(const Trace& trace, std::span<const Knowledge> knowledge, Race race) const {
    for (const Trace& earlier : traces())
      if (trace.ConflictsWith(earlier) && !IsOrdered(earlier, trace, knowledge)) race(earlier);
  }
  // At most `most` traces are kept.
  void Leave(const Trace& trace, std::size_t most);
  void Clear() {
    has_only_ = false;
    traces_.clear();
  }
  std::span<const Trace> traces() const {
    return has_only_ ? std::span(&only_, 1) : std::span<const Trace>(traces_);
  }

 private:
  static bool IsOrdered(const Trace& earlier, const Trace& trace,
                        std::span<const Knowledge> knowledge);

  void LeaveOnly(const Trace& trace) {
    traces_.clear();
    only_ = trace;
    has_only_ = true;
  }

  // Most words have one, which takes no memory of its own.
  Trace only_;
  bool has_only_ = false;
  std::vector<Trace> traces_;  // else
};

// The words of device memory that a launch has touched, those of the first 32 MiB of it.
class WordMap {
 public:
  // Null where there is no more room.
  Word* At(std::uint64_t address) {
    if (last_ == nullptr || last_number_ != address / kPageBytes) {
      auto found = pages_.find(address / kPageBytes);
      if (found == pages_.end()) {
        if (pages_.size() == kMostPages) return nullptr;
        found = pages_.emplace(address / kPageBytes, std::make_unique<Page>()).first;
      }
      last_number_ = found->first;
      last_ = found->second.get();
    }
    return &(*last_)[address % kPageBytes / kWordBytes];
  }
  // Calls visit(address, word) for those that were touched, by address.
  template <typename Visit>
  void ForEach(Visit visit) const {
    std::vector<std::pair<std::uint64_t, const Page*>> pages;
    for (const auto& [number, page] : pages_) pages.emplace_back(number, page.get());
    std::ranges::sort(pages);
    for (const auto& [number, page] : pages)
      for (std::size_t i = 0; i < kWords; ++i)
        if (!(*page)[i].traces().empty()) visit(number * kPageBytes + i * kWordBytes, (*page)[i]);
  }

 private:
  static constexpr std::size_t kWords = 64;
  static constexpr std::uint64_t kPageBytes = kWords * kWordBytes;
  static constexpr std::size_t kMostPages = (std::size_t{32} << 20) / kPageBytes;
  using Page = std::array<Word, kWords>;
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;  // by number
  // The one that was asked for last.
  std::uint64_t last_number_ = 0;
  Page* last_ = nullptr;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_RACES_H_
