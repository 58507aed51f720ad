// DeviceMemory: what is handed out, what is refused, what is found, what is given back.
#include "simulator/memory/device_memory.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <random>
#include <set>
#include <thread>
#include <vector>

using nodecuda::Status;
using nodecuda::simulator::DeviceMemory;

namespace {

constexpr std::size_t kMiB = 1 << 20;

std::uintptr_t Address(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

void* MustAllocate(DeviceMemory& memory, std::size_t bytes) {
  void* pointer = nullptr;
  REQUIRE(memory.Allocate(bytes, &pointer) == Status::kSuccess);
  return pointer;
}

bool Resident(std::uintptr_t address) {
  unsigned char resident = 0;
  REQUIRE(mincore(reinterpret_cast<void*>(address & -std::uintptr_t{4096}), 1, &resident) == 0);
  return (resident & 1) != 0;
}

}  // namespace

TEST_CASE("device memory: allocations are aligned, disjoint and apart") {
  DeviceMemory memory(kMiB);
  std::uintptr_t previous_end = 0;
  for (const std::size_t bytes : {1, 255, 256, 257, 4096}) {
    const std::uintptr_t begin = Address(MustAllocate(memory, bytes));
    CHECK(begin % 256 == 0);
    CHECK(begin > previous_end);
    CHECK(memory.InRegion(begin));
    previous_end = begin + bytes;
  }
}

TEST_CASE("device memory: Find knows live allocations to the byte") {
  DeviceMemory memory(kMiB);
  const std::uintptr_t first = Address(MustAllocate(memory, 100));
  const std::uintptr_t second = Address(MustAllocate(memory, 5000));
  CHECK(memory.Find(first).Contains(first, first + 99));
  CHECK(memory.Find(first + 99).begin == first);
  CHECK(memory.Find(first + 99).end == first + 100);
  CHECK_FALSE(memory.Find(first).Contains(first, first + 100));
  CHECK_FALSE(memory.Find(first).Contains(first + 50, first + 49));
  for (const std::uintptr_t outside : {std::uintptr_t{0}, first - 1, first + 100, second - 1,
                                       second + 5000, std::numeric_limits<std::uintptr_t>::max()}) {
    CAPTURE(outside);
    CHECK(memory.Find(outside).begin > memory.Find(outside).end);
  }
  REQUIRE(memory.Release(reinterpret_cast<void*>(first)) == Status::kSuccess);
  CHECK(memory.Find(first).begin > memory.Find(first).end);
  CHECK(memory.Find(second).begin == second);
}

TEST_CASE("device memory: only the start of a live allocation can be released, once") {
  DeviceMemory memory(kMiB);
  auto* pointer = static_cast<std::byte*>(MustAllocate(memory, 1000));
  CHECK(memory.Release(pointer + 256) == Status::kInvalidValue);
  CHECK(memory.Release(nullptr) == Status::kInvalidValue);
  CHECK(memory.Release(pointer) == Status::kSuccess);
  CHECK(memory.Release(pointer) == Status::kInvalidValue);
  CHECK(memory.used() == 0);
}

TEST_CASE("device memory: what does not fit is refused and leaves everything as it was") {
  DeviceMemory memory(kMiB);
  void* pointer = &memory;
  CHECK(memory.Allocate(0, &pointer) == Status::kInvalidValue);
  CHECK(pointer == nullptr);
  for (const std::size_t bytes :
       {kMiB + 1, std::size_t{1} << 50, std::size_t{1} << 63,
        std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() - 255}) {
    CAPTURE(bytes);
    CHECK(memory.Allocate(bytes, &pointer) == Status::kMemoryAllocation);
    CHECK(memory.used() == 0);
  }
  void* all = MustAllocate(memory, kMiB);
  CHECK(memory.used() == kMiB);
  CHECK(memory.Allocate(1, &pointer) == Status::kMemoryAllocation);
  REQUIRE(memory.Release(all) == Status::kSuccess);
  CHECK(memory.Allocate(1, &pointer) == Status::kSuccess);
  CHECK_THROWS_AS(DeviceMemory(std::size_t{1} << 60), std::bad_alloc);
  CHECK_THROWS_AS(DeviceMemory(std::numeric_limits<std::size_t>::max()), std::bad_alloc);
}

TEST_CASE("device memory: a freed address stays dead while others are left, then comes back") {
  DeviceMemory memory(64 << 10);
  MustAllocate(memory, 4096);  // at the start, where the search begins again
  std::set<void*> seen;
  int fresh = 0;
  for (; fresh < 1000; ++fresh) {  // far more than the region holds
    void* pointer = MustAllocate(memory, 40 << 10);
    const DeviceMemory::Range below = memory.Find(Address(pointer) - 1);
    REQUIRE(below.begin > below.end);
    const bool is_new = seen.insert(pointer).second;
    REQUIRE(memory.Release(pointer) == Status::kSuccess);
    if (!is_new) break;
  }
  CHECK(fresh >= 4);
  CHECK(fresh < 1000);
}

TEST_CASE("device memory: new memory is not zero and shows nothing of its former owner") {
  DeviceMemory memory(kMiB);
  for (int round = 0; round < 40; ++round) {  // goes around the region several times
    const std::size_t small = 64 << 10;
    auto* pointer = static_cast<unsigned char*>(MustAllocate(memory, small));
    CHECK(std::all_of(pointer, pointer + small, [](unsigned char c) { return c == 0xA5; }));
    auto* large = static_cast<unsigned char*>(MustAllocate(memory, 800000));
    CHECK(std::all_of(large, large + 4096, [](unsigned char c) { return c == 0xA5; }));
    CHECK(std::all_of(large + 800000 - 4096, large + 800000,
                      [](unsigned char c) { return c == 0xA5; }));
    CHECK(std::none_of(large, large + 800000, [](unsigned char c) { return c == 0x11; }));
    std::memset(pointer, 0x11, small);
    std::memset(large, 0x11, 800000);
    REQUIRE(memory.Release(pointer) == Status::kSuccess);
    REQUIRE(memory.Release(large) == Status::kSuccess);
  }
}

TEST_CASE("device memory: a page goes back when the last allocation in it is released") {
  DeviceMemory memory(kMiB);
  constexpr std::size_t kLarge = 300000;  // worth giving back at once
  void* large = MustAllocate(memory, kLarge);
  std::memset(large, 1, kLarge);
  std::vector<std::uintptr_t> small;  // several to a page
  for (int i = 0; i < 64; ++i) small.push_back(Address(MustAllocate(memory, 600)));
  CHECK(Resident(Address(large) + 50000));
  REQUIRE(memory.Release(large) == Status::kSuccess);
  CHECK_FALSE(Resident(Address(large) + 50000));
  std::shuffle(small.begin(), small.end(), std::mt19937(3));
  for (std::size_t i = 0; i < small.size(); ++i) {
    CHECK(Resident(small[i]));
    REQUIRE(memory.Release(reinterpret_cast<void*>(small[i])) == Status::kSuccess);
  }
  // What was released last goes with what is released next, elsewhere.
  REQUIRE(memory.Release(MustAllocate(memory, kLarge)) == Status::kSuccess);
  for (const std::uintptr_t address : small) CHECK_FALSE(Resident(address));
}

TEST_CASE("device memory: what small allocations leave one after the other does not pile up") {
  DeviceMemory memory(8 * kMiB);
  std::vector<std::uintptr_t> small;
  for (int i = 0; i < 2000; ++i) {
    void* pointer = MustAllocate(memory, 4096);
    small.push_back(Address(pointer));
    REQUIRE(memory.Release(pointer) == Status::kSuccess);
  }
  // Pages of 4 KiB; there may be larger ones, which stay where they were begun.
  const auto resident = std::ranges::count_if(small, Resident);
  CHECK(resident <= 64);
}

TEST_CASE("device memory: random use agrees with a model") {
  std::mt19937 random(7);
  DeviceMemory memory(kMiB);
  std::vector<std::pair<unsigned char*, std::size_t>> live;
  for (int step = 0; step < 8000; ++step) {
    if (live.empty() || random() % 2 == 0) {
      std::size_t bytes = 1 + random() % (random() % 8 == 0 ? 200000 : 5000);
      if (random() % 4 == 0) bytes = (bytes + 255) / 256 * 256;
      void* pointer = nullptr;
      const Status status = memory.Allocate(bytes, &pointer);
      if (status != Status::kSuccess) {
        CHECK(status == Status::kMemoryAllocation);
        CHECK(pointer == nullptr);
        continue;
      }
      auto* begin = static_cast<unsigned char*>(pointer);
      // A gap on either side, also where it went between two others.
      const DeviceMemory::Range below = memory.Find(Address(begin) - 1);
      const DeviceMemory::Range above = memory.Find(Address(begin) + bytes + 255);
      REQUIRE(below.begin > below.end);
      REQUIRE(above.begin > above.end);
      std::memset(begin, static_cast<int>(bytes % 251), bytes);
      live.emplace_back(begin, bytes);
    } else {
      std::swap(live[random() % live.size()], live.back());
      const auto [begin, bytes] = live.back();
      live.pop_back();
      // Neither a neighbour's writes nor a neighbour's release touched it.
      REQUIRE(std::all_of(begin, begin + bytes, [&](unsigned char c) { return c == bytes % 251; }));
      REQUIRE(memory.Find(Address(begin)).end == Address(begin) + bytes);
      REQUIRE(memory.Release(begin) == Status::kSuccess);
    }
  }
  for (const auto& [begin, bytes] : live) REQUIRE(memory.Release(begin) == Status::kSuccess);
  CHECK(memory.used() == 0);
}

TEST_CASE("device memory: threads may allocate and release at once") {
  DeviceMemory memory(kMiB);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        void* pointer = nullptr;
        if (memory.Allocate(1000, &pointer) != Status::kSuccess) continue;
        std::memset(pointer, t, 1000);
        if (memory.Find(Address(pointer)).begin != Address(pointer)) ++wrong;
        if (static_cast<unsigned char*>(pointer)[999] != t) ++wrong;
        if (memory.Release(pointer) != Status::kSuccess) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(memory.used() == 0);
}
