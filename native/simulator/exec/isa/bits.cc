// Logic, shifts and bit fields.
#include "simulator/exec/isa/lanes.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <class T>
constexpr u32 kBits = sizeof(T) * 8;

template <class T>
NODECUDA_INLINE T And(T a, T b) {
  return a & b;
}
template <class T>
NODECUDA_INLINE T Or(T a, T b) {
  return a | b;
}
template <class T>
NODECUDA_INLINE T Xor(T a, T b) {
  return a ^ b;
}
template <class T>
NODECUDA_INLINE T Not(T a) {
  return static_cast<T>(~a);
}
template <class T>
NODECUDA_INLINE T Cnot(T a) {
  return a == 0;
}

// Bit i of `table` is the result for inputs whose bits spell i as abc.
NODECUDA_INLINE u32 Lop3(u32 a, u32 b, u32 c, u32 table) {
  u32 result = 0;
  for (u32 i = 0; i < 8; ++i) {
    const u32 match = (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
    result |= match & (0 - (table >> i & 1));
  }
  return result;
}

// Counts are clamped to the width, unlike those of x86, which wrap.
template <class T>
NODECUDA_INLINE T Shl(T a, u32 count) {
  return count < kBits<T> ? static_cast<T>(a << (count & (kBits<T> - 1))) : static_cast<T>(0);
}
template <class T>
NODECUDA_INLINE T Shr(T a, u32 count) {
  constexpr u32 kLast = kBits<T> - 1;
  const T most = static_cast<T>(a >> (count < kLast ? count : kLast));
  return count <= kLast || static_cast<T>(-1) < 0 ? most : static_cast<T>(0);
}

// The high (left) or low (right) word of b:a shifted as 64 bits.
template <bool kLeft, bool kClamp>
NODECUDA_INLINE u32 Shf(u32 a, u32 b, u32 c) {
  const u32 count = kClamp ? (c < 32 ? c : 32) : c & 31;
  const u64 both = static_cast<u64>(b) << 32 | a;
  return static_cast<u32>(kLeft ? (both << count) >> 32 : both >> count);
}

template <class T>
NODECUDA_INLINE T LowBits(u32 count) {
  return Not<T>(Shl<T>(static_cast<T>(-1), count));
}

// The forms of 32 bits look at 8 bits of position and length; those of 64 bits, which ptxas makes
// of shifts, at all of them.
template <class T>
NODECUDA_INLINE u32 FieldCount(u32 count) {
  return sizeof(T) == 4 ? count & 0xff : count;
}

// Bits position, position + 1, ... of a. A signed field is filled from its highest bit, or from
// the highest bit of a if it reaches beyond it.
template <class T, class S>
NODECUDA_INLINE T Bfe(T a, u32 b, u32 c) {
  const u32 position = FieldCount<T>(b), length = FieldCount<T>(c);
  const T field = static_cast<T>(Shr<T>(a, position) & LowBits<T>(length));
  if (static_cast<S>(-1) > 0 || length == 0) return field;
  const u64 last = static_cast<u64>(position) + length - 1;
  const bool negative = Shr<T>(a, last < kBits<T> - 1 ? static_cast<u32>(last) : kBits<T> - 1) & 1;
  // Beyond the end of a the field is all sign.
  const u32 kept = position >= kBits<T>           ? 0
                   : length < kBits<T> - position ? length
                                                  : kBits<T> - position;
  const T low = LowBits<T>(kept);
  return negative ? static_cast<T>(field | Not<T>(low)) : field;
}
template <class T>
NODECUDA_INLINE T Bfi(T a, T b, u32 c, u32 d) {
  const u32 position = FieldCount<T>(c), length = FieldCount<T>(d);
  const T field = Shl<T>(LowBits<T>(length), position);
  return static_cast<T>((Shl<T>(a, position) & field) | (b & Not<T>(field)));
}
template <bool kClamp>
NODECUDA_INLINE u32 Bmsk(u32 a, u32 b) {
  const u32 position = kClamp ? a : a & 31, length = kClamp ? b : b & 31;
  return Shl<u32>(LowBits<u32>(length), position);
}
template <class S, bool kClamp>
NODECUDA_INLINE u32 Szext(u32 a, u32 b) {
  const u32 length = kClamp ? (b < 32 ? b : 32) : b & 31;
  if (length == 0) return 0;
  const u32 up = 32 - length;
  return static_cast<u32>(static_cast<S>(a << up) >> up);
}

NODECUDA_INLINE u32 Leading(u32 a) {
  return a == 0 ? 32 : static_cast<u32>(__builtin_clz(a));
}
NODECUDA_INLINE u32 Leading(u64 a) {
  return a == 0 ? 64 : static_cast<u32>(__builtin_clzll(a));
}
template <class T>
NODECUDA_INLINE u32 Clz(T a) {
  return Leading(a);
}
NODECUDA_INLINE u32 Popc32(u32 a) {
  a -= a >> 1 & 0x55555555u;
  a = (a & 0x33333333u) + (a >> 2 & 0x33333333u);
  return ((a + (a >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24;
}
template <class T>
NODECUDA_INLINE u32 Popc(T a) {
  return Popc32(static_cast<u32>(a)) + Popc32(static_cast<u32>(static_cast<u64>(a) >> 32));
}
template <class T>
NODECUDA_INLINE T Brev(T a) {
  T result = a;
  constexpr u64 kGroups[] = {0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f,
                             0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff};
  for (u32 i = 0, width = 1; width < kBits<T>; ++i, width *= 2) {
    const T group = static_cast<T>(kGroups[i]);
    result = static_cast<T>((result >> width & group) | (result & group) << width);
  }
  return result;
}
// The position of the highest bit that differs from the sign, or how far it is from the top.
template <class T, class S, bool kShift>
NODECUDA_INLINE u32 Bfind(T a) {
  const T value = static_cast<S>(a) < 0 ? Not<T>(a) : a;
  if (value == 0) return ~0u;
  return kShift ? Leading(value) : kBits<T> - 1 - Leading(value);
}
// The position of the n-th set bit of a from `base` on, downwards if n is negative.
NODECUDA_INLINE u32 Fns(u32 a, u32 base, s32 n) {
  if (base > 31) return ~0u;
  if (n == 0) return a >> base & 1 ? base : ~0u;
  u32 left = n < 0 ? 0 - static_cast<u32>(n) : static_cast<u32>(n);
  for (u32 i = base; i < 32; n < 0 ? --i : ++i) {
    if ((a >> i & 1) && --left == 0) return i;
  }
  return ~0u;
}

// Byte `selector` of b:a; bit 3 asks for its sign in all bits instead.
NODECUDA_INLINE u32 PickByte(u64 both, u32 selector) {
  const u32 byte = static_cast<u32>(both >> (8 * (selector & 7))) & 0xff;
  const u32 sign = 0 - (byte >> 7);
  return (selector & 8 ? sign : byte) & 0xff;
}
enum PrmtMode { kPrmtAny, kF4e, kB4e, kRc8, kEcl, kEcr, kRc16 };
template <PrmtMode kMode>
NODECUDA_INLINE u32 Prmt(u32 a, u32 b, u32 c) {
  const u64 both = static_cast<u64>(b) << 32 | a;
  const u32 start = c & 3;
  u32 result = 0;
  for (u32 i = 0; i < 4; ++i) {
    u32 selector = 0;
    switch (kMode) {
      case kPrmtAny:
        selector = c >> (4 * i) & 15;
        break;
      case kF4e:
        selector = start + i;
        break;
      case kB4e:
        selector = (start - i) & 7;
        break;
      case kRc8:
        selector = start;
        break;
      case kEcl:
        selector = start > i ? start : i;
        break;
      case kEcr:
        selector = start < i ? start : i;
        break;
      case kRc16:
        selector = (start & 1) * 2 + (i & 1);
        break;
    }
    result |= PickByte(both, selector) << (8 * i);
  }
  return result;
}

// Predicates are masks: one operation serves all lanes.
template <auto kFunction>
void Predicates(std::byte* file, const Instruction& instruction, LaneMask mask) {
  const u32 a = LoadPredicate(file, instruction.slot[1]),
            b = LoadPredicate(file, instruction.slot[2]);
  StorePredicate(file, instruction.slot[0], kFunction(a, b), mask);
}
void NotPredicate(std::byte* file, const Instruction& instruction, LaneMask mask) {
  StorePredicate(file, instruction.slot[0], ~LoadPredicate(file, instruction.slot[1]), mask);
}
constexpr Operands kTwoPredicates = {1, 2, {ptx::Type::kPred, ptx::Type::kPred}};
constexpr Operands kThreePredicates = {
    1, 3, {ptx::Type::kPred, ptx::Type::kPred, ptx::Type::kPred}};

#define LOGIC(name, function)                                         \
  Row<&function<u16>>(name ".b16"), Row<&function<u32>>(name ".b32"), \
      Row<&function<u64>>(name ".b64")
#define SHIFT_RIGHT(type, T) Row<&Shr<T>>("shr." type)
#define BFIND(mnemonic, shift)                                                                  \
  Row<&Bfind<u32, u32, shift>>(mnemonic ".u32"), Row<&Bfind<u32, s32, shift>>(mnemonic ".s32"), \
      Row<&Bfind<u64, u64, shift>>(mnemonic ".u64"), Row<&Bfind<u64, s64, shift>>(mnemonic ".s64")

constexpr AluRow kRows[] = {
    LOGIC("and", And),
    LOGIC("or", Or),
    LOGIC("xor", Xor),
    LOGIC("not", Not),
    LOGIC("cnot", Cnot),
    {"and.pred", kThreePredicates, &Predicates<&And<u32>>, false},
    {"or.pred", kThreePredicates, &Predicates<&Or<u32>>, false},
    {"xor.pred", kThreePredicates, &Predicates<&Xor<u32>>, false},
    {"not.pred", kTwoPredicates, &NotPredicate, false},
    Row<&Lop3>("lop3.b32"),
    LOGIC("shl", Shl),
    LOGIC("shr", Shr),
    SHIFT_RIGHT("u16", u16),
    SHIFT_RIGHT("u32", u32),
    SHIFT_RIGHT("u64", u64),
    SHIFT_RIGHT("s16", s16),
    SHIFT_RIGHT("s32", s32),
    SHIFT_RIGHT("s64", s64),
    Row<&Shf<true, false>>("shf.l.wrap.b32"),
    Row<&Shf<true, true>>("shf.l.clamp.b32"),
    Row<&Shf<false, false>>("shf.r.wrap.b32"),
    Row<&Shf<false, true>>("shf.r.clamp.b32"),
    Row<&Bfe<u32, u32>>("bfe.u32"),
    Row<&Bfe<u32, s32>>("bfe.s32"),
    Row<&Bfe<u64, u64>>("bfe.u64"),
    Row<&Bfe<u64, s64>>("bfe.s64"),
    Row<&Bfi<u32>>("bfi.b32"),
    Row<&Bfi<u64>>("bfi.b64"),
    Row<&Bmsk<true>>("bmsk.clamp.b32"),
    Row<&Bmsk<false>>("bmsk.wrap.b32"),
    Row<&Szext<u32, true>>("szext.clamp.u32"),
    Row<&Szext<s32, true>>("szext.clamp.s32"),
    Row<&Szext<u32, false>>("szext.wrap.u32"),
    Row<&Szext<s32, false>>("szext.wrap.s32"),
    Row<&Clz<u32>>("clz.b32"),
    Row<&Clz<u64>>("clz.b64"),
    Row<&Popc<u32>>("popc.b32"),
    Row<&Popc<u64>>("popc.b64"),
    Row<&Brev<u32>>("brev.b32"),
    Row<&Brev<u64>>("brev.b64"),
    BFIND("bfind", false),
    BFIND("bfind.shiftamt", true),
    Row<&Fns>("fns.b32"),
    Row<&Prmt<kPrmtAny>>("prmt.b32"),
    Row<&Prmt<kF4e>>("prmt.b32.f4e"),
    Row<&Prmt<kB4e>>("prmt.b32.b4e"),
    Row<&Prmt<kRc8>>("prmt.b32.rc8"),
    Row<&Prmt<kEcl>>("prmt.b32.ecl"),
    Row<&Prmt<kEcr>>("prmt.b32.ecr"),
    Row<&Prmt<kRc16>>("prmt.b32.rc16"),
};

}  // namespace

AluRows BitRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
