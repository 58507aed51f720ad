#include "test/native/ops/elementwise/testing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "test/native/ops/kernels/builtin_module.h"

namespace nodecuda::test {

const std::string kDtypeNames[kDtypeCount] = {"float32", "float64", "float16", "bfloat16",
                                              "int8",    "uint8",   "int16",   "uint16",
                                              "int32",   "uint32",  "int64",   "uint64"};

namespace {

struct Format {
  int exponent_bits, mantissa_bits;
};

Format FormatOf(Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat64:
      return {11, 52};
    case Dtype::kFloat16:
      return {5, 10};
    case Dtype::kBfloat16:
      return {8, 7};
    default:
      return {8, 23};
  }
}

int WidthOf(Dtype dtype) {
  return static_cast<int>(8 * ByteSize(dtype));
}

// The distance of floats around a value, in the format; of its subnormal numbers at least.
long double UnitAt(const Format& format, long double value) {
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  int exponent = value == 0 ? 1 - bias : std::ilogb(value);
  if (exponent < 1 - bias) exponent = 1 - bias;
  return std::ldexp(1.0L, exponent - format.mantissa_bits);
}

Format ComputedIn(Dtype dtype) {
  return dtype == Dtype::kFloat64 ? Format{11, 52} : Format{8, 23};
}

}  // namespace

std::uint64_t LoadBits(Dtype dtype, const std::byte* from) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, from, ByteSize(dtype));
  return bits;
}

void StoreBits(Dtype dtype, std::byte* to, std::uint64_t bits) {
  std::memcpy(to, &bits, ByteSize(dtype));
}

double FloatOf(Dtype dtype, std::uint64_t bits) {
  const Format format = FormatOf(dtype);
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  const std::uint64_t mantissa = bits & ((std::uint64_t{1} << format.mantissa_bits) - 1);
  const int exponent =
      static_cast<int>(bits >> format.mantissa_bits) & ((1 << format.exponent_bits) - 1);
  const bool negative = (bits >> (format.exponent_bits + format.mantissa_bits) & 1) != 0;
  double value;
  if (exponent == (1 << format.exponent_bits) - 1) {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<double>(mantissa), 1 - bias - format.mantissa_bits);
  } else {
    value = std::ldexp(static_cast<double>(mantissa | std::uint64_t{1} << format.mantissa_bits),
                       exponent - bias - format.mantissa_bits);
  }
  return negative ? -value : value;
}

std::uint64_t BitsOfFloat(Dtype dtype, long double value) {
  const Format format = FormatOf(dtype);
  const std::uint64_t infinity = ((std::uint64_t{1} << format.exponent_bits) - 1)
                                 << format.mantissa_bits;
  if (std::isnan(value)) return infinity | std::uint64_t{1} << (format.mantissa_bits - 1);
  const std::uint64_t sign = std::signbit(value) ? std::uint64_t{1} << (WidthOf(dtype) - 1) : 0;
  const long double size = std::fabs(value);
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  if (size >= std::ldexp(1.0L, bias + 1)) return sign | infinity;
  const long double unit = UnitAt(format, size);
  // Exact, and at most 2^53: the rounding mode of long double is to nearest even.
  const long double steps = std::rint(size / unit);
  const int exponent = std::ilogb(unit) + format.mantissa_bits;
  const auto bits = (static_cast<std::uint64_t>(exponent + bias - 1) << format.mantissa_bits) +
                    static_cast<std::uint64_t>(steps);
  return sign | std::min(bits, infinity);
}

__int128 IntegerOf(Dtype dtype, std::uint64_t bits) {
  const int width = WidthOf(dtype);
  if (width < 64) bits &= (std::uint64_t{1} << width) - 1;
  const bool negative = !IsUnsignedDtype(dtype) && (bits >> (width - 1) & 1) != 0;
  return static_cast<__int128>(bits) - (negative ? static_cast<__int128>(1) << width : 0);
}

std::uint64_t BitsOfInteger(Dtype dtype, __int128 value) {
  const auto bits = static_cast<std::uint64_t>(value);
  const int width = WidthOf(dtype);
  return width == 64 ? bits : bits & ((std::uint64_t{1} << width) - 1);
}

bool IsNanBits(Dtype dtype, std::uint64_t bits) {
  return IsFloatDtype(dtype) && std::isnan(FloatOf(dtype, bits));
}

std::vector<std::uint64_t> InterestingBits(Dtype dtype, std::size_t count, std::uint64_t seed) {
  std::vector<std::uint64_t> all;
  const int width = WidthOf(dtype);
  if (IsFloatDtype(dtype)) {
    const Format format = FormatOf(dtype);
    const std::uint64_t one = std::uint64_t{1} << format.mantissa_bits;
    const std::uint64_t infinity = ((std::uint64_t{1} << format.exponent_bits) - 1) * one;
    for (const std::uint64_t bits : {std::uint64_t{0}, std::uint64_t{1}, one - 1, one, one + 1,
                                     infinity - 1, infinity, infinity + one / 2}) {
      all.push_back(bits);
      all.push_back(bits | std::uint64_t{1} << (width - 1));
    }
    for (const double value :
         {1.0, 2.0, 0.5, 1.5, 3.0, 10.0, 88.75, 103.9, 0.1, 1e-3, 255.5, 1e4}) {
      all.push_back(BitsOfFloat(dtype, value));
      all.push_back(BitsOfFloat(dtype, -value));
    }
  } else {
    const __int128 top = static_cast<__int128>(1) << (width - 1);
    for (const __int128 value :
         {static_cast<__int128>(0), static_cast<__int128>(1), static_cast<__int128>(-1),
          static_cast<__int128>(2), static_cast<__int128>(3), static_cast<__int128>(-7), top,
          top - 1, top + 1}) {
      all.push_back(BitsOfInteger(dtype, value));
    }
  }
  std::mt19937_64 random(seed);
  while (all.size() < count) {
    std::uint64_t bits = random();
    // Half of the floats of a size that functions care about.
    if (IsFloatDtype(dtype) && random() % 2 == 0) {
      bits = BitsOfFloat(dtype, std::ldexp(static_cast<double>(static_cast<std::int64_t>(bits)),
                                           static_cast<int>(random() % 24) - 75));
    }
    all.push_back(BitsOfInteger(Dtype::kUint64, bits) &
                  (width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1));
  }
  std::shuffle(all.begin(), all.end(), random);
  all.resize(count);
  return all;
}

Bytes ToBytes(Dtype dtype, const std::vector<std::uint64_t>& bits) {
  Bytes bytes(bits.size() * ByteSize(dtype));
  for (std::size_t i = 0; i < bits.size(); ++i) {
    StoreBits(dtype, &bytes[i * ByteSize(dtype)], bits[i]);
  }
  return bytes;
}

bool Agrees(Dtype dtype, std::uint64_t got, std::uint64_t expected, double units) {
  if (got == expected) return true;
  if (!IsFloatDtype(dtype)) return false;
  const double a = FloatOf(dtype, got), b = FloatOf(dtype, expected);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (units == 0) return false;
  // Beyond the greatest number there is infinity, one unit on.
  const auto finite = [&](double value) -> long double {
    const Format format = FormatOf(dtype);
    const int bias = (1 << (format.exponent_bits - 1)) - 1;
    return std::isinf(value) ? std::copysign(std::ldexp(1.0L, bias + 1), value) : value;
  };
  const long double unit = UnitAt(ComputedIn(dtype), b);
  // What was within so many units before may be on the other side of a boundary when rounded.
  const long double rounding = ByteSize(dtype) == 2 ? UnitAt(FormatOf(dtype), b) : 0;
  return std::fabs(finite(a) - finite(b)) <= units * unit + rounding;
}

Bytes RunElementwise(const ElementwiseRun& run, int capability) {
  SimulatedKernels& kernels = SimulatedKernels::Of(capability);
  ElementwiseProblem problem = run.problem;
  std::byte* out = kernels.Upload(run.out);
  std::byte* x = kernels.Upload(run.x);
  std::byte* y = run.has_y ? kernels.Upload(run.y) : nullptr;
  problem.out = out + run.out_offset * ByteSize(problem.destination);
  problem.inputs[0] = run.has_x ? x + run.x_offset * ByteSize(problem.source) : nullptr;
  problem.inputs[1] = run.has_y ? y + run.y_offset * ByteSize(problem.source) : nullptr;
  REQUIRE(EnqueueElementwise(kernels.Context(Module::elementwise), problem) == Status::kSuccess);
  Bytes result = kernels.Download(out, run.out.size());
  for (std::byte* pointer : {out, x, y}) {
    if (pointer != nullptr) kernels.Free(pointer);
  }
  return result;
}

}  // namespace nodecuda::test
