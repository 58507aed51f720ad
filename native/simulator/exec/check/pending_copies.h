#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_PENDING_COPIES_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_PENDING_COPIES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "simulator/exec/touch/access.h"

namespace nodecuda::simulator {

// The bytes of shared memory that cp.async is to write, which have not been waited for.
class PendingCopies {
 public:
  struct Copy {
    Access to;
    std::uint32_t pc = 0;
  };

  void Start(std::size_t threads, std::size_t shared_bytes);
  void Add(std::size_t thread, const Copy& copy);
  void Commit(std::size_t thread);
  // Takes what a thread has waited for: all but the groups committed last, as many as `pending`; or
  // everything, committed or not, if that is negative.
  std::vector<Copy> Wait(std::size_t thread, std::int64_t pending);
  // The thread whose copy is to write to these bytes; kNobody.
  static constexpr std::size_t kNobody = ~std::size_t{0};
  std::size_t WriterOf(std::uint64_t offset, std::uint64_t bytes) const;

 private:
  struct Thread {
    std::deque<Copy> copies;         // oldest first
    std::deque<std::size_t> groups;  // how many copies each has
    std::size_t open = 0;            // copies in none
  };
  void Mark(const Access& to, std::uint16_t writer);

  std::vector<Thread> threads_;
  std::size_t pending_ = 0;             // copies
  std::vector<std::uint16_t> writers_;  // by byte of shared memory: a thread's number plus 1, or 0
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_PENDING_COPIES_H_
