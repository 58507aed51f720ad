// The host side of fill: which grid, which arguments.
#include <doctest/doctest.h>

#include <cstdint>

#include "ops/fill/fill.h"
#include "test/native/ops/kernels/launch_recorder.h"

namespace nodecuda {
namespace {

TEST_CASE("fill: the pattern is repeated up to eight bytes and cut to the element") {
  struct Case {
    std::size_t element_bytes;
    std::uint64_t pattern, expected;
  };
  for (const Case& c :
       {Case{1, 0xffffffffffffff7a, 0x7a7a7a7a7a7a7a7a}, Case{2, 0xabcd1234, 0x1234123412341234},
        Case{4, 0xffffffff89abcdef, 0x89abcdef89abcdef},
        Case{8, 0x0123456789abcdef, 0x0123456789abcdef}}) {
    CAPTURE(c.element_bytes);
    Recorder recorder([&](const LaunchConfig& config, KernelId kernel, void** arguments) {
      CHECK(kernel == KernelId::fill);
      CHECK(config.grid.x == (2000 * c.element_bytes + 16383) / 16384);
      CHECK(config.block.x == 256);
      CHECK(Argument<void*>(arguments, 0) == Pointer(0x700));
      CHECK(Argument<std::uint64_t>(arguments, 1) == c.expected);
      CHECK(Argument<std::uint64_t>(arguments, 2) == 2000 * c.element_bytes);
    });
    CHECK(EnqueueFill(recorder.context(), c.element_bytes, c.pattern, Pointer(0x700), 2000) ==
          Status::kSuccess);
    CHECK(recorder.launches == 1);
  }
}

}  // namespace
}  // namespace nodecuda
