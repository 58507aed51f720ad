#include "simulator/exec/memory/mbarrier.h"

namespace nodecuda::simulator {
namespace {

// pending 0..19, expected 20..39, bytes 40..60 in two's complement, phase 61, and a mark that
// neither zeros nor small numbers have.
constexpr int kCountBits = 20, kBytesBits = 21;
constexpr int kExpectedShift = kCountBits, kBytesShift = 2 * kCountBits,
              kPhaseShift = kBytesShift + kBytesBits, kMarkShift = kPhaseShift + 1;
constexpr std::uint64_t kMark = 2;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
constexpr std::uint64_t kBytesMask = (std::uint64_t{1} << kBytesBits) - 1;

void AdvanceIfComplete(Mbarrier* barrier) {
  if (barrier->pending != 0 || barrier->bytes != 0) return;
  barrier->phase = !barrier->phase;
  barrier->pending = barrier->expected;
}

}  // namespace

bool Mbarrier::Unpack(std::uint64_t word, Mbarrier* barrier) {
  if (word >> kMarkShift != kMark) return false;
  barrier->pending = static_cast<std::uint32_t>(word & kCountMask);
  barrier->expected = static_cast<std::uint32_t>(word >> kExpectedShift & kCountMask);
  const auto bytes = static_cast<std::int32_t>(word >> kBytesShift & kBytesMask);
  barrier->bytes = bytes >= 1 << (kBytesBits - 1) ? bytes - (1 << kBytesBits) : bytes;
  barrier->phase = (word >> kPhaseShift & 1) != 0;
  return true;
}

std::uint64_t Mbarrier::Pack() const {
  return pending | std::uint64_t{expected} << kExpectedShift |
         (static_cast<std::uint64_t>(bytes) & kBytesMask) << kBytesShift |
         std::uint64_t{phase} << kPhaseShift | kMark << kMarkShift;
}

bool InitMbarrier(std::uint32_t count, Mbarrier* barrier, std::string* why) {
  if (count == 0 || count > kMaxMbarrierCount) {
    *why = "an arrival count of " + std::to_string(count);
    return false;
  }
  *barrier = {count, count, 0, false};
  return true;
}

bool ArriveAt(std::uint32_t count, bool drop, Mbarrier* barrier, std::string* why) {
  if (count == 0 || count > barrier->pending || (drop && count > barrier->expected)) {
    *why = std::to_string(count) + " arrivals where the phase of the mbarrier waits for " +
           std::to_string(barrier->pending);
    return false;
  }
  barrier->pending -= count;
  if (drop) barrier->expected -= count;
  AdvanceIfComplete(barrier);
  return true;
}

bool ExpectBytes(std::int64_t bytes, Mbarrier* barrier, std::string* why) {
  const std::int64_t sum = barrier->bytes + bytes;
  constexpr std::int64_t kMost = kMaxMbarrierCount;
  if (sum > kMost || sum < -kMost) {
    *why = "a transaction count of " + std::to_string(sum) +
           " in the mbarrier, beyond what it can hold";
    return false;
  }
  barrier->bytes = static_cast<std::int32_t>(sum);
  AdvanceIfComplete(barrier);
  return true;
}

}  // namespace nodecuda::simulator
