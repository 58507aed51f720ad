// The sums of matrix units against the same arithmetic in exact wide numbers, one product at a
// time.
#include "simulator/exec/arithmetic/tensor_math.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "test/native/exec/arithmetic/alu_reference.h"
#include "test/native/exec/arithmetic/alu_testing.h"

namespace nodecuda::simulator::test {
namespace {

struct Element {
  std::string name;
  TensorType type;
  int bits, exponent_bits;
};
const Element kElements[] = {{"f16", TensorType::kF16, 16, 5},
                             {"bf16", TensorType::kBF16, 16, 8},
                             {"tf32", TensorType::kTF32, 32, 8},
                             {"e4m3", TensorType::kE4M3, 8, 4},
                             {"e5m2", TensorType::kE5M2, 8, 5}};

double ValueOf(const Element& element, std::uint32_t bits) {
  // The low 13 bits of a tf32 do not count, in a NaN either.
  if (element.type == TensorType::kTF32)
    return static_cast<double>(std::bit_cast<float>(bits & ~0x1fffu));
  const int fraction_bits = element.bits - 1 - element.exponent_bits;
  const int bias = (1 << (element.exponent_bits - 1)) - 1;
  const int top = (1 << element.exponent_bits) - 1;
  const int field = static_cast<int>(bits >> fraction_bits) & top;
  const int fraction = static_cast<int>(bits & ((1u << fraction_bits) - 1));
  const double sign = bits >> (element.bits - 1) ? -1 : 1;
  if (element.type == TensorType::kE4M3) {
    if (field == top && fraction == 7) return NAN;
  } else if (field == top) {
    return fraction != 0 ? NAN : sign * INFINITY;
  }
  const int whole = field != 0 ? fraction + (1 << fraction_bits) : fraction;
  return sign * std::ldexp(whole, std::max(field, 1) - bias - fraction_bits);
}

int ExponentOf(const Element& element, double value) {
  const int least = 2 - (1 << (element.exponent_bits - 1));
  return std::max(std::ilogb(value), least);
}

// One sum, as section 8 of the simulator's guide tells.
float Sum(const TensorModel& model, const Element& a_element, const Element& b_element,
          const std::vector<double>& a, const std::vector<double>& b, float c) {
  double plain = c;
  for (std::size_t i = 0; i < a.size(); ++i) plain += a[i] * b[i];
  if (std::isnan(plain)) return std::bit_cast<float>(0x7fffffffu);
  bool infinite = std::isinf(c);
  for (std::size_t i = 0; i < a.size(); ++i) infinite |= std::isinf(a[i]) || std::isinf(b[i]);
  if (infinite) return static_cast<float>(plain);

  const Element c_element = model.half_result ? kElements[0] : kElements[1];
  int largest = -100000;
  if (c != 0) largest = ExponentOf(c_element, c);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] * b[i] != 0)
      largest = std::max(largest, ExponentOf(a_element, a[i]) + ExponentOf(b_element, b[i]));
  if (largest == -100000) return 0;
  Int128 sum = 0;
  const auto add = [&](double term) {
    sum += static_cast<Int128>(std::trunc(std::ldexp(term, model.fraction_bits - largest)));
  };
  add(c);
  for (std::size_t i = 0; i < a.size(); ++i) add(a[i] * b[i]);
  if (sum == 0) return 0;
  Quad exact = static_cast<Quad>(sum);
  for (int i = largest - model.fraction_bits; i > 0; --i) exact *= 2;
  for (int i = largest - model.fraction_bits; i < 0; ++i) exact /= 2;
  if (model.half_result) {
    const Format half = *FormatNamed("f16");
    return static_cast<float>(Decode(Encode(exact, 0, half, 'n'), half));
  }
  if (exact >= 0x1p128 || exact <= -0x1p128)  // unverified on hardware
    return static_cast<float>(sum > 0 ? INFINITY : -INFINITY);
  const auto bits = static_cast<std::uint32_t>(Encode(exact, 0, *FormatNamed("f32"), 'z'));
  return std::bit_cast<float>(model.result_bits == 23 ? bits : bits & ~0x3ffu);
}

struct Problem {
  Element a_element, b_element;
  TensorModel model;
  int m, n, k;
  std::vector<std::uint32_t> a, b;
  std::vector<float> c;

  std::vector<float> Run(Isa isa) const {
    std::vector<float> out = c;
    TensorMultiplyAccumulate(model, a_element.type, b_element.type, m, n, k, a, b, out, isa);
    return out;
  }
  std::vector<float> Expected() const {
    std::vector<float> out = c;
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        float& result = out[static_cast<std::size_t>(i * n + j)];
        for (int begin = 0; begin < k; begin += model.products) {
          std::vector<double> x, y;
          for (int l = begin; l < std::min(k, begin + model.products); ++l) {
            x.push_back(ValueOf(a_element, a[static_cast<std::size_t>(i * k + l)]));
            y.push_back(ValueOf(b_element, b[static_cast<std::size_t>(l * n + j)]));
          }
          result = Sum(model, a_element, b_element, x, y, result);
        }
      }
    }
    return out;
  }
};

// Bits of a number: any, of exponents that lie close together (so that terms cancel), or an edge.
std::uint32_t AnyBits(const Element& element, int kind, std::mt19937_64& random) {
  const std::uint32_t all = element.bits == 32 ? ~0u : (1u << element.bits) - 1;
  const auto any = static_cast<std::uint32_t>(random()) & all;
  if (kind == 0) return any;
  const int fraction_bits = element.bits - 1 - element.exponent_bits;
  const auto bias = (1u << (element.exponent_bits - 1)) - 1;
  const std::uint32_t sign = any & (all / 2 + 1), fraction = any & ((1u << fraction_bits) - 1);
  if (kind == 1 || random() % 8 != 0)
    return sign |
           (bias - 1 + static_cast<std::uint32_t>(random() % (kind == 1 ? 3 : 6)))
               << fraction_bits |
           fraction;
  const std::uint32_t infinity = ((1u << element.exponent_bits) - 1) << fraction_bits;
  const std::uint32_t edges[] = {0, 1, fraction, infinity - 1, infinity, infinity + 1, all / 2};
  return sign | edges[random() % 7];
}

float AnyAccumulator(bool half, int kind, std::mt19937_64& random) {
  std::uint32_t bits = AnyBits(half ? kElements[0] : Element{"f32", {}, 32, 8}, kind, random);
  return half ? HalfToFloat(static_cast<std::uint16_t>(bits)) : std::bit_cast<float>(bits);
}

std::uint32_t BitsOf(float value) {
  return std::isnan(value) ? 0x7fffffff : std::bit_cast<std::uint32_t>(value);
}

TEST_CASE("sums of matrix units, to the bit, on every device and instruction set") {
  std::mt19937_64 random(1);
  int finite = 0, special = 0;
  for (const Element& a : kElements) {
    for (const Element& b : kElements) {
      if (a.bits != b.bits || (a.bits != 8 && a.type != b.type)) continue;
      for (const int capability : {75, 80, 89, 90, 120}) {
        for (const TensorUnit unit : {TensorUnit::kMma, TensorUnit::kWgmma}) {
          for (const bool half : {false, true}) {
            for (int kind = 0; kind < 3; ++kind) {
              const int k = (a.bits == 16 ? 16 : a.bits == 8 ? 32 : 8) >> (random() % 2);
              Problem p{a,  b,  TensorModelOf(capability, unit, a.type, b.type, k, half),
                        5,  16, k,
                        {}, {}, {}};
              for (int i = 0; i < p.m * k; ++i) p.a.push_back(AnyBits(a, kind, random));
              for (int i = 0; i < p.n * k; ++i) p.b.push_back(AnyBits(b, kind, random));
              for (int i = 0; i < p.m * p.n; ++i) p.c.push_back(AnyAccumulator(half, kind, random));
              const std::vector<float> expected = p.Expected();
              for (const float value : expected) ++(std::isfinite(value) ? finite : special);
              for (const Isa isa : AvailableIsas()) {
                const std::vector<float> got = p.Run(isa);
                for (std::size_t i = 0; i < got.size(); ++i) {
                  CAPTURE(a.name);
                  CAPTURE(capability);
                  CAPTURE(half);
                  CAPTURE(kind);
                  CAPTURE(i);
                  const std::uint32_t bits = std::bit_cast<std::uint32_t>(got[i]);
                  REQUIRE(bits == BitsOf(expected[i]));
                }
              }
            }
          }
        }
      }
    }
  }
  CHECK(finite > 10000);
  CHECK(special > 1000);
}

// c + 2^-x * 1, and a cancelling pair around it: what survives shows how many bits are kept.
float SmallTermBeside(int capability, TensorUnit unit, TensorType type, int exponent, int k) {
  const bool fp8 = type == TensorType::kE5M2;
  const auto power = [&](int e) { return static_cast<std::uint32_t>((15 + e) << (fp8 ? 2 : 10)); };
  std::vector<std::uint32_t> a(static_cast<std::size_t>(k), 0);
  std::vector<std::uint32_t> b(static_cast<std::size_t>(k) * 8, 0);
  a[0] = power(0), a[1] = power(exponent / 2), a[2] = power(0) | 1u << (fp8 ? 7 : 15);
  b[0] = power(0), b[8] = power(exponent - exponent / 2), b[16] = power(0);
  std::vector<float> c(8, 0.0f);
  TensorMultiplyAccumulate(TensorModelOf(capability, unit, type, type, k, false), type, type, 1, 8,
                           k, a, b, c, DetectIsa());
  return c[0];
}

TEST_CASE("a device keeps as many bits beside a large term as measured on hardware") {
  const auto kept = [](int capability, TensorUnit unit, TensorType type, int k) {
    int bits = 0;
    while (SmallTermBeside(capability, unit, type, -bits - 1, k) != 0) ++bits;
    return bits;
  };
  CHECK(kept(75, TensorUnit::kMma, TensorType::kF16, 8) == 24);
  CHECK(kept(80, TensorUnit::kMma, TensorType::kF16, 16) == 24);
  CHECK(kept(89, TensorUnit::kMma, TensorType::kF16, 16) == 24);
  CHECK(kept(90, TensorUnit::kMma, TensorType::kF16, 16) == 25);
  CHECK(kept(90, TensorUnit::kWgmma, TensorType::kF16, 16) == 25);
  CHECK(kept(120, TensorUnit::kMma, TensorType::kF16, 16) == 25);
  CHECK(kept(89, TensorUnit::kMma, TensorType::kE5M2, 32) == 13);
  CHECK(kept(90, TensorUnit::kWgmma, TensorType::kE5M2, 32) == 13);
  CHECK(kept(90, TensorUnit::kMma, TensorType::kE5M2, 32) == 25);
}

TEST_CASE("Ampere adds up a long sum in two parts, Hopper in one") {
  // 1 in the first half; 2^-24 (exactly kept beside 1 on Hopper), -1 in the second.
  const auto run = [](int capability) {
    std::vector<std::uint32_t> a(16, 0), b(128, 0);
    a[0] = 0x3c00, b[0] = 0x3c00;
    a[8] = 0x0c00, b[64] = 0x0c00;  // 2^-12 each
    a[9] = 0xbc00, b[72] = 0x3c00;
    std::vector<float> c(8, 0x1p-24f);
    TensorMultiplyAccumulate(
        TensorModelOf(capability, TensorUnit::kMma, TensorType::kF16, TensorType::kF16, 16, false),
        TensorType::kF16, TensorType::kF16, 1, 8, 16, a, b, c, DetectIsa());
    return c[0];
  };
  CHECK(run(90) == 0x1p-23f);
  CHECK(run(80) == 0x1p-24f);  // c was cut when the first part, 1 + 2^-24, became an f32
}

TEST_CASE("f16 accumulators: bits and values") {
  const Format half = *FormatNamed("f16");
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const double value = Decode(bits, half);
    const float got = HalfToFloat(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) {
      CHECK(BitsOf(got) == 0x7fffffff);
      CHECK(FloatToHalf(got) == 0x7fff);
    } else {
      CHECK(static_cast<double>(got) == value);
      CHECK(std::signbit(got) == (bits >> 15 != 0));
      CHECK(FloatToHalf(got) == bits);
    }
  }
}

}  // namespace
}  // namespace nodecuda::simulator::test
