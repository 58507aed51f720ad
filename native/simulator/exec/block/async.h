#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_ASYNC_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_ASYNC_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

// What a block keeps of instructions of kind kAsync (code/async.h).
namespace nodecuda::simulator {

// An mbarrier in the shared memory of a block of the cluster.
struct MbarrierPlace {
  std::byte* host = nullptr;
  int rank = 0;
  std::uint32_t offset = 0;
};

// The state of the mbarrier at `offset`, for people. `shared` is the block's shared memory.
std::string DescribeMbarrier(const std::byte* shared, std::uint32_t offset);

// Descriptors of wgmma hold 18 bits of an address.
inline constexpr std::size_t kMaxWgmmaBytes = std::size_t{1} << 18;

// The lines of shared memory that the matrix products of a warp read which it has not waited for.
class WgmmaReads {
 public:
  static constexpr std::size_t kLineBytes = 128;
  static constexpr std::size_t kMaxGroups = 64;
  using Lines = std::bitset<kMaxWgmmaBytes / kLineBytes>;

  Lines& current() { return current_; }
  void Commit() {
    // A kernel that never waits must not take ever more memory.
    if (groups_.size() == kMaxGroups) {
      groups_[1] |= groups_[0];
      groups_.pop_front();
    }
    groups_.push_back(current_);
    current_.reset();
  }
  void WaitUntil(std::size_t pending) {
    while (groups_.size() > pending) groups_.pop_front();
  }
  bool Touch(std::uint64_t offset, std::uint64_t bytes) const;

 private:
  Lines current_;             // of products in no group yet
  std::deque<Lines> groups_;  // committed, the oldest first
};

inline std::uint64_t ReadSlot64(const std::byte* file, std::uint32_t slot, int lane) {
  return reinterpret_cast<const std::uint64_t*>(file + slot)[lane];
}
inline std::uint32_t ReadSlot32(const std::byte* file, std::uint32_t slot, int lane) {
  return reinterpret_cast<const std::uint32_t*>(file + slot)[lane];
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_ASYNC_H_
