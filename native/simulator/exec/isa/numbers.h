#ifndef NODECUDA_SIMULATOR_EXEC_ISA_NUMBERS_H_
#define NODECUDA_SIMULATOR_EXEC_ISA_NUMBERS_H_

#include <math.h>

#include "simulator/exec/isa/lanes.h"

// Floating point as PTX defines it, one lane at a time and without branches. All arithmetic here
// is in round-to-nearest; directed results are stepped from it, so that no rounding mode is set.
namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <class To, class From>
NODECUDA_INLINE To Bits(From x) {
  return __builtin_bit_cast(To, x);
}

constexpr u32 kNan32 = 0x7fffffff;
// What NVIDIA's compiler folds 0.0 / 0.0 to. Hardware may keep the payload of a NaN operand.
constexpr u64 kNan64 = 0xfff8000000000000;
constexpr u16 kNan16 = 0x7fff;

NODECUDA_INLINE f32 Canonical(f32 x) {
  return x != x ? Bits<f32>(kNan32) : x;
}
NODECUDA_INLINE f64 Canonical(f64 x) {
  return x != x ? Bits<f64>(kNan64) : x;
}
NODECUDA_INLINE bool IsNegative(f32 x) {
  return Bits<u32>(x) >> 31;
}
NODECUDA_INLINE bool IsNegative(f64 x) {
  return Bits<u64>(x) >> 63;
}

// .ftz: subnormals become zeros of the same sign.
template <bool kFtz>
NODECUDA_INLINE f32 Flush(f32 x) {
  const u32 bits = Bits<u32>(x);
  return kFtz && (bits & 0x7f800000) == 0 ? Bits<f32>(bits & 0x80000000) : x;
}
// .sat: [0, 1]; NaN and -0 become +0.
template <bool kSat, class T>
NODECUDA_INLINE T Saturate(T x) {
  if (!kSat) return x;
  return x > 0 ? (x < 1 ? x : static_cast<T>(1)) : static_cast<T>(0);
}

NODECUDA_INLINE f64 Step(f64 x, u64 away_from_zero) {
  return Bits<f64>(Bits<u64>(x) + away_from_zero);
}

// `sum` was rounded to nearest and `error` is what is missing: the same, rounded to odd, which a
// second rounding to fewer than 52 bits cannot spoil.
NODECUDA_INLINE f64 ToOdd(f64 sum, f64 error) {
  const u64 bits = Bits<u64>(sum);
  const bool inexact = error < 0 || error > 0;  // false for NaN
  const u64 step = (error < 0) == IsNegative(sum) ? 1 : ~static_cast<u64>(0);
  return inexact && (bits & 1) == 0 ? Step(sum, step) : sum;
}
NODECUDA_INLINE f64 AddToOdd(f64 a, f64 b) {
  const f64 sum = a + b;
  const f64 part = sum - a;
  return ToOdd(sum, (a - (sum - part)) + (b - part));
}

// The zero that operands of opposite sign add up to is negative only when rounding down.
template <Round kRound>
NODECUDA_INLINE f64 SumOf(f64 a, f64 b) {
  const f64 sum = AddToOdd(a, b);
  if (kRound != Round::kDown) return sum;
  return sum == 0 && (IsNegative(a) || IsNegative(b)) ? -0.0 : sum;
}

// Whether a value of this sign is rounded towards zero.
template <Round kRound>
NODECUDA_INLINE bool TowardsZero(bool negative) {
  return kRound == Round::kZero || (kRound == Round::kDown && !negative) ||
         (kRound == Round::kUp && negative);
}

template <Round kRound>
NODECUDA_INLINE f32 ToF32(f64 x) {
  const f32 nearest = static_cast<f32>(x);
  if (kRound == Round::kNearest) return nearest;
  const f64 size = __builtin_fabs(x), nearest_size = __builtin_fabs(static_cast<f64>(nearest));
  const bool towards_zero = TowardsZero<kRound>(IsNegative(x));
  const u32 bits = Bits<u32>(nearest);
  const u32 step =
      towards_zero ? (nearest_size > size ? ~0u : 0u) : (nearest_size < size ? 1u : 0u);
  return Bits<f32>(bits + step);
}

template <Round kRound>
NODECUDA_INLINE f64 Integral(f64 x) {
  // Adding 2^52 leaves no room for a fraction.
  constexpr f64 kLarge = 4503599627370496.0;
  const f64 size = __builtin_fabs(x);
  const f64 nearest = (size + kLarge) - kLarge;
  const bool towards_zero = TowardsZero<kRound>(IsNegative(x));
  f64 result = nearest;
  if (kRound != Round::kNearest) {
    const f64 step = towards_zero ? (nearest > size ? -1.0 : 0.0) : (nearest < size ? 1.0 : 0.0);
    result = nearest + step;
  }
  return __builtin_copysign(size < kLarge ? result : size, x);
}

// The 16-bit formats.
struct HalfFormat {
  static constexpr int kBias = 15, kFraction = 10;
};
struct BrainFormat {
  static constexpr int kBias = 127, kFraction = 7;
};
template <class H>
struct FormatOf;
template <>
struct FormatOf<f16> {
  using Type = HalfFormat;
};
template <>
struct FormatOf<bf16> {
  using Type = BrainFormat;
};

NODECUDA_INLINE f32 Widen(f16 x) {
  const u32 size = x.bits & 0x7fffu;
  const f32 finite = Bits<f32>(size << 13) * 0x1p112f;  // moves the bias
  const u32 bits = size >= 0x7c00 ? (size << 13 | 0x7f800000) : Bits<u32>(finite);
  return Bits<f32>(bits | (x.bits & 0x8000u) << 16);
}
NODECUDA_INLINE f32 Widen(bf16 x) {
  return Bits<f32>(static_cast<u32>(x.bits) << 16);
}

template <class H, Round kRound>
NODECUDA_INLINE H Narrow(f64 x) {
  using Format = typename FormatOf<H>::Type;
  constexpr int kShift = 52 - Format::kFraction;
  constexpr u64 kLeastExponent = 1023 - Format::kBias + 1;
  constexpr u64 kInfinity = ((2ull * Format::kBias + 1) << Format::kFraction);
  // Twice the greatest power of two of the format: this and more is infinity.
  constexpr u64 kTooLarge = static_cast<u64>(1023 + Format::kBias + 1) << 52;
  const u64 bits = Bits<u64>(x);
  const u64 size_bits = bits & 0x7fffffffffffffff;
  const f64 size = Bits<f64>(size_bits < kTooLarge ? size_bits : kTooLarge);
  const u64 exponent = Bits<u64>(size) >> 52;
  const u64 grid = exponent > kLeastExponent ? exponent : kLeastExponent;
  // Adding this number leaves as many fraction bits as the format has.
  const f64 magic = Bits<f64>((grid + kShift) << 52);
  f64 rounded = (size + magic) - magic;
  const bool towards_zero = TowardsZero<kRound>(bits >> 63);
  if (kRound != Round::kNearest) {
    const f64 quantum = Bits<f64>((grid - Format::kFraction) << 52);
    const f64 step =
        towards_zero ? (rounded > size ? -quantum : 0.0) : (rounded < size ? quantum : 0.0);
    rounded += step;
  }
  // With the bias of the format the exponent field is that of the format, subnormals included.
  constexpr f64 kScale = Format::kBias == 15 ? 0x1p-1008 : 0x1p-896;
  u64 code = Bits<u64>(rounded * kScale) >> kShift;
  const bool finite = size_bits < 0x7ff0000000000000;
  const u64 largest = towards_zero && finite ? kInfinity - 1 : kInfinity;
  code = code < largest ? code : largest;
  const u64 result = x != x ? kNan16 : (code | (bits >> 63) << 15);
  return {static_cast<u16>(result)};
}

// To nearest from f32: the same on half as many bits.
template <class H>
NODECUDA_INLINE H NarrowNearest(f32 x);
template <>
NODECUDA_INLINE f16 NarrowNearest<f16>(f32 x) {
  constexpr u32 kTooLarge = 143u << 23, kLeastExponent = 113;  // 2^16, 2^-14
  const u32 bits = Bits<u32>(x);
  const u32 size_bits = bits & 0x7fffffff;
  const f32 size = Bits<f32>(size_bits < kTooLarge ? size_bits : kTooLarge);
  const u32 exponent = Bits<u32>(size) >> 23;
  const u32 grid = exponent > kLeastExponent ? exponent : kLeastExponent;
  const f32 magic = Bits<f32>((grid + 13) << 23);
  const f32 rounded = (size + magic) - magic;
  const u32 code = Bits<u32>(rounded * 0x1p-112f) >> 13;
  return {static_cast<u16>(x != x ? kNan16 : (code | (bits >> 31) << 15))};
}
template <>
NODECUDA_INLINE bf16 NarrowNearest<bf16>(f32 x) {
  const u32 bits = Bits<u32>(x);
  const u32 code = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return {static_cast<u16>(x != x ? kNan16 : code)};
}

// Floats to integers.
template <class T>
struct Limits {
  static constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  static constexpr int kBits = sizeof(T) * 8;
  static constexpr u64 kMax = ~static_cast<u64>(0) >> (64 - kBits + kSigned);
  static constexpr s64 kMin = kSigned ? -static_cast<s64>(kMax) - 1 : 0;
};
// Saturates. kNanIsTop: NaN becomes the top bit alone, else zero.
template <class T, Round kRound, bool kNanIsTop>
NODECUDA_INLINE T RealToInteger(f64 x) {
  using L = Limits<T>;
  const f64 whole = Integral<kRound>(x);
  constexpr f64 kBeyond = static_cast<f64>(L::kMax / 2 + 1) * 2;
  const bool below = whole < static_cast<f64>(L::kMin), above = whole >= kBeyond;
  const f64 inside = below || above || x != x ? 0.0 : whole;
  T result;
  if constexpr (sizeof(T) < 4 || (sizeof(T) == 4 && L::kSigned)) {
    result = static_cast<T>(static_cast<s32>(inside));
  } else if constexpr (L::kSigned || sizeof(T) == 4) {
    result = static_cast<T>(static_cast<s64>(inside));
  } else {
    result = static_cast<T>(inside);
  }
  if (below) result = static_cast<T>(L::kMin);
  if (above) result = static_cast<T>(L::kMax);
  if (x != x) result = kNanIsTop ? static_cast<T>(1ull << (L::kBits - 1)) : static_cast<T>(0);
  return result;
}
NODECUDA_INLINE f64 Relu(f64 x) {
  return x > 0 || x != x ? x : 0.0;
}

// The number wins over NaN, or NaN over the number; -0 is less than +0.
template <bool kMax, bool kNan, class T>
NODECUDA_INLINE bool TakesFirst(T a, T b) {
  const bool less = a < b || (a == b && IsNegative(a));
  const bool ordered = kMax ? !less : less;
  return kNan ? a != a || (b == b && ordered) : b != b || (a == a && ordered);
}

}  // namespace
}  // namespace nodecuda::simulator::NODECUDA_ISA

#endif  // NODECUDA_SIMULATOR_EXEC_ISA_NUMBERS_H_
