// The commonest conversions, in one loop each, and those of more or less than one value.
#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

// Conversions of two values into one register, b in the lower half, and to the 19 bits of tf32.
template <class H, class P, Round kRound, bool kRelu>
NODECUDA_INLINE P Two(f32 a, f32 b) {
  const f64 x = a, y = b;
  return {Narrow<H, kRound>(kRelu ? Relu(y) : y), Narrow<H, kRound>(kRelu ? Relu(x) : x)};
}
// Adds half a unit (ties away from zero), just short of that (ties to even) or nothing, then cuts.
template <Round kRound, bool kAway, bool kRelu, bool kFinite = false>
NODECUDA_INLINE u32 Tf32(f32 a) {
  if (kRelu) a = static_cast<f32>(Relu(a));
  const u32 bits = Bits<u32>(a);
  const u32 add = kAway ? 0x1000 : kRound == Round::kZero ? 0 : 0xfff + (bits >> 13 & 1);
  constexpr u32 kInfinity = 0x7f800000, kUnit = 0x2000;
  const u32 sum = (bits + add) & 0xffffe000;
  const bool too_large = kFinite && (sum & 0x7fffffff) >= kInfinity;
  return a != a ? kNan32 : too_large ? (bits & 0x80000000) | (kInfinity - kUnit) : sum;
}

template <class To, class From>
NODECUDA_INLINE To Cast(From x) {
  return static_cast<To>(x);
}
template <class To, class From>
NODECUDA_INLINE To CastReal(From x) {
  return Canonical(static_cast<To>(x));
}
NODECUDA_INLINE f32 FromF16(f16 x) {
  return Canonical(Widen(x));
}
NODECUDA_INLINE f32 FromBF16(bf16 x) {
  return Canonical(Widen(x));
}
NODECUDA_INLINE s32 Truncate(f32 x) {
  return RealToInteger<s32, Round::kZero, false>(x);
}

#define PAIRS(type)                                                                    \
  Row<&Two<type, type##x2, Round::kNearest, false>>("cvt.rn." #type "x2.f32"),         \
      Row<&Two<type, type##x2, Round::kNearest, true>>("cvt.rn.relu." #type "x2.f32"), \
      Row<&Two<type, type##x2, Round::kZero, false>>("cvt.rz." #type "x2.f32"),        \
      Row<&Two<type, type##x2, Round::kZero, true>>("cvt.rz.relu." #type "x2.f32")

constexpr AluRow kRows[] = {
    PAIRS(f16),
    PAIRS(bf16),
    Row<&Tf32<Round::kNearest, true, false>>("cvt.rna.tf32.f32"),
    Row<&Tf32<Round::kNearest, true, false, true>>("cvt.rna.satfinite.tf32.f32"),
    Row<&Tf32<Round::kNearest, false, false, true>>("cvt.rn.satfinite.tf32.f32"),
    Row<&Tf32<Round::kNearest, false, true, true>>("cvt.rn.satfinite.relu.tf32.f32"),
    Row<&Tf32<Round::kNearest, false, true, true>>("cvt.rn.relu.satfinite.tf32.f32"),
    Row<&Tf32<Round::kZero, false, false, true>>("cvt.rz.satfinite.tf32.f32"),
    Row<&Tf32<Round::kZero, false, true, true>>("cvt.rz.satfinite.relu.tf32.f32"),
    Row<&Tf32<Round::kZero, false, true, true>>("cvt.rz.relu.satfinite.tf32.f32"),
    Row<&Tf32<Round::kNearest, false, false>>("cvt.rn.tf32.f32"),
    Row<&Tf32<Round::kNearest, false, true>>("cvt.rn.relu.tf32.f32"),
    Row<&Tf32<Round::kZero, false, false>>("cvt.rz.tf32.f32"),
    Row<&Tf32<Round::kZero, false, true>>("cvt.rz.relu.tf32.f32"),
    Row<&Cast<u64, u32>>("cvt.u64.u32"),
    Row<&Cast<s64, s32>>("cvt.s64.s32"),
    Row<&Cast<u32, u64>>("cvt.u32.u64"),
    Row<&Cast<u32, u16>>("cvt.u32.u16"),
    Row<&Cast<s32, s16>>("cvt.s32.s16"),
    Row<&Cast<u16, u32>>("cvt.u16.u32"),
    Row<&Cast<f32, s32>>("cvt.rn.f32.s32"),
    Row<&Cast<f32, u32>>("cvt.rn.f32.u32"),
    Row<&Cast<f64, s32>>("cvt.rn.f64.s32"),
    Row<&CastReal<f64, f32>>("cvt.f64.f32"),
    Row<&CastReal<f32, f64>>("cvt.rn.f32.f64"),
    Row<&FromF16>("cvt.f32.f16"),
    Row<&FromBF16>("cvt.f32.bf16"),
    Row<&NarrowNearest<f16>>("cvt.rn.f16.f32"),
    Row<&NarrowNearest<bf16>>("cvt.rn.bf16.f32"),
    Row<&Truncate>("cvt.rzi.s32.f32"),
};

}  // namespace

AluRows ConvertRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
