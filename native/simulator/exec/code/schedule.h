#ifndef NODECUDA_SIMULATOR_EXEC_CODE_SCHEDULE_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_SCHEDULE_H_

#include <bit>
#include <cstdint>

namespace nodecuda::simulator {

// The order in which blocks and warps get their turns, where CUDA promises none. The same schedule
// gives the same order, whatever the machine.
struct Schedule {
  enum class Policy : std::uint8_t { kInOrder, kReverse, kRandom };
  Policy policy = Policy::kInOrder;
  std::uint64_t seed = 0;

  // Who comes at `place` of `count` in the order number `round`.
  std::uint64_t At(std::uint64_t place, std::uint64_t count, std::uint64_t round) const {
    if (policy == Policy::kInOrder || count < 2) return place;
    if (policy == Policy::kReverse) return count - 1 - place;
    // A permutation of the next power of two: each step is one (an odd factor, a shift within the
    // bits, a sum). What lies beyond `count` goes on to where that is sent.
    const int bits = std::bit_width(count - 1);
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
    const std::uint64_t key = Mix(seed ^ Mix(round));
    do {
      for (int i = 0; i < 3; ++i) {
        place = (place * (key >> 8 * i | 1) + (key >> (8 * i + 16))) & mask;
        place ^= place >> (bits + 1) / 2;
      }
    } while (place >= count);
    return place;
  }

  // SplitMix64's finish: all bits of the result depend on all of `value`.
  static std::uint64_t Mix(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
  }
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_SCHEDULE_H_
