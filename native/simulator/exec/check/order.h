#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_ORDER_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

// What happens before what: vector clocks.
namespace nodecuda::simulator {

// Of each thread of a block, a time up to which all that it did is over; behind the threads, of
// each channel (Meetings::NewChannel) there has been. What is not there is at 0.
using Times = std::vector<std::uint32_t>;
using SharedTimes = std::shared_ptr<const Times>;
using TimesByBlock = std::map<std::uint64_t, SharedTimes>;

// What a thread knows of others. Threads that met share it.
struct Knowledge {
  SharedTimes own;                             // of its own block; null: nothing
  std::shared_ptr<const TimesByBlock> others;  // of other blocks; null: nothing
  bool is_whole = false;                       // of everyone: nobody keeps books any more

  // Whether what thread or channel `thread` of `block` did at `time` is over for a thread of
  // `own_block`.
  bool Covers(std::uint64_t own_block, std::uint64_t block, unsigned thread,
              std::uint32_t time) const;
  bool operator==(const Knowledge&) const = default;
};

// Where threads leave what they know and did, and others take it up: a barrier in one of its
// phases, a word that atomic operations are on.
class SyncPoint {
 public:
  explicit SyncPoint(std::size_t threads) : threads_(threads) {}  // of a block

  void Leave(std::uint64_t block, unsigned thread, const Knowledge& knowledge, std::uint32_t time);
  // What a thread of `block` knows then, that knew `before`.
  Knowledge Take(std::uint64_t block, const Knowledge& before);

 private:
  // Bounds what a word takes that thousands of blocks meet at.
  static constexpr std::size_t kMostBlocks = 1024;

  struct Part {
    std::shared_ptr<Times> times;
    SharedTimes joined_last;
  };
  void Join(std::uint64_t block, const SharedTimes& times);
  Times& Writable(Part& part);

  const std::size_t threads_;
  std::map<std::uint64_t, Part> parts_;  // by block
  std::shared_ptr<const TimesByBlock> others_joined_last_;
  bool is_whole_ = false;
  // The last that was taken: most lanes of a warp know and take the same.
  std::uint64_t taken_by_ = 0;
  Knowledge taken_before_, taken_;
  bool has_taken_ = false;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_ORDER_H_
