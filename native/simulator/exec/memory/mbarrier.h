#ifndef NODECUDA_SIMULATOR_EXEC_MEMORY_MBARRIER_H_
#define NODECUDA_SIMULATOR_EXEC_MEMORY_MBARRIER_H_

#include <cstdint>
#include <string>

// The barrier objects that kernels keep in shared memory.
namespace nodecuda::simulator {

inline constexpr std::uint32_t kMaxMbarrierCount = (1u << 20) - 1;  // arrivals; bytes either way

// What the 8 bytes of an mbarrier hold. The layout is ours: PTX calls it opaque.
struct Mbarrier {
  std::uint32_t pending = 0;   // arrivals that the current phase still waits for
  std::uint32_t expected = 0;  // arrivals of the next phase
  std::int32_t bytes = 0;      // transactions that the current phase still waits for; below zero
                               // where more came than were announced so far
  bool phase = false;          // parity of the current phase, which is not complete

  // False for bytes that are no mbarrier: mbarrier.init never was there, or mbarrier.inval was.
  static bool Unpack(std::uint64_t word, Mbarrier* barrier);
  std::uint64_t Pack() const;
};

// These change a barrier as the instructions of that name do. False, with the reason in *why, for
// what PTX leaves undefined. A barrier whose phase is complete goes into the next one.
bool InitMbarrier(std::uint32_t count, Mbarrier* barrier, std::string* why);
// `drop`: the arrivals are not expected in later phases either.
bool ArriveAt(std::uint32_t count, bool drop, Mbarrier* barrier, std::string* why);
// `bytes` more (expect_tx), or fewer (complete_tx: negative), to come.
bool ExpectBytes(std::int64_t bytes, Mbarrier* barrier, std::string* why);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MEMORY_MBARRIER_H_
