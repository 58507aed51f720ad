#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_RACES_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_RACES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "simulator/exec/check/order.h"
#include "simulator/exec/touch/traits.h"

// What was done to memory, as far as it may still race with what is to come.
namespace nodecuda::simulator {

inline constexpr std::uint64_t kWordBytes = 4;

// Lanes of a warp that touched a word in one instruction.
struct Trace {
  std::uint64_t block = 0;
  LaneMask lanes = 0;
  std::uint32_t time = 0;
  std::uint32_t pc = 0;
  std::uint8_t warp = 0;
  std::uint8_t bytes = 0;  // of the word: bit i for byte i
  bool is_write = false;
  bool is_strong = false;
  Scope scope = Scope::kDevice;
  bool ConflictsWith(const Trace& other) const;
};

// The traces on a word, those first that were left first.
class Word {
 public:
  // Calls race(trace) for what the lanes of `trace` race with, whose knowledge is
  // `knowledge[lane]`; then leaves it here. At most `most` are kept.
  template <typename Race>
  void Touch(const Trace& trace, std::span<const Knowledge> knowledge, std::size_t most,
             Race race) {
    for (const Trace& earlier : traces_)
      if (trace.ConflictsWith(earlier) && !IsOrdered(earlier, trace, knowledge)) race(earlier);
    Leave(trace, most);
  }
  void Clear() { traces_.clear(); }
  std::span<const Trace> traces() const { return traces_; }

 private:
  static bool IsOrdered(const Trace& earlier, const Trace& trace,
                        std::span<const Knowledge> knowledge);
  void Leave(const Trace& trace, std::size_t most);

  std::vector<Trace> traces_;
};

// The words of device memory that a launch has touched, those of the first 32 MiB of it.
class WordMap {
 public:
  // Null where there is no more room.
  Word* At(std::uint64_t address) {
    auto found = pages_.find(address / kPageBytes);
    if (found == pages_.end()) {
      if (pages_.size() == kMostPages) return nullptr;
      found = pages_.emplace(address / kPageBytes, std::make_unique<Page>()).first;
    }
    return &(*found->second)[address % kPageBytes / kWordBytes];
  }

 private:
  static constexpr std::size_t kWords = 64;
  static constexpr std::uint64_t kPageBytes = kWords * kWordBytes;
  static constexpr std::size_t kMostPages = (std::size_t{32} << 20) / kPageBytes;
  using Page = std::array<Word, kWords>;
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_RACES_H_
