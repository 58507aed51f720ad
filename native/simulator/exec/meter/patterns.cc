#include "simulator/exec/meter/patterns.h"

#include <algorithm>
#include <array>
#include <bit>

namespace nodecuda::simulator {
namespace {

constexpr std::uint64_t kSectorBytes = 32, kSectorsOfLine = 4;
constexpr std::uint64_t kBanks = 32, kWordBytes = 4;

std::uint64_t CeilDiv(std::uint64_t value, std::uint64_t divisor) {
  return (value + divisor - 1) / divisor;
}

// Lanes are in order, as a rule.
template <typename T>
void Sort(std::vector<T>* all) {
  if (!std::is_sorted(all->begin(), all->end())) std::sort(all->begin(), all->end());
}

void SortUnique(std::vector<std::uint64_t>* keys) {
  Sort(keys);
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
}

}  // namespace

void Patterns::AddBytes(std::uint64_t address, std::uint64_t bytes) {
  for (std::uint64_t at = address; at < address + bytes;) {
    const std::uint64_t sector = at / kSectorBytes, first = at % kSectorBytes;
    const std::uint64_t count = std::min(kSectorBytes - first, address + bytes - at);
    sectors_.emplace_back(sector,
                          static_cast<std::uint32_t>(((std::uint64_t{1} << count) - 1) << first));
    at += count;
  }
}

MemoryCounts Patterns::Sectors(std::span<const Access> accesses) {
  MemoryCounts counts;
  if (accesses.empty()) return counts;
  sectors_.clear();
  for (const Access& access : accesses) {
    counts.bytes += access.bytes;
    if (access.space != ptx::Space::kLocal) {
      AddBytes(access.address, access.bytes);
      continue;
    }
    for (std::uint64_t at = access.address; at < access.address + access.bytes;) {
      const std::uint64_t within = at % kWordBytes;
      const std::uint64_t count = std::min(kWordBytes - within, access.address + access.bytes - at);
      const auto lane = static_cast<std::uint64_t>(access.lane);
      AddBytes((at / kWordBytes * kWarpSize + lane) * kWordBytes + within, count);
      at += count;
    }
  }
  Sort(&sectors_);
  std::uint64_t distinct = 0, last_line = 0;
  for (std::size_t i = 0; i < sectors_.size();) {
    const std::uint64_t sector = sectors_[i].first, line = sector / kSectorsOfLine;
    std::uint32_t bytes = 0;
    for (; i < sectors_.size() && sectors_[i].first == sector; ++i) bytes |= sectors_[i].second;
    distinct += static_cast<std::uint64_t>(std::popcount(bytes));
    if (counts.sectors++ == 0 || line != last_line) ++counts.lines;
    last_line = line;
  }
  counts.requests = 1;
  counts.fewest_sectors = CeilDiv(distinct, kSectorBytes);
  return counts;
}

SharedCounts Patterns::Wavefronts(std::span<const Access> accesses) {
  SharedCounts counts;
  if (accesses.empty()) return counts;
  counts.requests = 1;
  std::array<std::uint64_t, kWarpSize> bytes_of{};
  for (const Access& access : accesses) {
    counts.bytes += access.bytes;
    bytes_of[static_cast<std::size_t>(access.lane)] += access.bytes;
  }
  const std::uint64_t widest = std::max(kWordBytes, std::ranges::max(bytes_of));
  const std::uint64_t lanes = std::max<std::uint64_t>(1, kBanks * kWordBytes / widest);
  // Pass, block of the cluster, word.
  keys_.clear();
  for (const Access& access : accesses) {
    const std::uint64_t pass = static_cast<std::uint64_t>(access.lane) / lanes;
    const std::uint64_t high = pass << 16 | static_cast<std::uint64_t>(access.rank);
    for (std::uint64_t word = access.address / kWordBytes;
         word * kWordBytes < access.address + access.bytes; ++word)
      keys_.push_back(high << 32 | word);
  }
  SortUnique(&keys_);
  for (std::size_t i = 0; i < keys_.size();) {
    const std::uint64_t pass = keys_[i] >> 32;
    std::array<std::uint64_t, kBanks> words_of{};
    std::uint64_t words = 0;
    for (; i < keys_.size() && keys_[i] >> 32 == pass; ++i, ++words) ++words_of[keys_[i] % kBanks];
    counts.wavefronts += std::ranges::max(words_of);
    counts.fewest_wavefronts += CeilDiv(words, kBanks);
  }
  return counts;
}

std::uint64_t Patterns::Places(std::span<const Access> accesses) {
  keys_.clear();
  for (const Access& access : accesses)
    keys_.push_back(access.address | static_cast<std::uint64_t>(access.rank) << 48 |
                    static_cast<std::uint64_t>(access.space == ptx::Space::kShared) << 63);
  SortUnique(&keys_);
  return keys_.size();
}

}  // namespace nodecuda::simulator
