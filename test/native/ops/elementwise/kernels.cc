// The elementwise kernels on the simulated device against plain loops: every operation on every
// dtype, all ways of reaching memory, every conversion.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "test/native/ops/elementwise/testing.h"

namespace nodecuda::test {
namespace {

constexpr int kCapability = 80;

// How 16-bit floats are converted depends on the architecture; nothing else does.
std::vector<int> CapabilitiesFor(Dtype dtype) {
  if (dtype == Dtype::kFloat16 || dtype == Dtype::kBfloat16) return {75, 80, 90};
  return {kCapability};
}

ElementwiseProblem Contiguous(ElementwiseFamily family, int operation, Dtype from, Dtype to,
                              std::size_t length) {
  ElementwiseProblem problem{};
  problem.family = family;
  problem.operation = operation;
  problem.source = from;
  problem.destination = to;
  problem.length = length;
  return problem;
}

std::uint64_t Element(Dtype dtype, const Bytes& bytes, std::size_t index) {
  return LoadBits(dtype, &bytes[index * ByteSize(dtype)]);
}

// Says which element is wrong, and how.
void CheckElement(Dtype dtype, std::uint64_t got, std::uint64_t expected, double units,
                  std::uint64_t x, std::uint64_t y) {
  if (Agrees(dtype, got, expected, units)) return;
  CAPTURE(x);
  CAPTURE(y);
  CAPTURE(got);
  CAPTURE(expected);
  if (IsFloatDtype(dtype)) {
    CAPTURE(FloatOf(dtype, x));
    CAPTURE(FloatOf(dtype, y));
    CAPTURE(FloatOf(dtype, got));
    CAPTURE(FloatOf(dtype, expected));
    CHECK(got == expected);
  } else {
    CHECK(got == expected);
  }
}

// Scalars in the type that is computed in: 1.5 and 2.75, or 3 and 100.
void SetScalars(Dtype dtype, std::uint64_t (&scalars)[2]) {
  const Dtype computed = IsFloatDtype(dtype) && dtype != Dtype::kFloat64 ? Dtype::kFloat32 : dtype;
  for (int i = 0; i < 2; ++i) {
    scalars[i] = IsFloatDtype(dtype) ? BitsOfFloat(computed, i == 0 ? -1.375 : 2.75)
                                     : static_cast<std::uint64_t>(i == 0 ? 3 : 100);
  }
}

TEST_CASE("elementwise: binary operations on edges and random values") {
  constexpr std::size_t kLength = 6000;
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const auto x = InterestingBits(dtype, kLength, 1), y = InterestingBits(dtype, kLength, 2);
    const int operations = IsFloatDtype(dtype) ? kBinaryOperations : static_cast<int>(kPower);
    for (int o = 0; o < operations; ++o) {
      const auto operation = static_cast<BinaryOperation>(o);
      CAPTURE(kDtypeNames[d]);
      CAPTURE(o);
      ElementwiseRun run{Contiguous(ElementwiseFamily::kBinary, o, dtype, dtype, kLength),
                         Bytes(kLength * ByteSize(dtype)), ToBytes(dtype, x), ToBytes(dtype, y)};
      SetScalars(dtype, run.problem.scalars);
      for (const int capability : CapabilitiesFor(dtype)) {
        CAPTURE(capability);
        const Bytes result = RunElementwise(run, capability);
        for (std::size_t i = 0; i < kLength; ++i) {
          CheckElement(dtype, Element(dtype, result, i),
                       ExpectedBinary(dtype, operation, x[i], y[i], run.problem.scalars[0]),
                       UnitsAllowed(operation, dtype), x[i], y[i]);
        }
      }
    }
  }
}

TEST_CASE("elementwise: unary operations on edges and random values") {
  constexpr std::size_t kLength = 6000;
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const auto x = InterestingBits(dtype, kLength, 3);
    const int operations = IsFloatDtype(dtype) ? kUnaryOperations : static_cast<int>(kSqrt);
    for (int o = 0; o < operations; ++o) {
      const auto operation = static_cast<UnaryOperation>(o);
      CAPTURE(kDtypeNames[d]);
      CAPTURE(o);
      ElementwiseRun run{Contiguous(ElementwiseFamily::kUnary, o, dtype, dtype, kLength),
                         Bytes(kLength * ByteSize(dtype)),
                         ToBytes(dtype, x),
                         {}};
      run.has_y = false;
      SetScalars(dtype, run.problem.scalars);
      for (const int capability : CapabilitiesFor(dtype)) {
        CAPTURE(capability);
        const Bytes result = RunElementwise(run, capability);
        for (std::size_t i = 0; i < kLength; ++i) {
          const double value = IsFloatDtype(dtype) ? FloatOf(dtype, x[i]) : 0;
          CheckElement(dtype, Element(dtype, result, i),
                       ExpectedUnary(dtype, operation, x[i], run.problem.scalars),
                       UnitsAllowed(operation, dtype, value), x[i], 0);
        }
      }
    }
  }
}

TEST_CASE("elementwise: every conversion, bit for bit") {
  constexpr std::size_t kLength = 5000;
  for (int f = 0; f < kDtypeCount; ++f) {
    const auto from = static_cast<Dtype>(f);
    const auto x = InterestingBits(from, kLength, 4);
    for (int t = 0; t < kDtypeCount; ++t) {
      const auto to = static_cast<Dtype>(t);
      CAPTURE(kDtypeNames[f]);
      CAPTURE(kDtypeNames[t]);
      ElementwiseRun run{Contiguous(ElementwiseFamily::kConvert, 0, from, to, kLength),
                         Bytes(kLength * ByteSize(to)),
                         ToBytes(from, x),
                         {}};
      run.has_y = false;
      for (const int capability : CapabilitiesFor(to)) {
        CAPTURE(capability);
        const Bytes result = RunElementwise(run, capability);
        for (std::size_t i = 0; i < kLength; ++i) {
          CheckElement(to, Element(to, result, i), ExpectedConversion(from, to, x[i]), 0, x[i], 0);
        }
      }
    }
  }
}

// Sums, which are exact, at element offsets; what lies around `out` must stay.
void CheckAdd(Dtype dtype, std::size_t length, std::size_t out_offset, std::size_t x_offset,
              std::size_t y_offset, int scalar = -1) {
  CAPTURE(kDtypeNames[static_cast<int>(dtype)]);
  CAPTURE(length);
  CAPTURE(out_offset);
  CAPTURE(x_offset);
  CAPTURE(y_offset);
  CAPTURE(scalar);
  constexpr std::size_t kAfter = 3;
  const auto x = InterestingBits(dtype, x_offset + length + kAfter, 5);
  const auto y = InterestingBits(dtype, y_offset + length + kAfter, 6);
  const auto before = InterestingBits(dtype, out_offset + length + kAfter, 7);
  ElementwiseRun run{Contiguous(ElementwiseFamily::kBinary, kAdd, dtype, dtype, length),
                     ToBytes(dtype, before), ToBytes(dtype, x), ToBytes(dtype, y)};
  run.out_offset = out_offset;
  run.x_offset = x_offset;
  run.y_offset = y_offset;
  run.has_x = scalar != 0;
  run.has_y = scalar != 1;
  run.problem.scalars[1] = y[0];
  const Bytes result = RunElementwise(run, kCapability);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool written = i >= out_offset && i < out_offset + length;
    const std::size_t at = i - out_offset;
    const std::uint64_t got = Element(dtype, result, i);
    if (!written) {
      CHECK(got == before[i]);
    } else {
      const std::uint64_t left = run.has_x ? x[x_offset + at] : y[0];
      const std::uint64_t right = run.has_y ? y[y_offset + at] : y[0];
      CheckElement(dtype, got, ExpectedBinary(dtype, kAdd, left, right, 0), 0, left, right);
    }
  }
}

TEST_CASE("elementwise: lengths around vectors and tiles, alignments, scalars on either side") {
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const std::size_t vector = 16 / ByteSize(dtype), tile = 1024 * vector;
    for (const std::size_t length : {std::size_t{1}, vector - 1, vector, vector + 1, tile - 1, tile,
                                     tile + 1, tile + vector, 2 * tile + vector + 1}) {
      CheckAdd(dtype, length, 0, 0, 0);
      CheckAdd(dtype, length, 1, 1, 1);
    }
    CheckAdd(dtype, 2 * tile, vector - 1, vector - 1, 2 * vector - 1);
    CheckAdd(dtype, tile + 5, 1, 0, 0);
    CheckAdd(dtype, tile + 5, 0, 1, 0);
    CheckAdd(dtype, tile + 5, 0, 0, 1);
    CheckAdd(dtype, tile + 5, 1, 1, 2);
    CheckAdd(dtype, tile + 5, 1, 1, 0, 1);  // y is the scalar: its pointer does not count
    CheckAdd(dtype, tile + 5, 1, 0, 1, 0);
    CheckAdd(dtype, 1, 0, 0, 0, 0);
  }
}

// A strided problem of random shape and strides; the reference walks the indices one by one.
struct StridedCase {
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides[3];
  std::size_t offsets[3], sizes[3];
};

// Lays out the dimensions in random order with gaps, some backwards, so that no element repeats;
// inputs may have strides of 0.
StridedCase RandomStrided(std::mt19937& random, bool contiguous_inside) {
  static constexpr std::int64_t kGaps[] = {0, 16, 1};  // whole vectors, or not
  StridedCase result;
  const int dimensions = 1 + static_cast<int>(random() % 8);
  std::int64_t elements = 1;
  for (int d = 0; d < dimensions; ++d) {
    const std::int64_t most = std::max<std::int64_t>(1, 3000 / elements);
    std::int64_t extent = 1 + static_cast<std::int64_t>(random() % (d % 2 == 0 ? 9 : 3));
    if (d == dimensions - 1 && contiguous_inside) extent = 16 * (1 + random() % 8);
    result.shape.push_back(std::min(extent, contiguous_inside ? extent : most));
    elements *= result.shape.back();
  }
  for (int i = 0; i < 3; ++i) {
    auto& strides = result.strides[i];
    strides.assign(result.shape.size(), 0);
    std::vector<std::size_t> order(result.shape.size());
    for (std::size_t d = 0; d < order.size(); ++d) order[d] = order.size() - 1 - d;
    if (!contiguous_inside) std::shuffle(order.begin(), order.end(), random);
    std::int64_t next = contiguous_inside ? 1 : 1 + random() % 2, first = 0, last = 0;
    for (const std::size_t d : order) {
      if (i > 0 && random() % 4 == 0) continue;  // repeats
      const std::int64_t gap = contiguous_inside ? kGaps[random() % 3] : random() % 3;
      const bool backwards = !contiguous_inside && random() % 4 == 0;
      strides[d] = backwards ? -next : next;
      (backwards ? first : last) += (result.shape[d] - 1) * strides[d];
      next = next * result.shape[d] + gap;
    }
    // Now and then where no vector begins.
    const std::int64_t before = contiguous_inside ? kGaps[random() % 3] : 0;
    result.offsets[i] = static_cast<std::size_t>(before - first);
    result.sizes[i] = static_cast<std::size_t>(before + last - first + 1);
  }
  return result;
}

void CheckStrided(ElementwiseFamily family, int operation, Dtype from, Dtype to,
                  const StridedCase& strided) {
  const bool binary = family == ElementwiseFamily::kBinary;
  const auto before = InterestingBits(to, strided.sizes[0], 8);
  const auto x = InterestingBits(from, strided.sizes[1], 9);
  const auto y = InterestingBits(from, binary ? strided.sizes[2] : 0, 10);
  ElementwiseRun run{Contiguous(family, operation, from, to, 0), ToBytes(to, before),
                     ToBytes(from, x), ToBytes(from, y)};
  run.out_offset = strided.offsets[0];
  run.x_offset = strided.offsets[1];
  run.y_offset = binary ? strided.offsets[2] : 0;
  run.has_y = binary;
  const int dimensions = static_cast<int>(strided.shape.size());
  run.problem.dimensions = dimensions;
  std::int64_t elements = 1;
  for (int d = 0; d < dimensions; ++d) {
    run.problem.shape[d] = strided.shape[d];
    elements *= strided.shape[d];
    for (int i = 0; i < (binary ? 3 : 2); ++i) run.problem.strides[i][d] = strided.strides[i][d];
  }
  const Bytes result = RunElementwise(run, kCapability);
  std::vector<std::uint64_t> expected = before;
  for (std::int64_t index = 0; index < elements; ++index) {
    std::int64_t rest = index, at[3] = {};
    for (int d = dimensions - 1; d >= 0; --d) {
      const std::int64_t position = rest % strided.shape[d];
      rest /= strided.shape[d];
      for (int i = 0; i < 3; ++i) at[i] += position * strided.strides[i][d];
    }
    const std::uint64_t left = x[strided.offsets[1] + at[1]];
    expected[strided.offsets[0] + at[0]] =
        binary ? ExpectedBinary(from, static_cast<BinaryOperation>(operation), left,
                                y[strided.offsets[2] + at[2]], 0)
               : ExpectedConversion(from, to, left);
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CheckElement(to, Element(to, result, i), expected[i], 0, 0, 0);
  }
}

TEST_CASE("elementwise: shapes, strides and broadcasts") {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    const StridedCase strided = RandomStrided(random, round % 2 == 0);
    CAPTURE(round);
    for (const Dtype dtype : {Dtype::kFloat32, Dtype::kFloat64, Dtype::kFloat16, Dtype::kInt8}) {
      CAPTURE(kDtypeNames[static_cast<int>(dtype)]);
      CheckStrided(ElementwiseFamily::kBinary, kSubtract, dtype, dtype, strided);
    }
    const auto from = static_cast<Dtype>(random() % kDtypeCount);
    const auto to = static_cast<Dtype>(random() % kDtypeCount);
    CAPTURE(kDtypeNames[static_cast<int>(from)]);
    CAPTURE(kDtypeNames[static_cast<int>(to)]);
    CheckStrided(ElementwiseFamily::kConvert, 0, from, to, strided);
  }
}

TEST_CASE("elementwise: indices are divided exactly") {
  std::mt19937 random(12);
  std::vector<std::uint32_t> divisors = {1, 2, 3, 5, 7, 641, 0x3fffffff, 0x40000000, 0x7fffffff};
  for (int i = 0; i < 200; ++i) divisors.push_back(1 + random() % (1u << (1 + i % 31)));
  for (const std::uint32_t divisor : divisors) {
    const IndexDivision by = DivideBy(divisor);
    CAPTURE(divisor);
    const auto check = [&](std::uint32_t n) {
      const auto high = static_cast<std::uint32_t>(std::uint64_t{n} * by.magic >> 32);
      CHECK(((high + n) >> by.shift) == n / divisor);
    };
    for (const std::uint32_t n : {0u, 1u, 0x7ffffffeu, 0x7fffffffu}) check(n);
    for (int i = 0; i < 200; ++i) {
      check(random() >> 1);
      const std::uint32_t multiple = random() % (0x7fffffff / divisor + 1) * divisor;
      check(multiple);
      if (multiple > 0) check(multiple - 1);
    }
  }
}

}  // namespace
}  // namespace nodecuda::test
