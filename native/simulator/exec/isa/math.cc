// The approximate functions. The tables of the hardware are not public: results here are those of
// the host's double precision functions, rounded, which are within the bounds PTX gives.
#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

NODECUDA_INLINE f64 Reciprocal(f64 x) {
  return 1.0 / x;
}
NODECUDA_INLINE f64 Root(f64 x) {
  return __builtin_sqrt(x);
}
NODECUDA_INLINE f64 ReciprocalRoot(f64 x) {
  return 1.0 / __builtin_sqrt(x);
}
NODECUDA_INLINE f64 Exp2(f64 x) {
  return exp2(x);
}
NODECUDA_INLINE f64 Log2(f64 x) {
  return log2(x);
}
NODECUDA_INLINE f64 Sine(f64 x) {
  return sin(x);
}
NODECUDA_INLINE f64 Cosine(f64 x) {
  return cos(x);
}
NODECUDA_INLINE f64 Tanh(f64 x) {
  return tanh(x);
}

template <auto kFunction, bool kFtz>
NODECUDA_INLINE f32 Single(f32 x) {
  return Canonical(Flush<kFtz>(static_cast<f32>(kFunction(Flush<kFtz>(x)))));
}
template <bool kFtz>
NODECUDA_INLINE f32 Quotient(f32 a, f32 b) {
  return Canonical(Flush<kFtz>(Flush<kFtz>(a) / Flush<kFtz>(b)));
}
// The reciprocal of a divisor beyond 2^126 would be subnormal, and is taken as zero.
template <bool kFtz>
NODECUDA_INLINE f32 ApproximateQuotient(f32 a, f32 b) {
  const f32 size = __builtin_fabsf(b);
  const bool vanishes = size > 0x1p126f && size < __builtin_inff();
  return vanishes ? Canonical(Flush<kFtz>(a) * __builtin_copysignf(0.0f, b)) : Quotient<kFtz>(a, b);
}
template <auto kFunction, bool kFtz, class H>
NODECUDA_INLINE H Half(H x) {
  const bool flush = kFtz && (x.bits & 0x7f80) == 0;  // only bf16 has .ftz here
  const H input = {static_cast<u16>(flush ? x.bits & 0x8000 : x.bits)};
  const H result = Narrow<H, Round::kNearest>(kFunction(Widen(input)));
  const bool flush_result = kFtz && (result.bits & 0x7f80) == 0;
  return {static_cast<u16>(flush_result ? result.bits & 0x8000 : result.bits)};
}
template <auto kFunction, bool kFtz, class H, class P>
NODECUDA_INLINE P Halves(P x) {
  return {Half<kFunction, kFtz, H>(x.low), Half<kFunction, kFtz, H>(x.high)};
}

NODECUDA_INLINE f64 FlushDouble(f64 x) {
  const u64 bits = Bits<u64>(x);
  return (bits & 0x7ff0000000000000) == 0 ? Bits<f64>(bits & 0x8000000000000000) : x;
}
NODECUDA_INLINE f64 Rsqrt64(f64 x) {
  return Canonical(1.0 / __builtin_sqrt(x));
}
// Only the upper half of the operand is read and of the result is written.
template <auto kFunction>
NODECUDA_INLINE f64 Coarse(f64 x) {
  constexpr u64 kUpper = 0xffffffff00000000;
  const f64 input = FlushDouble(Bits<f64>(Bits<u64>(x) & kUpper));
  // A NaN whose payload lay in the lower half is still one.
  const f64 result = x != x ? x : FlushDouble(kFunction(input));
  return Bits<f64>(Bits<u64>(Canonical(result)) & kUpper);
}

#define SINGLE(name, function)                        \
  Row<&Single<&function, false>>(name ".approx.f32"), \
      Row<&Single<&function, true>>(name ".approx.ftz.f32")
#define HALF(name, function, ftz, type)             \
  Row<&Half<&function, ftz, type>>(name "." #type), \
      Row<&Halves<&function, ftz, type, type##x2>>(name "." #type "x2")

constexpr AluRow kRows[] = {
    SINGLE("rcp", Reciprocal),
    SINGLE("sqrt", Root),
    SINGLE("rsqrt", ReciprocalRoot),
    SINGLE("ex2", Exp2),
    SINGLE("lg2", Log2),
    SINGLE("sin", Sine),
    SINGLE("cos", Cosine),
    Row<&Single<&Tanh, false>>("tanh.approx.f32"),
    Row<&ApproximateQuotient<false>>("div.approx.f32"),
    Row<&ApproximateQuotient<true>>("div.approx.ftz.f32"),
    Row<&Quotient<false>>("div.full.f32"),
    Row<&Quotient<true>>("div.full.ftz.f32"),
    HALF("ex2.approx", Exp2, false, f16),
    HALF("ex2.approx.ftz", Exp2, true, bf16),
    HALF("tanh.approx", Tanh, false, f16),
    HALF("tanh.approx", Tanh, false, bf16),
    Row<&Rsqrt64>("rsqrt.approx.f64"),
    Row<&Coarse<&Reciprocal>>("rcp.approx.ftz.f64"),
    Row<&Coarse<&ReciprocalRoot>>("rsqrt.approx.ftz.f64"),
};

}  // namespace

AluRows MathRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
