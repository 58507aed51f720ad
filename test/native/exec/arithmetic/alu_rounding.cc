// Sums that lie just beside the middle of two numbers: where rounding twice goes wrong, and random
// operands seldom come by.
#include <doctest/doctest.h>

#include "test/native/exec/arithmetic/alu_testing.h"

namespace nodecuda::simulator::test {
namespace {

std::uint64_t Fma(const std::string& mnemonic, std::size_t bytes, std::uint64_t a, std::uint64_t b,
                  std::uint64_t c, Isa isa) {
  const std::vector<std::size_t> widths(4, bytes);
  std::string why;
  const auto choice = SelectAlu(MakeInstruction(mnemonic, 4, false), widths, isa, &why);
  REQUIRE_MESSAGE(choice.has_value(), why);
  RegisterFile file(widths);
  Instruction in;
  const std::uint64_t sources[] = {0, a, b, c};
  for (std::size_t i = 0; i < 4; ++i) {
    Lanes lanes;
    lanes.fill(sources[i]);
    file.Write(i, lanes);
    in.slot[i] = file.slot(i);
  }
  in.offset = choice->offset;
  choice->handler(file.data(), in, kFullMask);
  return file.Read(0)[17];
}

TEST_CASE("fma rounds once, beside a tie") {
  for (const Isa isa : AvailableIsas()) {
    CAPTURE(IsaName(isa));
    // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, a tie in f32; c = +-2^-80.
    CHECK(Fma("fma.rn.f32", 4, 0x3f800800, 0x3f800800, 0x17800000, isa) == 0x3f801001);
    CHECK(Fma("fma.rn.f32", 4, 0x3f800800, 0x3f800800, 0x97800000, isa) == 0x3f801000);
    CHECK(Fma("fma.rn.f32", 4, 0x3f800800, 0x3f800800, 0, isa) == 0x3f801000);
    CHECK(Fma("fma.rp.f32", 4, 0x3f800800, 0x3f800800, 0x97800000, isa) == 0x3f801001);
    CHECK(Fma("fma.rz.f32", 4, 0xbf800800, 0x3f800800, 0x97800000, isa) == 0xbf801000);
    // (1 + 2^-4)^2 = 1 + 2^-3 + 2^-8, a tie in bf16; c = +-2^-90.
    CHECK(Fma("fma.rn.bf16", 2, 0x3f88, 0x3f88, 0x1280, isa) == 0x3f91);
    CHECK(Fma("fma.rn.bf16", 2, 0x3f88, 0x3f88, 0x9280, isa) == 0x3f90);
    // (1 + 2^-27)^2 = 1 + 2^-26 + 2^-54 in f64; c = +-2^-53 makes or misses the middle.
    CHECK(Fma("fma.rn.f64", 8, 0x3ff0000002000000, 0x3ff0000002000000, 0x3ca0000000000000, isa) ==
          0x3ff0000004000001);
    CHECK(Fma("fma.rz.f64", 8, 0x3ff0000002000000, 0x3ff0000002000000, 0x3ca0000000000000, isa) ==
          0x3ff0000004000000);
    CHECK(Fma("fma.rm.f64", 8, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000, isa) ==
          0x8000000000000000);
  }
}

}  // namespace
}  // namespace nodecuda::simulator::test
