// Arithmetic on f32 and f64 with IEEE rounding.
#include <fenv.h>

#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <bool kFtz, bool kSat>
NODECUDA_INLINE f32 Finish(f32 x) {
  return kSat ? Saturate<true>(Flush<kFtz>(x)) : Canonical(Flush<kFtz>(x));
}

// f32: to nearest by the machine, otherwise from the exact or odd-rounded f64 result.
template <Round kRound, bool kFtz, bool kSat>
NODECUDA_INLINE f32 Add(f32 a, f32 b) {
  a = Flush<kFtz>(a), b = Flush<kFtz>(b);
  const f32 sum = kRound == Round::kNearest ? a + b : ToF32<kRound>(SumOf<kRound>(a, b));
  return Finish<kFtz, kSat>(sum);
}
template <Round kRound, bool kFtz, bool kSat>
NODECUDA_INLINE f32 Sub(f32 a, f32 b) {
  return Add<kRound, kFtz, kSat>(a, -b);
}
template <Round kRound, bool kFtz, bool kSat>
NODECUDA_INLINE f32 Mul(f32 a, f32 b) {
  a = Flush<kFtz>(a), b = Flush<kFtz>(b);
  const f32 product =
      kRound == Round::kNearest ? a * b : ToF32<kRound>(static_cast<f64>(a) * static_cast<f64>(b));
  return Finish<kFtz, kSat>(product);
}
template <Round kRound>
NODECUDA_INLINE f32 FusedMultiplyAdd(f32 a, f32 b, f32 c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  if constexpr (kRound == Round::kNearest) return __builtin_fmaf(a, b, c);
#endif
  return ToF32<kRound>(SumOf<kRound>(static_cast<f64>(a) * static_cast<f64>(b), c));
}
template <Round kRound, bool kFtz, bool kSat>
NODECUDA_INLINE f32 Fma(f32 a, f32 b, f32 c) {
  a = Flush<kFtz>(a), b = Flush<kFtz>(b), c = Flush<kFtz>(c);
  return Finish<kFtz, kSat>(FusedMultiplyAdd<kRound>(a, b, c));
}
// A quotient or root of 24-bit numbers lies so far from any other 24-bit number that rounding it
// to 53 bits first does no harm.
template <Round kRound, bool kFtz>
NODECUDA_INLINE f32 Div(f32 a, f32 b) {
  a = Flush<kFtz>(a), b = Flush<kFtz>(b);
  const f32 quotient =
      kRound == Round::kNearest ? a / b : ToF32<kRound>(static_cast<f64>(a) / static_cast<f64>(b));
  return Finish<kFtz, false>(quotient);
}
template <Round kRound, bool kFtz>
NODECUDA_INLINE f32 Rcp(f32 a) {
  return Div<kRound, kFtz>(1.0f, a);
}
template <Round kRound, bool kFtz>
NODECUDA_INLINE f32 Sqrt(f32 a) {
  a = Flush<kFtz>(a);
  const f32 root =
      kRound == Round::kNearest ? __builtin_sqrtf(a) : ToF32<kRound>(__builtin_sqrt(a));
  return Finish<kFtz, false>(root);
}

template <Round kRound, bool kFtz>
NODECUDA_INLINE f32x2 Add2(f32x2 a, f32x2 b) {
  return {Add<kRound, kFtz, false>(a.low, b.low), Add<kRound, kFtz, false>(a.high, b.high)};
}
template <Round kRound, bool kFtz>
NODECUDA_INLINE f32x2 Sub2(f32x2 a, f32x2 b) {
  return {Sub<kRound, kFtz, false>(a.low, b.low), Sub<kRound, kFtz, false>(a.high, b.high)};
}
template <Round kRound, bool kFtz>
NODECUDA_INLINE f32x2 Mul2(f32x2 a, f32x2 b) {
  return {Mul<kRound, kFtz, false>(a.low, b.low), Mul<kRound, kFtz, false>(a.high, b.high)};
}
template <Round kRound, bool kFtz>
NODECUDA_INLINE f32x2 Fma2(f32x2 a, f32x2 b, f32x2 c) {
  return {Fma<kRound, kFtz, false>(a.low, b.low, c.low),
          Fma<kRound, kFtz, false>(a.high, b.high, c.high)};
}

// f64: in the rounding mode of the machine.
NODECUDA_INLINE f64 Add64(f64 a, f64 b) {
  return Canonical(a + b);
}
NODECUDA_INLINE f64 Sub64(f64 a, f64 b) {
  return Canonical(a - b);
}
NODECUDA_INLINE f64 Mul64(f64 a, f64 b) {
  return Canonical(a * b);
}
NODECUDA_INLINE f64 Fma64(f64 a, f64 b, f64 c) {
  return Canonical(__builtin_fma(a, b, c));
}
NODECUDA_INLINE f64 Div64(f64 a, f64 b) {
  return Canonical(a / b);
}
NODECUDA_INLINE f64 Rcp64(f64 a) {
  return Canonical(1.0 / a);
}
NODECUDA_INLINE f64 Sqrt64(f64 a) {
  return Canonical(__builtin_sqrt(a));
}

// Runs a handler in another rounding mode. The compiler does not know that arithmetic depends on
// it, so the handler's address passes through an asm statement: it cannot be inlined here.
template <auto kFunction, int kMode>
void Directed(std::byte* file, const Instruction& instruction, LaneMask mask) {
  AluHandler handler = &Lanes<kFunction>::Run;
  asm volatile("" : "+r"(handler));
  const int before = fegetround();
  fesetround(kMode);
  handler(file, instruction, mask);
  fesetround(before);
}
template <auto kFunction, int kMode>
constexpr AluRow DirectedRow(const char* mnemonic) {
  return {mnemonic, Lanes<kFunction>::kOperands, &Directed<kFunction, kMode>, false};
}

template <bool kFtz>
NODECUDA_INLINE f32 Abs(f32 a) {
  return __builtin_fabsf(Flush<kFtz>(a));
}
template <bool kFtz>
NODECUDA_INLINE f32 Neg(f32 a) {
  return -Flush<kFtz>(a);
}
NODECUDA_INLINE f64 Abs64(f64 a) {
  return __builtin_fabs(a);
}
NODECUDA_INLINE f64 Neg64(f64 a) {
  return -a;
}
NODECUDA_INLINE f32 Copysign(f32 sign, f32 size) {
  return __builtin_copysignf(size, sign);
}
NODECUDA_INLINE f64 Copysign64(f64 sign, f64 size) {
  return __builtin_copysign(size, sign);
}

// kXor: .xorsign.abs compares sizes; the sign is the exclusive or of the operands' signs.
template <bool kMax, bool kFtz, bool kNan, bool kXor>
NODECUDA_INLINE f32 Extreme(f32 a, f32 b) {
  a = Flush<kFtz>(a), b = Flush<kFtz>(b);
  const u32 sign = (Bits<u32>(a) ^ Bits<u32>(b)) & 0x80000000;
  if (kXor) a = __builtin_fabsf(a), b = __builtin_fabsf(b);
  const f32 winner = TakesFirst<kMax, kNan>(a, b) ? a : b;
  if (winner != winner) return Bits<f32>(kNan32);
  return kXor ? Bits<f32>(Bits<u32>(winner) | sign) : winner;
}
template <bool kMax, bool kFtz, bool kNan>
NODECUDA_INLINE f32 Extreme3(f32 a, f32 b, f32 c) {
  return Extreme<kMax, kFtz, kNan, false>(Extreme<kMax, kFtz, kNan, false>(a, b), c);
}
template <bool kMax>
NODECUDA_INLINE f64 Extreme64(f64 a, f64 b) {
  return Canonical(TakesFirst<kMax, false>(a, b) ? a : b);
}

enum Kind { kFinite, kInfinite, kNumber, kNotANumber, kNormal, kSubnormal };
template <Kind kKind, class T>
NODECUDA_INLINE bool Testp(T x) {
  constexpr bool kSingle = sizeof(T) == 4;
  const T size = kSingle ? static_cast<T>(__builtin_fabsf(static_cast<f32>(x)))
                         : static_cast<T>(__builtin_fabs(static_cast<f64>(x)));
  const T infinity = static_cast<T>(__builtin_inf());
  const T least_normal = static_cast<T>(kSingle ? 0x1p-126 : 0x1p-1022);
  switch (kKind) {
    case kFinite:
      return size < infinity;
    case kInfinite:
      return size == infinity;
    case kNumber:
      return x == x;
    case kNotANumber:
      return x != x;
    // As in the PTX manual, zero counts as normal.
    case kNormal:
      return (size >= least_normal && size < infinity) || size == 0;
    case kSubnormal:
      return size < least_normal && size > 0;
  }
}

#define FLAGS(name, function, round)                              \
  Row<&function<Round::round, false, false>>(name ".f32"),        \
      Row<&function<Round::round, true, false>>(name ".ftz.f32"), \
      Row<&function<Round::round, false, true>>(name ".sat.f32"), \
      Row<&function<Round::round, true, true>>(name ".ftz.sat.f32")
#define DIRECTED(name, function)                                          \
  FLAGS(name ".rz", function, kZero), FLAGS(name ".rm", function, kDown), \
      FLAGS(name ".rp", function, kUp)
#define FTZ(name, type, function, round)              \
  Row<&function<Round::round, false>>(name "." type), \
      Row<&function<Round::round, true>>(name ".ftz." type)
#define ALL_ROUNDINGS(name, nearest, type, function)                                   \
  FTZ(name nearest, type, function, kNearest), FTZ(name ".rz", type, function, kZero), \
      FTZ(name ".rm", type, function, kDown), FTZ(name ".rp", type, function, kUp)
#define F64(name, nearest, function)                                                          \
  Row<&function>(name nearest ".f64"), DirectedRow<&function, FE_TOWARDZERO>(name ".rz.f64"), \
      DirectedRow<&function, FE_DOWNWARD>(name ".rm.f64"),                                    \
      DirectedRow<&function, FE_UPWARD>(name ".rp.f64")
#define EXTREME(name, is_max)                                                   \
  Row<&Extreme<is_max, false, false, false>>(name ".f32"),                      \
      Row<&Extreme<is_max, true, false, false>>(name ".ftz.f32"),               \
      Row<&Extreme<is_max, false, true, false>>(name ".NaN.f32"),               \
      Row<&Extreme<is_max, true, true, false>>(name ".ftz.NaN.f32"),            \
      Row<&Extreme<is_max, false, false, true>>(name ".xorsign.abs.f32"),       \
      Row<&Extreme<is_max, true, false, true>>(name ".ftz.xorsign.abs.f32"),    \
      Row<&Extreme<is_max, false, true, true>>(name ".NaN.xorsign.abs.f32"),    \
      Row<&Extreme<is_max, true, true, true>>(name ".ftz.NaN.xorsign.abs.f32"), \
      Row<&Extreme3<is_max, false, false>>(name ".f32"),                        \
      Row<&Extreme3<is_max, true, false>>(name ".ftz.f32"),                     \
      Row<&Extreme3<is_max, false, true>>(name ".NaN.f32"),                     \
      Row<&Extreme3<is_max, true, true>>(name ".ftz.NaN.f32"),                  \
      Row<&Extreme64<is_max>>(name ".f64")
#define TESTP(name, kind) \
  Row<&Testp<kind, f32>>("testp." name ".f32"), Row<&Testp<kind, f64>>("testp." name ".f64")

constexpr AluRow kRows[] = {
    FLAGS("add[.rn]", Add, kNearest),
    DIRECTED("add", Add),
    FLAGS("sub[.rn]", Sub, kNearest),
    DIRECTED("sub", Sub),
    FLAGS("mul[.rn]", Mul, kNearest),
    DIRECTED("mul", Mul),
    FLAGS("fma.rn", Fma, kNearest),
    DIRECTED("fma", Fma),
    FLAGS("mad.rn", Fma, kNearest),
    DIRECTED("mad", Fma),
    ALL_ROUNDINGS("div", ".rn", "f32", Div),
    ALL_ROUNDINGS("rcp", ".rn", "f32", Rcp),
    ALL_ROUNDINGS("sqrt", ".rn", "f32", Sqrt),
    ALL_ROUNDINGS("add", "[.rn]", "f32x2", Add2),
    ALL_ROUNDINGS("sub", "[.rn]", "f32x2", Sub2),
    ALL_ROUNDINGS("mul", "[.rn]", "f32x2", Mul2),
    ALL_ROUNDINGS("fma", ".rn", "f32x2", Fma2),
    F64("add", "[.rn]", Add64),
    F64("sub", "[.rn]", Sub64),
    F64("mul", "[.rn]", Mul64),
    F64("fma", ".rn", Fma64),
    F64("mad", ".rn", Fma64),
    F64("div", ".rn", Div64),
    F64("rcp", ".rn", Rcp64),
    F64("sqrt", ".rn", Sqrt64),
    Row<&Abs<false>>("abs.f32"),
    Row<&Abs<true>>("abs.ftz.f32"),
    Row<&Abs64>("abs.f64"),
    Row<&Neg<false>>("neg.f32"),
    Row<&Neg<true>>("neg.ftz.f32"),
    Row<&Neg64>("neg.f64"),
    Row<&Copysign>("copysign.f32"),
    Row<&Copysign64>("copysign.f64"),
    EXTREME("min", false),
    EXTREME("max", true),
    TESTP("finite", kFinite),
    TESTP("infinite", kInfinite),
    TESTP("number", kNumber),
    TESTP("notanumber", kNotANumber),
    TESTP("normal", kNormal),
    TESTP("subnormal", kSubnormal),
};

}  // namespace

AluRows FloatRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
