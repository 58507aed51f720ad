#ifndef NODECUDA_SIMULATOR_EXEC_WARP_ASYNC_COPY_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_ASYNC_COPY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// cp.async: copies from global to shared memory that a thread starts, groups and waits for.
namespace nodecuda::simulator {

// The copies of one warp that are under way, where they are to be as late as their waits allow.
class AsyncCopies {
 public:
  struct Copy {
    std::byte* to;
    const std::byte* from;
    std::uint32_t bytes, read;  // what is not read becomes zero
  };

  void Clear();
  void Start(int lane, const Copy& copy) { Of(lane).copies.push_back(copy); }
  void Commit(int lane) { Of(lane).group_ends.push_back(Of(lane).copies.size()); }
  // Performs all but the `pending` groups committed last.
  void Wait(int lane, std::size_t pending);
  // Performs everything that was started, committed or not.
  void WaitAll(int lane);

  static void Perform(const Copy& copy);

 private:
  struct Thread {
    std::vector<Copy> copies;  // oldest first
    std::vector<std::size_t> group_ends;
  };
  Thread& Of(int lane) { return threads_[static_cast<std::size_t>(lane)]; }
  static void PerformFirst(Thread& thread, std::size_t copies, std::size_t groups);

  std::array<Thread, kWarpSize> threads_;
};

// How a cp.async is decoded. The slots hold addresses and what follows the size;
// Instruction::target is the constant part of the destination, Instruction::offset that of the
// source.
enum AsyncCopySlot { kCopyTo, kCopyFrom, kCopyReadBytes, kCopyIgnore };
struct AsyncCopyForm {
  unsigned bytes_log2 = 0;
  bool wide_to = false, wide_from = false;

  void PackInto(std::uint8_t (&detail)[2]) const {
    detail[0] = static_cast<std::uint8_t>(bytes_log2);
    detail[1] = static_cast<std::uint8_t>((wide_to ? 1u : 0u) | (wide_from ? 2u : 0u));
  }
  static AsyncCopyForm Of(const Instruction& in) {
    return {in.detail[0], (in.detail[1] & 1) != 0, (in.detail[1] & 2) != 0};
  }
};

WarpHandler AsyncCopyHandler();
WarpHandler CommitGroupHandler();
WarpHandler WaitGroupHandler();  // Instruction::offset: groups that may be pending; -1: wait_all

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_ASYNC_COPY_H_
