#ifndef NODECUDA_RUNTIME_CHECK_LOG_H_
#define NODECUDA_RUNTIME_CHECK_LOG_H_

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/runtime.h"

// What the checker of a simulated device has found, on its way to JavaScript.
namespace nodecuda {

enum class CheckKind : std::uint8_t { kMemory, kRace, kInit, kSync, kLeak };
inline constexpr unsigned CheckBit(CheckKind kind) {
  return 1u << static_cast<unsigned>(kind);
}
inline constexpr unsigned kAllChecks = 31;

// Who did something where.
struct CheckPlace {
  std::string kernel;
  std::string source;    // "scale.cu:12"; empty where the PTX does not tell
  std::string mnemonic;  // empty: not an instruction
  int line = 0;          // of the PTX
  Dim3 block, thread;
};

struct CheckAllocation {
  std::uint64_t address = 0, bytes = 0;
  std::uint32_t site = 0;  // CheckLog::SetSite; 0: none was given
  bool freed = false;
};

struct CheckFinding {
  CheckKind kind = CheckKind::kMemory;
  bool is_advice = false;  // right, but perhaps not what was meant
  std::string message;
  CheckPlace at;
  std::optional<CheckPlace> other;  // the second side of a race
  std::optional<std::uint64_t> address;
  std::optional<CheckAllocation> allocation;
  std::uint64_t count = 1;
};

// The same fault of the same instructions is one finding.
struct CheckSite {
  std::uint64_t kernel = 0;  // what tells it from others that the device has run, or an address
  std::uint32_t pc = 0, other_pc = 0;
  CheckKind kind = CheckKind::kMemory;
  std::uint8_t detail = 0;
  auto operator<=>(const CheckSite&) const =
      default;  // NOLINT(modernize-use-nullptr): there is none
};

// All members may be called from any thread.
class CheckLog {
 public:
  static constexpr std::size_t kMostFindings = 1000;

  explicit CheckLog(unsigned checks) : checks_(checks) {}
  bool Checks(CheckKind kind) const { return (checks_ & CheckBit(kind)) != 0; }

  // Counts a finding. `make` is called for the first of a site.
  template <typename Make>
  void Add(const CheckSite& site, Make make) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = indices_.try_emplace(site, findings_.size());
    if (!is_new) {
      if (found->second < findings_.size()) ++findings_[found->second].count;
      return;
    }
    if (findings_.size() < kMostFindings) {
      findings_.push_back(make());
    } else {
      ++dropped_;
    }
  }
  std::vector<CheckFinding> Findings() const {
    const std::lock_guard lock(mutex_);
    return findings_;
  }
  // Sites for which there was no room.
  std::size_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

  // Names where the allocations that follow are made.
  void SetSite(std::uint32_t site) { site_ = site; }
  std::uint32_t site() const { return site_; }

  // What looks for leaks, as long as there is a device to look at.
  void SetLeakFinder(std::function<void()> find) {
    const std::lock_guard lock(leak_mutex_);
    find_leaks_ = std::move(find);
  }
  void FindLeaks() {
    const std::lock_guard lock(leak_mutex_);
    if (find_leaks_ && Checks(CheckKind::kLeak)) find_leaks_();
  }

 private:
  const unsigned checks_;
  std::atomic<std::uint32_t> site_ = 0;
  mutable std::mutex mutex_;
  std::map<CheckSite, std::size_t> indices_;
  std::vector<CheckFinding> findings_;
  std::size_t dropped_ = 0;
  std::mutex leak_mutex_;
  std::function<void()> find_leaks_;
};

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_CHECK_LOG_H_
