// Conversions of pairs from and to formats of 8, 6 and 4 bits, with .satfinite, and cvt.pack.
#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

// kMost is the greatest finite number, kNan what a NaN becomes: the formats without one have the
// greatest number in its place.
struct E4M3 {
  static constexpr u64 kBias = 7, kFraction = 3, kSign = 0x80, kMost = 0x7e, kNan = 0x7f;
  static constexpr int kBits = 8;
};
struct E5M2 {
  static constexpr u64 kBias = 15, kFraction = 2, kSign = 0x80, kMost = 0x7b, kNan = 0x7f;
  static constexpr int kBits = 8;
};
struct E2M3 {
  static constexpr u64 kBias = 1, kFraction = 3, kSign = 0x20, kMost = 0x1f, kNan = 0x1f;
  static constexpr int kBits = 8;
};
struct E3M2 {
  static constexpr u64 kBias = 3, kFraction = 2, kSign = 0x20, kMost = 0x1f, kNan = 0x1f;
  static constexpr int kBits = 8;
};
struct E2M1 {
  static constexpr u64 kBias = 1, kFraction = 1, kSign = 0x08, kMost = 0x07, kNan = 0x07;
  static constexpr int kBits = 4;
};
// The register that has two of them.
template <class F>
using PairOf = typename BitsOfSize<F::kBits / 4>::Type;

// To nearest, ties to even; what is beyond the greatest number becomes it.
template <class F>
NODECUDA_INLINE u32 Encode(f64 x) {
  constexpr u64 kShift = 52 - F::kFraction, kLeastExponent = 1023 - F::kBias + 1;
  constexpr u64 kTooLarge = ((F::kMost >> F::kFraction) + 1023 - F::kBias + 1) << 52;
  const u64 bits = Bits<u64>(x), size_bits = bits & 0x7fffffffffffffff;
  const f64 size = Bits<f64>(size_bits < kTooLarge ? size_bits : kTooLarge);
  const u64 exponent = Bits<u64>(size) >> 52;
  const u64 grid = exponent > kLeastExponent ? exponent : kLeastExponent;
  // Adding this number leaves as many fraction bits as the format has.
  const f64 magic = Bits<f64>((grid + kShift) << 52);
  const f64 rounded = (size + magic) - magic;
  const u64 code = Bits<u64>(rounded * Bits<f64>(F::kBias << 52)) >> kShift;
  const u64 sign = bits >> 63 ? F::kSign : 0;
  return static_cast<u32>(x != x ? F::kNan : (code < F::kMost ? code : F::kMost) | sign);
}

template <class F>
NODECUDA_INLINE f16 Decode(u32 code) {
  const u64 size = code & (F::kSign - 1);
  const bool special = F::kNan != F::kMost && size > F::kMost;
  const bool infinite = special && F::kFraction == 2 && size == 0x7c;
  const f64 value = Bits<f64>(size << (52 - F::kFraction)) / Bits<f64>(F::kBias << 52);
  u32 bits = Narrow<f16, Round::kNearest>(value).bits;
  if (special) bits = infinite ? 0x7c00 : kNan16;
  if ((code & F::kSign) != 0 && (!special || infinite)) bits |= 0x8000;
  return {static_cast<u16>(bits)};
}

template <class F, bool kRelu>
NODECUDA_INLINE u32 EncodeOne(f64 x) {
  return Encode<F>(kRelu ? Relu(x) : x);
}
template <class F, bool kRelu>
NODECUDA_INLINE PairOf<F> FromF32(f32 a, f32 b) {
  return static_cast<PairOf<F>>(EncodeOne<F, kRelu>(a) << F::kBits | EncodeOne<F, kRelu>(b));
}
template <class F, bool kRelu>
NODECUDA_INLINE PairOf<F> FromF16(f16x2 a) {
  return static_cast<PairOf<F>>(EncodeOne<F, kRelu>(Widen(a.high)) << F::kBits |
                                EncodeOne<F, kRelu>(Widen(a.low)));
}
template <class F, bool kRelu>
NODECUDA_INLINE f16 DecodeOne(u32 code) {
  const f16 value = Decode<F>(code);
  return {static_cast<u16>(kRelu && value.bits >> 15 ? 0 : value.bits)};
}
template <class F, bool kRelu>
NODECUDA_INLINE f16x2 ToF16(PairOf<F> a) {
  return {DecodeOne<F, kRelu>(a & ((1u << F::kBits) - 1)),
          DecodeOne<F, kRelu>(static_cast<u32>(a) >> F::kBits)};
}

// ue8m0 is the exponent of an f32 alone; the sign is lost, and 0xff is NaN.
template <bool kUp, bool kFinite>
NODECUDA_INLINE u32 ExponentOf(f32 x) {
  const u32 bits = Bits<u32>(x) & 0x7fffffff;
  // The least number is 2^-127, half way through the subnormals.
  const u32 least = bits >> 23 == 0 ? 0x400000 : bits & 0x7f800000;
  const u32 code = (bits >> 23) + (kUp && bits > least && bits < 0x7f800000 ? 1 : 0);
  return kFinite && code == 0xff && x == x ? 0xfe : code;
}
template <bool kUp, bool kFinite>
NODECUDA_INLINE u16 ExponentsOfF32(f32 a, f32 b) {
  return static_cast<u16>(ExponentOf<kUp, kFinite>(a) << 8 | ExponentOf<kUp, kFinite>(b));
}
template <bool kUp, bool kFinite>
NODECUDA_INLINE u16 ExponentsOfBF16(bf16x2 a) {
  return ExponentsOfF32<kUp, kFinite>(Widen(a.high), Widen(a.low));
}
NODECUDA_INLINE bf16 PowerOf(u32 exponent) {
  return {static_cast<u16>(exponent == 0xff ? kNan16 : exponent == 0 ? 0x40 : exponent << 7)};
}
NODECUDA_INLINE bf16x2 PowersOf(u16 a) {
  return {PowerOf(a & 0xffu), PowerOf(a >> 8)};
}

// .satfinite of the formats that have infinities.
template <class H, Round kRound, bool kRelu>
NODECUDA_INLINE H NarrowFinite(f32 x) {
  constexpr u16 kMost = FormatOf<H>::Type::kBias == 15 ? 0x7bff : 0x7f7f;
  const f64 value = x;
  const u16 bits = Narrow<H, kRound>(kRelu ? Relu(value) : value).bits;
  const bool too_large = x == x && (bits & 0x7fff) > kMost;
  return {static_cast<u16>(too_large ? (bits & 0x8000) | kMost : bits)};
}
template <class H, class P, Round kRound, bool kRelu>
NODECUDA_INLINE P NarrowBoth(f32 a, f32 b) {
  return {NarrowFinite<H, kRound, kRelu>(b), NarrowFinite<H, kRound, kRelu>(a)};
}

// d = c:a:b, of which a and b are clamped to kBits bits each.
template <int kBits, bool kSigned>
NODECUDA_INLINE u32 ClampTo(s32 x) {
  constexpr s32 kMost = (1 << (kBits - kSigned)) - 1, kLeast = kSigned ? -kMost - 1 : 0;
  return static_cast<u32>(x < kLeast ? kLeast : x > kMost ? kMost : x) & ((1u << kBits) - 1);
}
template <int kBits, bool kSigned>
NODECUDA_INLINE u32 Pack2(s32 a, s32 b) {
  return ClampTo<kBits, kSigned>(a) << kBits | ClampTo<kBits, kSigned>(b);
}
template <int kBits, bool kSigned>
NODECUDA_INLINE u32 Pack3(s32 a, s32 b, u32 c) {
  return c << (2 * kBits) | Pack2<kBits, kSigned>(a, b);
}

// Either order of the modifiers is written.
#define RELU_TOO(function, arguments, rounding, rest)                         \
  Row<&function<arguments, false>>("cvt" rounding ".satfinite" rest),         \
      Row<&function<arguments, true>>("cvt" rounding ".satfinite.relu" rest), \
      Row<&function<arguments, true>>("cvt" rounding ".relu.satfinite" rest)
#define FORMAT(name, F)                                 \
  RELU_TOO(FromF32, F, ".rn", "." name "x2.f32"),       \
      Row<&ToF16<F, false>>("cvt.rn.f16x2." name "x2"), \
      Row<&ToF16<F, true>>("cvt.rn.relu.f16x2." name "x2")
#define COMMA ,
#define FINITE(type, round, rounding)                                          \
  RELU_TOO(NarrowFinite, type COMMA Round::round, rounding, "." #type ".f32"), \
      RELU_TOO(NarrowBoth, type COMMA type##x2 COMMA Round::round, rounding, "." #type "x2.f32")
#define EXPONENT(rounding, up)                                                 \
  Row<&ExponentsOfF32<up, false>>("cvt" rounding ".ue8m0x2.f32"),              \
      Row<&ExponentsOfF32<up, true>>("cvt" rounding ".satfinite.ue8m0x2.f32"), \
      Row<&ExponentsOfBF16<up, false>>("cvt" rounding ".ue8m0x2.bf16x2"),      \
      Row<&ExponentsOfBF16<up, true>>("cvt" rounding ".satfinite.ue8m0x2.bf16x2")

constexpr AluRow kRows[] = {
    FORMAT("e4m3", E4M3),
    FORMAT("e5m2", E5M2),
    FORMAT("e2m3", E2M3),
    FORMAT("e3m2", E3M2),
    FORMAT("e2m1", E2M1),
    RELU_TOO(FromF16, E4M3, ".rn", ".e4m3x2.f16x2"),
    RELU_TOO(FromF16, E5M2, ".rn", ".e5m2x2.f16x2"),
    EXPONENT(".rz", false),
    EXPONENT(".rp", true),
    Row<&PowersOf>("cvt.rn.bf16x2.ue8m0x2"),
    FINITE(f16, kNearest, ".rn"),
    FINITE(f16, kZero, ".rz"),
    FINITE(bf16, kNearest, ".rn"),
    FINITE(bf16, kZero, ".rz"),
    Row<&Pack2<16, false>>("cvt.pack.sat.u16.s32"),
    Row<&Pack2<16, true>>("cvt.pack.sat.s16.s32"),
    Row<&Pack3<8, false>>("cvt.pack.sat.u8.s32.b32"),
    Row<&Pack3<8, true>>("cvt.pack.sat.s8.s32.b32"),
    Row<&Pack3<4, false>>("cvt.pack.sat.u4.s32.b32"),
    Row<&Pack3<4, true>>("cvt.pack.sat.s4.s32.b32"),
    Row<&Pack3<2, false>>("cvt.pack.sat.u2.s32.b32"),
    Row<&Pack3<2, true>>("cvt.pack.sat.s2.s32.b32"),
};

}  // namespace

AluRows NarrowRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
