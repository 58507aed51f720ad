#ifndef NODECUDA_SIMULATOR_MEMORY_FOOTPRINT_H_
#define NODECUDA_SIMULATOR_MEMORY_FOOTPRINT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/check_log.h"

namespace nodecuda::simulator {

// What an operation of a stream did to device memory.
struct Footprint {
  // Whose fault it would be: one for each instruction of a kernel; for others there is one, without
  // a kernel.
  struct Place {
    CheckPlace place;
    std::uint32_t pc = 0;
  };
  struct Range {
    std::uintptr_t begin = 0, end = 0;
    std::size_t place = 0;
  };
  // Strong accesses, such as atomic operations, do not race with each other.
  enum Way : std::uint8_t { kRead, kWrite, kStrongRead, kStrongWrite };
  static constexpr int kWays = 4;

  std::string what;  // "a copy"; empty for a kernel, and where memory is freed
  bool frees = false;
  std::vector<Place> places;
  std::array<std::vector<Range>, kWays> ranges;  // by address, without overlaps

  void Add(Way way, const void* pointer, std::size_t bytes) {
    if (places.empty()) places.emplace_back();
    const auto begin = reinterpret_cast<std::uintptr_t>(pointer);
    ranges[way].push_back({begin, begin + bytes, 0});
  }
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_MEMORY_FOOTPRINT_H_
