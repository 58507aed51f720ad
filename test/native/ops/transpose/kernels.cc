// The kernels of transposition on the simulated device, through their host side.
#include <cstdint>
#include <random>
#include <vector>

#include "ops/transpose/transpose.h"
#include "test/native/ops/kernels/device_array.h"

namespace nodecuda::test {

TEST_CASE_TEMPLATE("transpose: all sizes, batches and alignments", T, std::uint8_t, std::uint16_t,
                   std::uint32_t, std::uint64_t) {
  SimulatedKernels& kernels = SimulatedKernels::Of(90);
  struct Case {
    std::int64_t batches, rows, columns, offset, out_offset;
  };
  std::vector<Case> cases;
  for (const std::int64_t rows : {1, 2, 3, 31, 32, 33, 64, 100, 128, 130, 257}) {
    for (const std::int64_t columns : {1, 4, 31, 32, 36, 65, 128, 132}) {
      cases.push_back({rows % 3 + 1, rows, columns, 0, 0});
    }
  }
  cases.push_back({2, 64, 64, 1, 0});
  cases.push_back({2, 64, 64, 0, 1});
  cases.push_back({2, 64, 64, 4, 8});
  cases.push_back({2, 66, 64, 2, 2});
  cases.push_back({1, 5, 3000, 0, 0});
  cases.push_back({1, 3000, 5, 0, 0});
  cases.push_back({300, 4, 8, 0, 0});
  cases.push_back({0, 4, 8, 0, 0});
  cases.push_back({3, 0, 8, 0, 0});
  for (const auto& [batches, rows, columns, offset, out_offset] : cases) {
    CAPTURE(batches);
    CAPTURE(rows);
    CAPTURE(columns);
    CAPTURE(offset);
    const auto count = static_cast<std::size_t>(batches * rows * columns);
    std::vector<T> x(count + static_cast<std::size_t>(offset) + 1);
    std::mt19937_64 random(3);
    for (T& value : x) value = static_cast<T>(random());
    const std::vector<T> blank(count + static_cast<std::size_t>(out_offset) + kGuard, T(0x5a));
    DeviceArray<T> on_device(kernels, x), out(kernels, blank);
    TransposeProblem problem{
        sizeof(T), on_device.get() + offset, out.get() + out_offset, batches, rows, columns};
    REQUIRE(EnqueueTranspose(kernels.Context(Module::reduce), problem) == Status::kSuccess);
    kernels.Synchronize();
    std::vector<T> expected = blank;
    for (std::int64_t b = 0; b < batches; ++b) {
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < columns; ++c) {
          expected[static_cast<std::size_t>(out_offset + (b * columns + c) * rows + r)] =
              x[static_cast<std::size_t>(offset + (b * rows + r) * columns + c)];
        }
      }
    }
    REQUIRE(out.Read() == expected);
  }
}

}  // namespace nodecuda::test
