// Arithmetic on f16 and bf16, alone and in pairs.
#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

enum Flags { kPlain = 0, kFtz = 1, kSat = 2, kRelu = 4, kNan = 8, kXor = 16 };

template <int kFlags, class H>
NODECUDA_INLINE H Flushed(H x) {
  constexpr u16 kExponent = FormatOf<H>::Type::kBias == 15 ? 0x7c00 : 0x7f80;
  const bool flush = (kFlags & kFtz) != 0 && (x.bits & kExponent) == 0;
  return {static_cast<u16>(flush ? x.bits & 0x8000 : x.bits)};
}
template <int kFlags, class H>
NODECUDA_INLINE H Finish(H x) {
  constexpr u16 kOne = FormatOf<H>::Type::kBias == 15 ? 0x3c00 : 0x3f80;
  const u16 bits = Flushed<kFlags>(x).bits;
  const bool is_nan = bits == kNan16, negative = bits >> 15;
  if (kFlags & kSat) {
    return {static_cast<u16>(negative || is_nan ? 0 : bits < kOne ? bits : kOne)};
  }
  if (kFlags & kRelu) return {static_cast<u16>(negative ? 0 : bits)};
  return {bits};
}

// A sum or an f16 product in f32 has digits enough that rounding it twice does no harm. A bf16
// product may be too small for f32, and a fused sum needs its lost digits.
template <int kFlags, class H>
NODECUDA_INLINE H Add(H a, H b) {
  const f32 sum = Widen(Flushed<kFlags>(a)) + Widen(Flushed<kFlags>(b));
  return Finish<kFlags>(NarrowNearest<H>(sum));
}
template <int kFlags, class H>
NODECUDA_INLINE H Sub(H a, H b) {
  const f32 difference = Widen(Flushed<kFlags>(a)) - Widen(Flushed<kFlags>(b));
  return Finish<kFlags>(NarrowNearest<H>(difference));
}
template <int kFlags, class H>
NODECUDA_INLINE H Mul(H a, H b) {
  const f32 x = Widen(Flushed<kFlags>(a)), y = Widen(Flushed<kFlags>(b));
  if constexpr (FormatOf<H>::Type::kBias == 15) {
    return Finish<kFlags>(NarrowNearest<H>(x * y));
  } else {
    const f64 product = static_cast<f64>(x) * static_cast<f64>(y);
    return Finish<kFlags>(Narrow<H, Round::kNearest>(product));
  }
}
template <int kFlags, class H>
NODECUDA_INLINE H Fma(H a, H b, H c) {
  const f64 x = Widen(Flushed<kFlags>(a)), y = Widen(Flushed<kFlags>(b));
  const f64 sum = AddToOdd(x * y, Widen(Flushed<kFlags>(c)));
  return Finish<kFlags>(Narrow<H, Round::kNearest>(sum));
}
template <int kFlags, class H>
NODECUDA_INLINE H Neg(H a) {
  return {static_cast<u16>(Flushed<kFlags>(a).bits ^ 0x8000)};
}
template <int kFlags, class H>
NODECUDA_INLINE H Abs(H a) {
  return {static_cast<u16>(Flushed<kFlags>(a).bits & 0x7fff)};
}
template <bool kMax, int kFlags, class H>
NODECUDA_INLINE H Extreme(H a, H b) {
  a = Flushed<kFlags>(a), b = Flushed<kFlags>(b);
  const u16 sign = (a.bits ^ b.bits) & 0x8000;
  if (kFlags & kXor) a.bits &= 0x7fff, b.bits &= 0x7fff;
  const bool first = TakesFirst<kMax, (kFlags & kNan) != 0>(Widen(a), Widen(b));
  const u16 bits = first ? a.bits : b.bits;
  const f32 value = Widen(H{bits});
  if (value != value) return {kNan16};
  return {static_cast<u16>((kFlags & kXor) ? bits | sign : bits)};
}
template <int kFlags, class H>
NODECUDA_INLINE H Min(H a, H b) {
  return Extreme<false, kFlags>(a, b);
}
template <int kFlags, class H>
NODECUDA_INLINE H Max(H a, H b) {
  return Extreme<true, kFlags>(a, b);
}

// The same on both halves of a register.
template <auto kFunction, class P>
NODECUDA_INLINE P Both1(P a) {
  return {kFunction(a.low), kFunction(a.high)};
}
template <auto kFunction, class P>
NODECUDA_INLINE P Both2(P a, P b) {
  return {kFunction(a.low, b.low), kFunction(a.high, b.high)};
}
template <auto kFunction, class P>
NODECUDA_INLINE P Both3(P a, P b, P c) {
  return {kFunction(a.low, b.low, c.low), kFunction(a.high, b.high, c.high)};
}

#define F16(name, both, function, flags) \
  Row<&function<flags, f16>>(name ".f16"), Row<&both<&function<flags, f16>, f16x2>>(name ".f16x2")
#define BF16(name, both, function, flags)    \
  Row<&function<flags, bf16>>(name ".bf16"), \
      Row<&both<&function<flags, bf16>, bf16x2>>(name ".bf16x2")
#define ARITHMETIC(name, function)                                                                 \
  F16(name, Both2, function, kPlain), F16(name ".ftz", Both2, function, kFtz),                     \
      F16(name ".sat", Both2, function, kSat), F16(name ".ftz.sat", Both2, function, kFtz | kSat), \
      BF16(name, Both2, function, kPlain)
#define EXTREME(name, function)                                                                    \
  F16(name, Both2, function, kPlain), F16(name ".ftz", Both2, function, kFtz),                     \
      F16(name ".NaN", Both2, function, kNan), F16(name ".ftz.NaN", Both2, function, kFtz | kNan), \
      F16(name ".xorsign.abs", Both2, function, kXor),                                             \
      F16(name ".ftz.xorsign.abs", Both2, function, kFtz | kXor),                                  \
      F16(name ".NaN.xorsign.abs", Both2, function, kNan | kXor),                                  \
      F16(name ".ftz.NaN.xorsign.abs", Both2, function, kFtz | kNan | kXor),                       \
      BF16(name, Both2, function, kPlain), BF16(name ".NaN", Both2, function, kNan),               \
      BF16(name ".xorsign.abs", Both2, function, kXor),                                            \
      BF16(name ".NaN.xorsign.abs", Both2, function, kNan | kXor)

constexpr AluRow kRows[] = {
    ARITHMETIC("add[.rn]", Add),
    ARITHMETIC("sub[.rn]", Sub),
    ARITHMETIC("mul[.rn]", Mul),
    F16("fma.rn", Both3, Fma, kPlain),
    F16("fma.rn.ftz", Both3, Fma, kFtz),
    F16("fma.rn.sat", Both3, Fma, kSat),
    F16("fma.rn.ftz.sat", Both3, Fma, kFtz | kSat),
    F16("fma.rn.relu", Both3, Fma, kRelu),
    F16("fma.rn.ftz.relu", Both3, Fma, kFtz | kRelu),
    BF16("fma.rn", Both3, Fma, kPlain),
    BF16("fma.rn.relu", Both3, Fma, kRelu),
    F16("neg", Both1, Neg, kPlain),
    F16("neg.ftz", Both1, Neg, kFtz),
    BF16("neg", Both1, Neg, kPlain),
    F16("abs", Both1, Abs, kPlain),
    F16("abs.ftz", Both1, Abs, kFtz),
    BF16("abs", Both1, Abs, kPlain),
    EXTREME("min", Min),
    EXTREME("max", Max),
};

}  // namespace

AluRows HalfRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
