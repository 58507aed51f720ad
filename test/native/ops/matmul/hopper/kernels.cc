// The kernels of cuda/modules/matmul_hopper.cu on a simulated device of compute capability 9.0.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "test/native/ops/matmul/hopper/testing.h"

namespace nodecuda::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What operands are multiplied as.
struct Math {
  Dtype dtype;
  MatmulPrecision precision = MatmulPrecision::kIeee;
};
constexpr Math kBfloat16{Dtype::kBfloat16}, kFloat16{Dtype::kFloat16}, kInt8{Dtype::kInt8},
    kTf32{Dtype::kFloat32, MatmulPrecision::kTf32},
    kFp32Fast{Dtype::kFloat32, MatmulPrecision::kFp32Fast};

HopperCase Case(const Math& math, std::int64_t tile_n, bool transpose_a, bool transpose_b,
                std::int64_t m, std::int64_t n, std::int64_t k) {
  HopperCase test;
  test.dtype = math.dtype;
  test.precision = math.precision;
  test.tile_n = tile_n;
  test.transpose_a = transpose_a;
  test.transpose_b = transpose_b;
  test.m = m;
  test.n = n;
  test.k = k;
  if (math.dtype == Dtype::kInt8) test.output = kOutInt32;
  return test;
}

struct Kernel {
  Math math;
  std::int64_t tile_n;
};
constexpr Kernel kKernels[] = {{kBfloat16, 256}, {kBfloat16, 128}, {kBfloat16, 64}, {kFloat16, 256},
                               {kFloat16, 128},  {kFloat16, 64},   {kInt8, 256},    {kInt8, 128},
                               {kInt8, 64},      {kTf32, 256},     {kTf32, 128},    {kTf32, 64},
                               {kFp32Fast, 128}, {kFp32Fast, 64}};

TEST_CASE("hopper matmul: the tests know all kernels") {
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (variant.family != MatmulFamily::kWgmma) continue;
    CAPTURE(variant.name);
    CHECK(std::any_of(std::begin(kKernels), std::end(kKernels), [&](const Kernel& kernel) {
      return kernel.math.dtype == variant.dtype && kernel.math.precision == variant.precision &&
             kernel.tile_n == variant.tile_n;
    }));
  }
}

// Sizes that are no multiples, of two rows and at least two columns of tiles; more tiles than the
// two blocks there are, so that each goes through the ring without a break between its tiles.
HopperCase Ragged(const Kernel& kernel, bool transpose_a, bool transpose_b) {
  return Case(kernel.math, kernel.tile_n, transpose_a, transpose_b, 131, kernel.tile_n + 21,
              kernel.math.dtype == Dtype::kFloat32 ? 40 : 72);
}

TEST_CASE("hopper matmul: every kernel, sizes that are no multiples of anything") {
  for (const Kernel& kernel : kKernels) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        if (kernel.math.dtype == Dtype::kInt8 && (transpose_a || !transpose_b)) continue;
        CheckExact(Ragged(kernel, transpose_a, transpose_b));
      }
    }
  }
}

TEST_CASE("hopper matmul: clusters of two, with an odd number of tile rows") {
  for (const Kernel& kernel : kKernels) {
    for (const bool transpose_b : {false, true}) {
      if (kernel.math.dtype == Dtype::kFloat16) continue;  // as bfloat16 but for wgmma
      if (!transpose_b && (kernel.math.dtype == Dtype::kInt8 || kernel.tile_n == 64)) continue;
      HopperCase test = Ragged(kernel, false, transpose_b);
      test.m = 2 * 128 + 3;
      test.cluster = 2;
      test.multiprocessors = 4;
      CheckExact(test);
      // One cluster, which goes through all tiles.
      test.multiprocessors = 3;
      test.k = 1;
      CheckExact(test);
    }
  }
  HopperCase both = Case(kBfloat16, 256, true, false, 200, 256, 64);
  both.cluster = 2;
  CheckExact(both);
}

TEST_CASE("hopper matmul: depths around a stage and around the ring of stages") {
  for (const std::int64_t tile_n : {256, 64}) {
    const std::int64_t ring = tile_n == 256 ? 4 : 8;
    for (const std::int64_t k : {std::int64_t{1}, std::int64_t{63}, std::int64_t{64},
                                 std::int64_t{65}, 64 * ring, 64 * ring + 1, 64 * (ring * 2 + 3)}) {
      // Two tiles for one block: the second begins in the middle of the ring.
      HopperCase test = Case(kBfloat16, tile_n, k % 2 != 0, k % 3 != 0, 20, tile_n + 8, k);
      test.multiprocessors = 1;
      CheckExact(test);
      if (tile_n == 64 && !test.transpose_b) continue;
      test.m = 140;
      test.cluster = 2;
      CheckExact(test);
    }
  }
}

TEST_CASE("hopper matmul: without k, c is beta c, whatever the sums were") {
  for (const double beta : {0.0, 2.0}) {
    HopperCase test = Case(kBfloat16, 64, false, true, 5, 70, 0);
    test.beta = beta;
    CheckExact(test);
  }
  HopperCase promoted = Case(kFp32Fast, 64, false, true, 5, 70, 0);
  promoted.beta = 1;
  CheckExact(promoted);
}

TEST_CASE("hopper matmul: one element, one row, one column") {
  CheckExact(Case(kFloat16, 128, false, false, 1, 1, 1));
  CheckExact(Case(kFloat16, 128, true, true, 1, 300, 17));
  CheckExact(Case(kTf32, 64, false, true, 300, 1, 9));
}

TEST_CASE("hopper matmul: many tiles on few blocks, in bands of rows") {
  HopperCase test = Case(kBfloat16, 64, false, true, 10 * 128 + 1, 3 * 64, 16);
  test.multiprocessors = 5;
  CheckExact(test);
}

TEST_CASE("hopper matmul: batches, and matrices that all of them share") {
  for (const std::uint32_t cluster : {1u, 2u}) {
    for (const bool share : {false, true}) {
      HopperCase test = Case(kBfloat16, 128, share, false, 130, 40, 24);
      test.batches = 3;
      test.share_a = share;
      test.cluster = cluster;
      test.padding = 1;
      CheckExact(test);
      test.share_b = true;
      CheckExact(test);
    }
  }
  HopperCase packed = Case(kFp32Fast, 64, true, false, 33, 40, 24);
  packed.batches = 3;
  packed.share_b = true;
  CheckExact(packed);
}

TEST_CASE("hopper matmul: splits of k leave raw sums in the workspace") {
  HopperCase test = Case(kBfloat16, 128, false, false, 130, 90, 64 * 5 + 8);
  test.splits = 3;
  test.batches = 2;
  test.alpha = 7;
  test.beta = 3;
  test.output = kOutBfloat16;
  const HopperResult result = RunHopper(test);
  HopperCase sums = test;
  sums.alpha = 1;
  sums.beta = 0;
  const std::vector<double> expected = ExpectedHopper(sums, result);
  REQUIRE(result.c.size() == 3 * expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double sum = 0;
    for (std::size_t split = 0; split < 3; ++split) sum += result.c[split * expected.size() + i];
    REQUIRE(sum == expected[i]);
  }
  // More splits than stages: those without any leave zeros.
  test.k = 64;
  test.splits = 2;
  test.batches = 1;
  const HopperResult empty = RunHopper(test);
  CHECK(std::all_of(empty.c.begin(), empty.c.begin() + 130 * 90, [](double x) { return x == 0; }));
  CHECK(!std::all_of(empty.c.begin() + 130 * 90, empty.c.end(), [](double x) { return x == 0; }));
}

TEST_CASE("hopper matmul: through the planner, with splits, packing and an epilogue") {
  for (const Math& math : {kFloat16, kFp32Fast}) {
    for (const int splits : {1, 3}) {
      HopperCase test = Case(math, 128, false, false, 130, 90, 200);
      test.planned = true;
      test.splits = splits;
      test.alpha = 2;
      test.beta = -1;
      test.bias = true;
      CheckExact(test);
    }
  }
}

TEST_CASE("hopper matmul: what the epilogue can do, in every type of result") {
  for (const MatmulOutput output : {kOutFloat32, kOutFloat16, kOutBfloat16}) {
    HopperCase test = Case(kFloat16, 64, false, true, 37, 81, 48);
    test.output = output;
    test.alpha = 0.5;
    CheckExact(test);  // c = alpha sum has a way of its own
    test.beta = -2;
    test.bias = true;
    test.bias_per_row = output == kOutFloat16;
    test.scales = true;
    CheckExact(test);
    test.activation = kRelu;
    CheckExact(test);
  }
  HopperCase gelu = Case(kBfloat16, 64, false, true, 20, 70, 8);
  gelu.alpha = 0.0625;
  gelu.activation = kGelu;
  const HopperResult result = RunHopper(gelu);
  const std::vector<double> expected = ExpectedHopper(gelu, result);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    // erfc in float32 is good for 4 units in the last place of a factor that is at most 2.
    REQUIRE(std::abs(result.c[i] - expected[i]) <= 0x1p-20 * (1 + std::abs(expected[i])));
  }
}

TEST_CASE("hopper matmul: int8 with results in int32 and float32") {
  for (const MatmulOutput output : {kOutInt32, kOutFloat32}) {
    HopperCase test = Case(kInt8, 128, false, true, 140, 130, 200);
    test.output = output;
    test.alpha = 3;
    CheckExact(test);
    test.beta = 2;
    CheckExact(test);
  }
  // The largest sums: -128 x -128.
  HopperCase large = Case(kInt8, 64, false, true, 3, 5, 512);
  const HopperResult result = RunHopper(large, [](std::uint32_t) { return -128.0; });
  for (const double sum : result.c) REQUIRE(sum == 512.0 * 128 * 128);
}

TEST_CASE("hopper matmul: NaN and infinity stay in their row and column") {
  for (const Math& math : {kBfloat16, kTf32, kFp32Fast}) {
    HopperCase test = Case(math, 64, false, true, 20, 70, 33);
    const auto at = [&](const HopperResult& result, std::int64_t row, std::int64_t column) {
      return result.c[static_cast<std::size_t>(row * test.n + column)];
    };
    const HopperResult result = RunHopper(
        test, [](std::uint32_t seed) { return 1.0 + seed % 3; },
        [&](HopperResult& operands) {
          operands.a[static_cast<std::size_t>(3 * test.k + 32)] = kNaN;
          operands.a[static_cast<std::size_t>(5 * test.k)] = -kInfinity;
          operands.b[static_cast<std::size_t>(7 * test.n + 69)] = kInfinity;
          std::fill(operands.old_c.begin(), operands.old_c.end(), kNaN);  // beta is 0: not read
        });
    for (std::int64_t row = 0; row < test.m; ++row) {
      for (std::int64_t column = 0; column < test.n; ++column) {
        const double value = at(result, row, column);
        CAPTURE(row);
        CAPTURE(column);
        if (row == 3 || (row == 5 && column == 69)) {
          REQUIRE(std::isnan(value));
        } else if (row == 5) {
          REQUIRE(value == -kInfinity);
        } else if (column == 69) {
          REQUIRE(value == kInfinity);
        } else {
          REQUIRE(std::isfinite(value));
        }
      }
    }
  }
}

// |error| against the sum of the products' absolute values, the largest of all elements.
double RelativeError(const HopperCase& test, const HopperResult& result) {
  HopperResult absolute = result;
  for (std::vector<double>* values : {&absolute.a, &absolute.b}) {
    for (double& value : *values) value = std::abs(value);
  }
  const std::vector<double> expected = ExpectedHopper(test, result);
  const std::vector<double> scale = ExpectedHopper(test, absolute);
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, std::abs(result.c[i] - expected[i]) / scale[i]);
  }
  return worst;
}

TEST_CASE("hopper matmul: errors on random numbers are within what the formats explain") {
  // A sum in the tensor cores is cut off after 24 bits or more, k / depth times.
  const auto cut = [](std::int64_t k, int depth) {
    return 0x1p-23 * static_cast<double>(k) / depth;
  };
  HopperCase half = Case(kBfloat16, 128, false, false, 64, 130, 500);
  CHECK(RelativeError(half, RunHopper(half, Uniform)) < cut(half.k, 16));

  // Each operand is rounded to 11 bits: to nearest, or the bound would be twice as high.
  HopperCase tf32 = Case(kTf32, 128, false, true, 64, 130, 500);
  const double rounded = RelativeError(tf32, RunHopper(tf32, Uniform));
  CHECK(rounded < 2 * 0x1p-11 + cut(tf32.k, 8));
  CHECK(rounded > 0x1p-16);  // it is not float32

  // What is left of an operand after two parts of 11 bits is below 2^-23 of it, and the product of
  // the rests, below 2^-24, is left out. The sums are cut off every 8 of k, but with promotion to
  // float32 every 256 no more than 32 times; then each of the promotions rounds.
  HopperCase precise = Case(kFp32Fast, 128, false, true, 64, 130, 500);
  const double error = RelativeError(precise, RunHopper(precise, Uniform));
  CHECK(error < 2 * 0x1p-23 + 0x1p-24 + cut(256, 8) + 0x1p-23);
  MESSAGE("relative error: tf32 ", rounded, ", float32 in three products ", error);
}

TEST_CASE("hopper matmul: float32 operands that kernels cannot fetch are packed") {
  for (const Math& math : {kTf32, kFp32Fast}) {
    HopperCase test = Case(math, 64, true, true, 45, 70, 39);
    test.misalign = 1;
    test.batches = 2;
    CheckExact(test);
  }
  // The largest number rounds to infinity in tf32, and has to be taken apart otherwise.
  HopperCase test = Case(kFp32Fast, 64, false, true, 4, 4, 1);
  const double largest = std::numeric_limits<float>::max();
  const HopperResult result = RunHopper(
      test, [](std::uint32_t) { return 1.0; },
      [&](HopperResult& operands) { std::fill(operands.a.begin(), operands.a.end(), -largest); });
  for (const double value : result.c) CHECK(std::abs(value / -largest - 1) < 0x1p-20);
}

}  // namespace
}  // namespace nodecuda::test
