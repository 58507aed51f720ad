// sin, cos and pow of float64. Those of the CUDA headers call device functions, which the simulated
// device does not have; these are of one piece. All are within 2 units in the last place, as
// test/native/ops/elementwise/kernels.cc checks.
#pragma once

#include "cuda/common.cuh"

namespace elementwise {

// An unevaluated sum; |low| is at most half a unit in the last place of `high`.
struct DoubleDouble {
  double high, low;
};

__device__ __forceinline__ DoubleDouble FastTwoSum(double larger, double smaller) {
  const double sum = larger + smaller;
  return {sum, smaller - (sum - larger)};
}

__device__ __forceinline__ DoubleDouble Multiply(const DoubleDouble& x, const DoubleDouble& y) {
  const double product = x.high * y.high;
  const double error = fma(x.high, y.high, -product);
  return FastTwoSum(product, fma(x.high, y.low, fma(x.low, y.high, error)));
}

__device__ __forceinline__ double ScaleByPowerOf2(double x, int exponent) {  // both normal
  return x * __longlong_as_double(static_cast<long long>(exponent + 1023) << 52);
}

// A distance of at most a little more than pi/4 from a multiple of pi/2, and which multiple, mod 4.
struct ReducedAngle {
  double rest;
  int quadrant;
};

constexpr double kHalfPi = 0x1.921fb54442d18p+0;

// pi/2 in three parts. While k < 2^52, x - k * the first is a multiple of 2^-53 below 2, so exact.
__device__ __forceinline__ ReducedAngle ReduceSmallAngle(double x) {
  const double k = rint(x * 0x1.45f306dc9c883p-1);
  const double rest = fma(-k, 0x1.1a62633145c07p-54, fma(-k, kHalfPi, x));
  return {fma(-k, -0x1.f1976b7ed8fbcp-110, rest), static_cast<int>(k) & 3};
}

// The bits of 2/pi after the binary point, and zeros before it.
static __device__ constexpr std::uint64_t kTwoOverPi[] = {
    0,
    0xa2f9836e4e441529,
    0xfc2757d1f534ddc0,
    0xdb6295993c439041,
    0xfe5163abdebbc561,
    0xb7246e3a424dd2e0,
    0x06492eea09d1921c,
    0xfe1deb1cb129a73e,
    0xe88235f52ebb4484,
    0xe99c7026b45f7e41,
    0x3991d639835339f4,
    0x9c845f8bbdf9283b,
    0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab,
};

// 64 bits of the table from bit `position` on.
__device__ __forceinline__ std::uint64_t TableBits(int position) {
  const int word = position / 64, shift = position % 64;
  const std::uint64_t high = kTwoOverPi[word] << shift;
  return shift == 0 ? high : high | kTwoOverPi[word + 1] >> (64 - shift);
}

// Payne and Hanek's way: of x * 2/pi, those bits that count for the quadrant and the fraction, in
// 192-bit integers. For finite x from 2^20 on.
__device__ __forceinline__ ReducedAngle ReduceLargeAngle(double x) {
  const auto bits = static_cast<std::uint64_t>(__double_as_longlong(x));
  const std::uint64_t mantissa = (bits & 0x000fffffffffffff) | 0x0010000000000000;
  // x is mantissa * 2^exponent. Bits of 2/pi that stand for multiples of 4 then are left out.
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1075;
  const int first = 64 + exponent - 2;
  const std::uint64_t w2 = TableBits(first), w1 = TableBits(first + 64),
                      w0 = TableBits(first + 128);
  // The upper two words of the product of the mantissa and w2:w1:w0, mod 2^192.
  const std::uint64_t middle = mantissa * w1;
  const std::uint64_t low = middle + __umul64hi(mantissa, w0);
  const std::uint64_t high = mantissa * w2 + __umul64hi(mantissa, w1) + (low < middle);
  // Two bits before the point, 126 after it; rounded to the nearest quadrant.
  const std::uint64_t f1 = high << 2 | low >> 62, f0 = low << 2;
  const bool negative = f1 >> 63 != 0;
  const int quadrant = static_cast<int>(high >> 62) + negative;
  std::uint64_t m1 = negative ? ~f1 : f1, m0 = negative ? ~f0 : f0;  // one unit of 2^-128 off
  const int zeros = m1 == 0 ? 64 : __clzll(static_cast<long long>(m1));
  if (zeros == 64) {
    m1 = m0;
  } else if (zeros != 0) {
    m1 = m1 << zeros | m0 >> (64 - zeros);
  }
  const double fraction = ScaleByPowerOf2(static_cast<double>(m1), -64 - zeros);
  const double rest = fraction * kHalfPi;
  return {negative ? -rest : rest, quadrant & 3};
}

__device__ __forceinline__ double SineOfReduced(const ReducedAngle& angle, int quarter_turns) {
  const double r = angle.rest, u = r * r;
  const int quadrant = angle.quadrant + quarter_turns;
  double result;
  // Taylor's series: up to pi/4 the first term left out is below 2^-59.
  if (quadrant % 2 == 0) {
    double p = fma(u, 0x1.952c77030ad4ap-49, -0x1.ae7f3e733b81fp-41);
    p = fma(u, p, 0x1.6124613a86d09p-33);
    p = fma(u, p, -0x1.ae64567f544e4p-26);
    p = fma(u, p, 0x1.71de3a556c734p-19);
    p = fma(u, p, -0x1.a01a01a01a01ap-13);
    p = fma(u, p, 0x1.1111111111111p-7);
    p = fma(u, p, -0x1.5555555555555p-3);
    result = fma(r * u, p, r);
  } else {
    double p = fma(u, 0x1.ae7f3e733b81fp-45, -0x1.93974a8c07c9dp-37);
    p = fma(u, p, 0x1.1eed8eff8d898p-29);
    p = fma(u, p, -0x1.27e4fb7789f5cp-22);
    p = fma(u, p, 0x1.a01a01a01a01ap-16);
    p = fma(u, p, -0x1.6c16c16c16c17p-10);
    p = fma(u, p, 0x1.5555555555555p-5);
    p = fma(u, p, -0.5);
    result = fma(u, p, 1.0);
  }
  return quadrant & 2 ? -result : result;
}

__device__ __forceinline__ double SineOfTurned(double x, int quarter_turns) {
  const double size = fabs(x);
  if (size >= HUGE_VAL || x != x) return x - x;
  ReducedAngle angle;
  if (size < 0x1p20) {
    angle = ReduceSmallAngle(x);
  } else {
    angle = ReduceLargeAngle(size);
    if (x < 0) angle = {-angle.rest, -angle.quadrant & 3};
  }
  return SineOfReduced(angle, quarter_turns);
}

__device__ __forceinline__ double Sine(double x) {
  return SineOfTurned(x, 0);
}
__device__ __forceinline__ double Cosine(double x) {
  return SineOfTurned(x, 1);
}

// The natural logarithm of a positive finite number, to about 2^-65 of itself.
__device__ __forceinline__ DoubleDouble AccurateLogarithm(double x) {
  int exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  // x = m * 2^exponent, with m from sqrt(1/2) to sqrt(2).
  const long long bits = __double_as_longlong(x);
  const long long shifted = bits - 0x3fe6a09e667f3bcd;
  exponent += static_cast<int>(shifted >> 52);
  const double m = __longlong_as_double(bits - (shifted >> 52 << 52));
  // ln m = 2 atanh s = 2s + 2/3 s^3 + 2/5 s^5 + ..., where s = f / (2 + f).
  const double f = m - 1;
  const DoubleDouble d = FastTwoSum(2, f);
  const double quotient = f / d.high;
  const double remainder = fma(-quotient, d.low, fma(-quotient, d.high, f));
  const DoubleDouble s = FastTwoSum(quotient, remainder / d.high);
  const DoubleDouble u = Multiply(s, s);
  double p = 2.0 / 23;
  p = fma(u.high, p, 2.0 / 21);
  p = fma(u.high, p, 2.0 / 19);
  p = fma(u.high, p, 2.0 / 17);
  p = fma(u.high, p, 2.0 / 15);
  p = fma(u.high, p, 2.0 / 13);
  p = fma(u.high, p, 2.0 / 11);
  p = fma(u.high, p, 2.0 / 9);
  p = fma(u.high, p, 2.0 / 7);
  p = fma(u.high, p, 2.0 / 5);
  // The terms of s^3 in two parts: 2/3 is not a double.
  DoubleDouble cubic = FastTwoSum(0x1.5555555555555p-1, u.high * p);
  cubic.low += 0x1.5555555555555p-55;
  const DoubleDouble tail = Multiply(Multiply(s, u), cubic);
  DoubleDouble sum = FastTwoSum(2 * s.high, tail.high);
  sum.low += 2 * s.low + tail.low;
  if (exponent == 0) return FastTwoSum(sum.high, sum.low);
  // exponent * ln 2 is larger than the rest; its first product is exact but for `error`.
  const double e = exponent;
  const double product = e * 0x1.62e42fefa39efp-1;
  const double error = fma(e, 0x1.62e42fefa39efp-1, -product);
  const DoubleDouble total = FastTwoSum(product, sum.high);
  return FastTwoSum(total.high, total.low + (sum.low + fma(e, 0x1.abc9e3b39803fp-56, error)));
}

// For a positive finite base.
__device__ __forceinline__ double PowerOfPositive(double base, double exponent) {
  if (fabs(exponent) > 0x1p70) {  // beyond, the products below would overflow
    exponent = exponent > 0 ? 0x1p70 : -0x1p70;
  }
  const DoubleDouble logarithm = AccurateLogarithm(base);
  const double high = logarithm.high * exponent;
  const double low = fma(logarithm.low, exponent, fma(logarithm.high, exponent, -high));
  if (high > 710) return HUGE_VAL;
  if (high < -746) return 0;
  const DoubleDouble power = FastTwoSum(high, low);
  const double result = exp(power.high);
  return result < HUGE_VAL ? fma(result, power.low, result) : result;
}

// As C's pow.
__device__ __forceinline__ double Power(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return x + y;
  const double size = fabs(x);
  const bool is_integer = floor(y) == y;
  const bool is_odd = is_integer && fabs(y) < 0x1p53 && floor(y / 2) * 2 != y;
  double result;
  if (size == 0 || size >= HUGE_VAL) {
    result = (size == 0) == (y > 0) ? 0 : HUGE_VAL;
  } else if (x < 0 && !is_integer) {
    return __longlong_as_double(0x7ff8000000000000);
  } else if (size == 1) {
    result = 1;
  } else if (fabs(y) >= HUGE_VAL) {
    return (size > 1) == (y > 0) ? HUGE_VAL : 0;
  } else {
    result = PowerOfPositive(size, y);
  }
  return is_odd && __double_as_longlong(x) < 0 ? -result : result;
}

}  // namespace elementwise
