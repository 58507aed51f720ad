#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/isa/table.h"
#include "simulator/exec/memory/region.h"
#include "test/native/exec/arithmetic/alu_testing.h"

// The loads and stores that are compiled once per instruction set, each against a loop over lanes.
namespace nodecuda::simulator {
namespace {

constexpr std::size_t kSlotBytes = 256, kMemoryBytes = 8192, kAddresses = 4 * kSlotBytes;
constexpr std::uint64_t kBegin = 0x40000;  // where device memory seems to be

struct alignas(64) Machine {
  std::array<std::byte, 5 * kSlotBytes> file;
  std::array<std::byte, kMemoryBytes> memory;
};

enum class Layout { kOne, kRow, kColumns, kHalves, kAnywhere, kLocal };

struct Access {
  MemoryShape shape;
  Layout layout;
  bool wide;
  LaneMask mask;
};

std::uint64_t BytesOf(const MemoryShape& shape) {
  return static_cast<std::uint64_t>(shape.element) * static_cast<std::uint64_t>(shape.vector);
}

// Where a lane's element is, counted in accesses from the begin of memory.
std::uint64_t PlaceOf(Layout layout, unsigned lane, std::mt19937& random) {
  switch (layout) {
    case Layout::kOne:
      return 5;
    case Layout::kRow:
      return 3 + lane;
    case Layout::kColumns:
      return 7 * lane;
    case Layout::kHalves:  // as two-dimensional blocks have it
      return lane < 16 ? lane : lane < 24 ? 40 : lane;
    default:
      return random() % 64;
  }
}

Region RegionOf(const Access& access, const Machine& machine) {
  const auto host = reinterpret_cast<std::uintptr_t>(machine.memory.data());
  const bool local = access.layout == Layout::kLocal;
  const std::uint64_t stride = local ? kMemoryBytes / kWarpSize : 0;
  return {kBegin, local ? stride : kMemoryBytes, host - kBegin, stride, false};
}

void Expected(const Access& access, const std::array<std::uint64_t, kWarpSize>& addresses,
              Machine* machine) {
  const auto [element, reg, vector, is_signed, is_store] = access.shape;
  const auto bytes = static_cast<std::size_t>(element), width = static_cast<std::size_t>(reg);
  const Region region = RegionOf(access, *machine);
  for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
    if ((access.mask >> lane & 1) == 0) continue;
    for (std::size_t i = 0; i < static_cast<std::size_t>(vector); ++i) {
      std::byte* in_memory = machine->memory.data() + (addresses[lane] - kBegin) +
                             lane * region.lane_stride + i * bytes;
      std::byte* in_register = machine->file.data() + i * kSlotBytes + lane * width;
      if (is_store) {
        std::memcpy(in_memory, in_register, bytes);
      } else {
        const bool negative = is_signed && (std::to_integer<int>(in_memory[bytes - 1]) & 0x80) != 0;
        std::memset(in_register, negative ? 0xff : 0, width);
        std::memcpy(in_register, in_memory, bytes);
      }
    }
  }
}

void Check(const Access& access, Isa isa, std::mt19937& random) {
  const MemoryHandler handler = SelectAccess(access.shape, isa);
  if (handler == nullptr) return;
  Machine machine;
  for (std::byte& byte : machine.file) byte = static_cast<std::byte>(random());
  for (std::byte& byte : machine.memory) byte = static_cast<std::byte>(random());
  std::array<std::uint64_t, kWarpSize> addresses;
  const std::uint64_t places = RegionOf(access, machine).bytes / BytesOf(access.shape);
  constexpr std::int64_t kOffset = 64;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    addresses[lane] =
        kBegin + PlaceOf(access.layout, lane, random) % places * BytesOf(access.shape);
    // Lanes that take no part may hold anything.
    const bool idle = (access.mask >> lane & 1) == 0;
    const std::uint64_t held = idle ? random() : addresses[lane] - kOffset;
    std::memcpy(machine.file.data() + kAddresses + lane * (access.wide ? 8u : 4u), &held,
                access.wide ? 8 : 4);
  }
  Instruction in;
  for (std::size_t i = 0; i < 4; ++i) in.slot[i] = static_cast<std::uint32_t>(i * kSlotBytes);
  in.slot[kAddressSlot] = kAddresses;
  in.offset = kOffset;
  in.detail[1] = access.wide ? kWideAddress : 0;

  Machine expected = machine;
  Expected(access, addresses, &expected);
  REQUIRE(handler(machine.file.data(), in, access.mask, RegionOf(access, machine)));
  CHECK(std::ranges::equal(machine.file, expected.file));
  CHECK(std::ranges::equal(machine.memory, expected.memory));

  // One lane outside or misaligned: nothing moves.
  const auto lane = static_cast<std::size_t>(std::countr_zero(access.mask));
  for (const std::uint64_t wrong : {kBegin - BytesOf(access.shape), kBegin + kMemoryBytes,
                                    addresses[lane] + BytesOf(access.shape) / 2}) {
    if (BytesOf(access.shape) == 1 && wrong == addresses[lane]) continue;
    Machine before = machine;
    const std::uint64_t held = wrong - kOffset;
    std::memcpy(before.file.data() + kAddresses + lane * (access.wide ? 8u : 4u), &held,
                access.wide ? 8 : 4);
    Machine after = before;
    CHECK_FALSE(handler(after.file.data(), in, access.mask, RegionOf(access, after)));
    CHECK(std::ranges::equal(after.file, before.file));
    CHECK(std::ranges::equal(after.memory, before.memory));
  }
}

TEST_CASE("access: every form, pattern and mask moves what a loop over lanes does") {
  std::mt19937 random(7);
  int handlers = 0;
  for (const Isa isa : test::AvailableIsas()) {
    for (const int element : {1, 2, 4, 8}) {
      for (const int reg : {1, 2, 4, 8}) {
        for (const int vector : {1, 2, 4}) {
          for (const bool is_signed : {false, true}) {
            for (const bool is_store : {false, true}) {
              const MemoryShape shape{element, reg, vector, is_signed, is_store};
              handlers += SelectAccess(shape, isa) != nullptr;
              for (const Layout layout : {Layout::kOne, Layout::kRow, Layout::kColumns,
                                          Layout::kHalves, Layout::kAnywhere, Layout::kLocal})
                for (const bool wide : {false, true})
                  for (const LaneMask mask : {kFullMask, 1u, 0x80000000u, 0x0000ffffu, 0xfffffffeu,
                                              static_cast<LaneMask>(random()) | 0x10u}) {
                    CAPTURE(IsaName(isa));
                    CAPTURE(element);
                    CAPTURE(reg);
                    CAPTURE(vector);
                    CAPTURE(static_cast<int>(layout));
                    CAPTURE(mask);
                    Check({shape, layout, wide, mask}, isa, random);
                  }
            }
          }
        }
      }
    }
  }
  CHECK(handlers == 48 * static_cast<int>(test::AvailableIsas().size()));
}

// A row of which some lanes take no part: their places are in pages that nobody may touch.
TEST_CASE("access: lanes that take no part touch nothing") {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* mapped = mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapped != MAP_FAILED);
  std::byte* middle = static_cast<std::byte*>(mapped) + page;
  REQUIRE(mprotect(middle, page, PROT_READ | PROT_WRITE) == 0);
  const Region region = {kBegin, page, reinterpret_cast<std::uintptr_t>(middle) - kBegin, 0, false};
  for (const Isa isa : test::AvailableIsas()) {
    for (const int element : {1, 2, 4, 8}) {
      for (const int vector : {1, 2, 4}) {
        for (const int reg : {element, 2 * element}) {
          for (const bool is_store : {false, true}) {
            const MemoryShape shape{element, reg, vector, false, is_store};
            const MemoryHandler handler = SelectAccess(shape, isa);
            if (handler == nullptr) continue;
            for (const LaneMask mask : {0x00000fffu, 0xfff00000u}) {
              CAPTURE(IsaName(isa));
              CAPTURE(element);
              CAPTURE(vector);
              const std::uint64_t bytes = BytesOf(shape);
              // Lane 12 is the first beyond the page, or lane 19 the last before it.
              const std::uint64_t first =
                  mask == 0xfffu ? kBegin + page - 12 * bytes : kBegin - 20 * bytes;
              Machine machine = {};
              machine.file.fill(std::byte{1});
              Instruction in;
              for (std::size_t i = 0; i < 4; ++i)
                in.slot[i] = static_cast<std::uint32_t>(i * kSlotBytes);
              in.slot[kAddressSlot] = kAddresses;
              in.detail[1] = kWideAddress;
              for (unsigned lane = 0; lane < kWarpSize; ++lane) {
                const std::uint64_t address = first + lane * bytes;
                std::memcpy(machine.file.data() + kAddresses + 8 * lane, &address, 8);
              }
              std::memset(middle, 2, page);
              REQUIRE(handler(machine.file.data(), in, mask, region));
              const std::span<const std::byte> written =
                  is_store ? std::span<const std::byte>(middle, page)
                           : std::span<const std::byte>(machine.file).first(kAddresses);
              CHECK(std::ranges::count(written, std::byte{is_store ? 1 : 2}) ==
                    static_cast<std::ptrdiff_t>(12 * bytes));
            }
          }
        }
      }
    }
  }
  CHECK(munmap(mapped, 3 * page) == 0);
}

}  // namespace
}  // namespace nodecuda::simulator
