// Integer arithmetic. Wrapping operations are the same for signed and unsigned operands and are
// computed on unsigned ones, where overflow is defined.
#include "simulator/exec/isa/lanes.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <class T>
struct Traits;
template <>
struct Traits<u16> {
  using Unsigned = u16;
  using Wide = u32;
};
template <>
struct Traits<s16> {
  using Unsigned = u16;
  using Wide = s32;
};
template <>
struct Traits<u32> {
  using Unsigned = u32;
  using Wide = u64;
};
template <>
struct Traits<s32> {
  using Unsigned = u32;
  using Wide = s64;
};
template <>
struct Traits<u64> {
  using Unsigned = u64;
  using Wide = unsigned __int128;
};
template <>
struct Traits<s64> {
  using Unsigned = u64;
  using Wide = __int128;
};
template <class T>
using Unsigned = typename Traits<T>::Unsigned;
template <class T>
using Wide = typename Traits<T>::Wide;
template <class T>
constexpr int kBits = sizeof(T) * 8;
template <class T>
constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
template <class T>
constexpr T kMin = static_cast<T>(static_cast<Unsigned<T>>(1) << (kBits<T> - 1));

template <class T>
NODECUDA_INLINE T Add(T a, T b) {
  return a + b;
}
template <class T>
NODECUDA_INLINE T Sub(T a, T b) {
  return a - b;
}
NODECUDA_INLINE s32 Saturate(s64 x) {
  return x > 0x7fffffff ? 0x7fffffff : x < -0x80000000ll ? kMin<s32> : static_cast<s32>(x);
}
NODECUDA_INLINE s32 AddSat(s32 a, s32 b) {
  return Saturate(static_cast<s64>(a) + b);
}
NODECUDA_INLINE s32 SubSat(s32 a, s32 b) {
  return Saturate(static_cast<s64>(a) - b);
}

// 1u keeps a product of two u16 from being one of signed ints.
template <class T>
NODECUDA_INLINE T MulLo(T a, T b) {
  return static_cast<T>(1u * a * b);
}
template <class T>
NODECUDA_INLINE T MulHi(T a, T b) {
  return static_cast<T>((static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b)) >> kBits<T>);
}
template <class T>
NODECUDA_INLINE Wide<T> MulWide(T a, T b) {
  return static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b);
}
template <class T>
NODECUDA_INLINE T MadLo(T a, T b, T c) {
  return static_cast<T>(MulLo<T>(a, b) + c);
}
template <class T>
NODECUDA_INLINE T MadHi(T a, T b, T c) {
  return static_cast<T>(static_cast<Unsigned<T>>(MulHi<T>(a, b)) + static_cast<Unsigned<T>>(c));
}
NODECUDA_INLINE s32 MadHiSat(s32 a, s32 b, s32 c) {
  return Saturate(static_cast<s64>(MulHi<s32>(a, b)) + c);
}
template <class T>
NODECUDA_INLINE Wide<T> MadWide(T a, T b, Wide<T> c) {
  using U = Unsigned<Wide<T>>;
  return static_cast<Wide<T>>(static_cast<U>(MulWide<T>(a, b)) + static_cast<U>(c));
}

// The product of the low 24 bits has 48: mul24.lo is its bits 31..0, mul24.hi its bits 47..16.
template <class T>
NODECUDA_INLINE Wide<T> Product24(T a, T b) {
  const T x = static_cast<T>(static_cast<u32>(a) << 8),
          y = static_cast<T>(static_cast<u32>(b) << 8);
  return static_cast<Wide<T>>(x >> 8) * static_cast<Wide<T>>(y >> 8);
}
template <class T>
NODECUDA_INLINE T Mul24Lo(T a, T b) {
  return static_cast<T>(Product24(a, b));
}
template <class T>
NODECUDA_INLINE T Mul24Hi(T a, T b) {
  return static_cast<T>(Product24(a, b) >> 16);
}
template <class T>
NODECUDA_INLINE T Mad24Lo(T a, T b, T c) {
  return static_cast<T>(static_cast<u32>(Mul24Lo(a, b)) + static_cast<u32>(c));
}
template <class T>
NODECUDA_INLINE T Mad24Hi(T a, T b, T c) {
  return static_cast<T>(static_cast<u32>(Mul24Hi(a, b)) + static_cast<u32>(c));
}
NODECUDA_INLINE s32 Mad24HiSat(s32 a, s32 b, s32 c) {
  return Saturate(static_cast<s64>(Mul24Hi(a, b)) + c);
}

// PTX leaves division by zero open; here the quotient is all ones and the remainder the dividend.
// Dividing by -1 is negation, so that the least integer cannot trap.
template <class T>
NODECUDA_INLINE T Div(T a, T b) {
  if constexpr (sizeof(T) <= 4) {
    // Which is done for several lanes at a time. The quotient is exact, or too far below the next
    // integer, by 2^-32 of itself at least, to be rounded up to it.
    const f64 quotient = static_cast<f64>(a) / static_cast<f64>(b == 0 ? 1 : b);
    const T whole = static_cast<T>(static_cast<s64>(quotient));
    return b == 0 ? static_cast<T>(-1) : whole;
  }
  if (b == 0) return static_cast<T>(-1);
  if (kSigned<T> && b == static_cast<T>(-1)) return static_cast<T>(0 - static_cast<Unsigned<T>>(a));
  return static_cast<T>(a / b);
}
template <class T>
NODECUDA_INLINE T Rem(T a, T b) {
  if constexpr (sizeof(T) <= 4)
    return b == 0 ? a
                  : static_cast<T>(static_cast<u32>(a) -
                                   static_cast<u32>(Div(a, b)) * static_cast<u32>(b));
  if (b == 0) return a;
  if (kSigned<T> && b == static_cast<T>(-1)) return 0;
  return static_cast<T>(a % b);
}

template <class T>
NODECUDA_INLINE T Neg(T a) {
  return static_cast<T>(0 - static_cast<Unsigned<T>>(a));
}
template <class T>
NODECUDA_INLINE T Abs(T a) {
  return a < 0 ? Neg<T>(a) : a;
}
template <class T>
NODECUDA_INLINE T Min(T a, T b) {
  return a < b ? a : b;
}
template <class T>
NODECUDA_INLINE T Max(T a, T b) {
  return a > b ? a : b;
}
template <class T>
NODECUDA_INLINE T MinRelu(T a, T b) {
  return Max<T>(Min<T>(a, b), 0);
}
template <class T>
NODECUDA_INLINE T MaxRelu(T a, T b) {
  return Max<T>(Max<T>(a, b), 0);
}
template <class T>
NODECUDA_INLINE T Sad(T a, T b, T c) {
  using U = Unsigned<T>;
  const U difference =
      a < b ? static_cast<U>(b) - static_cast<U>(a) : static_cast<U>(a) - static_cast<U>(b);
  return static_cast<T>(difference + static_cast<U>(c));
}

// Two 16-bit integers in one register.
template <auto kFunction, class T>
NODECUDA_INLINE u32 Pairwise(u32 a, u32 b) {
  const u32 low = static_cast<u16>(kFunction(static_cast<T>(a), static_cast<T>(b)));
  const u32 high = static_cast<u16>(kFunction(static_cast<T>(a >> 16), static_cast<T>(b >> 16)));
  return high << 16 | low;
}

// Sums of products of bytes: of `a` taken as A, of `b` taken as B.
template <class A, class B>
NODECUDA_INLINE u32 Dp4a(u32 a, u32 b, u32 c) {
  for (int i = 0; i < 32; i += 8) {
    c += static_cast<u32>(static_cast<A>(a >> i) * static_cast<B>(b >> i));
  }
  return c;
}
template <class A16, class B, int kShift>
NODECUDA_INLINE u32 Dp2a(u32 a, u32 b, u32 c) {
  for (int i = 0; i < 2; ++i) {
    const s32 x = static_cast<A16>(a >> (16 * i)), y = static_cast<B>(b >> (kShift + 8 * i));
    c += static_cast<u32>(x * y);
  }
  return c;
}

#define WRAPPING(name, function)                                          \
  Row<&function<u16>>(name ".u16"), Row<&function<u16>>(name ".s16"),     \
      Row<&function<u32>>(name ".u32"), Row<&function<u32>>(name ".s32"), \
      Row<&function<u64>>(name ".u64"), Row<&function<u64>>(name ".s64")
#define BY_SIGN(name, function)                                           \
  Row<&function<u16>>(name ".u16"), Row<&function<s16>>(name ".s16"),     \
      Row<&function<u32>>(name ".u32"), Row<&function<s32>>(name ".s32"), \
      Row<&function<u64>>(name ".u64"), Row<&function<s64>>(name ".s64")
#define SIGNED(name, function)                                        \
  Row<&function<s16>>(name ".s16"), Row<&function<s32>>(name ".s32"), \
      Row<&function<s64>>(name ".s64")
#define WIDENING(name, function)                                      \
  Row<&function<u16>>(name ".u16"), Row<&function<s16>>(name ".s16"), \
      Row<&function<u32>>(name ".u32"), Row<&function<s32>>(name ".s32")
#define ONLY_32(name, function) Row<&function<u32>>(name ".u32"), Row<&function<s32>>(name ".s32")
#define PAIRWISE(name, function)                      \
  Row<&Pairwise<&function<u16>, u16>>(name ".u16x2"), \
      Row<&Pairwise<&function<s16>, s16>>(name ".s16x2")

constexpr AluRow kRows[] = {
    WRAPPING("add", Add),
    WRAPPING("sub", Sub),
    Row<&AddSat>("add.sat.s32"),
    Row<&SubSat>("sub.sat.s32"),
    Row<&Pairwise<&Add<u16>, u16>>("add.u16x2"),
    Row<&Pairwise<&Add<u16>, u16>>("add.s16x2"),
    WRAPPING("mul.lo", MulLo),
    BY_SIGN("mul.hi", MulHi),
    WIDENING("mul.wide", MulWide),
    WRAPPING("mad.lo", MadLo),
    BY_SIGN("mad.hi", MadHi),
    Row<&MadHiSat>("mad.hi.sat.s32"),
    WIDENING("mad.wide", MadWide),
    ONLY_32("mul24.lo", Mul24Lo),
    ONLY_32("mul24.hi", Mul24Hi),
    ONLY_32("mad24.lo", Mad24Lo),
    ONLY_32("mad24.hi", Mad24Hi),
    Row<&Mad24HiSat>("mad24.hi.sat.s32"),
    BY_SIGN("div", Div),
    BY_SIGN("rem", Rem),
    SIGNED("neg", Neg),
    SIGNED("abs", Abs),
    BY_SIGN("min", Min),
    BY_SIGN("max", Max),
    PAIRWISE("min", Min),
    PAIRWISE("max", Max),
    Row<&MinRelu<s32>>("min.relu.s32"),
    Row<&MaxRelu<s32>>("max.relu.s32"),
    Row<&Pairwise<&MinRelu<s16>, s16>>("min.relu.s16x2"),
    Row<&Pairwise<&MaxRelu<s16>, s16>>("max.relu.s16x2"),
    BY_SIGN("sad", Sad),
    Row<&Dp4a<u8, u8>>("dp4a.u32.u32"),
    Row<&Dp4a<u8, s8>>("dp4a.u32.s32"),
    Row<&Dp4a<s8, u8>>("dp4a.s32.u32"),
    Row<&Dp4a<s8, s8>>("dp4a.s32.s32"),
    Row<&Dp2a<u16, u8, 0>>("dp2a.lo.u32.u32"),
    Row<&Dp2a<u16, s8, 0>>("dp2a.lo.u32.s32"),
    Row<&Dp2a<s16, u8, 0>>("dp2a.lo.s32.u32"),
    Row<&Dp2a<s16, s8, 0>>("dp2a.lo.s32.s32"),
    Row<&Dp2a<u16, u8, 16>>("dp2a.hi.u32.u32"),
    Row<&Dp2a<u16, s8, 16>>("dp2a.hi.u32.s32"),
    Row<&Dp2a<s16, u8, 16>>("dp2a.hi.s32.u32"),
    Row<&Dp2a<s16, s8, 16>>("dp2a.hi.s32.s32"),
};

}  // namespace

AluRows IntegerRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
