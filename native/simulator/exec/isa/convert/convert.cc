// cvt of one value. Every conversion exists by way of 64 bits: it loads, changes and stores, see
// stages.h. One handler does them all, which finds the numbers of its steps in Instruction::offset:
// handlers of their own would be a megabyte of code. The commonest have one besides, in rows.cc,
// which does it in one loop.
#include "simulator/exec/isa/convert/stages.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

using ptx::Type;

// u8 to u64, then s8 to s64, as in ptx::Type.
constexpr int kIntegers = 8, kWidths = 4, kReals = 4, kRounds = 4;
template <int kIndex>
struct IntegerOf;
#define INTEGER(index, T)   \
  template <>               \
  struct IntegerOf<index> { \
    using Of = T;           \
  };
INTEGER(0, u8)
INTEGER(1, u16)
INTEGER(2, u32)
INTEGER(3, u64)
INTEGER(4, s8)
INTEGER(5, s16)
INTEGER(6, s32)
INTEGER(7, s64)
#undef INTEGER
template <int kIndex>
using IntegerAt = typename IntegerOf<kIndex>::Of;
template <int kIndex>
struct RealOf {
  using Of = f64;
};
template <>
struct RealOf<0> {
  using Of = f16;
};
template <>
struct RealOf<1> {
  using Of = bf16;
};
template <>
struct RealOf<2> {
  using Of = f32;
};
template <int kIndex>
using RealAt = typename RealOf<kIndex>::Of;

using Load = void (*)(std::byte* file, u32 slot, Values* to);
using Change = void (*)(Values* values);
using Store = void (*)(std::byte* file, u32 slot, const Values& values, LaneMask mask);

// Integers by type and width of their register; reals by type; f32 with subnormals flushed.
constexpr int kLoadReal = kIntegers * kWidths, kLoadFlushed = kLoadReal + kReals;
template <int kStep>
constexpr Load LoadAt() {
  if constexpr (kStep < kLoadReal) {
    using T = IntegerAt<kStep / kWidths>;
    using Register = IntegerAt<kStep % kWidths>;
    if constexpr (sizeof(Register) < sizeof(T))
      return nullptr;
    else
      return LoadInteger<T, Register>;
  } else if constexpr (kStep < kLoadFlushed) {
    return LoadReal<RealAt<kStep - kLoadReal>>;
  } else {
    return LoadFlushed;
  }
}

// By type of the result, whether the source is signed, rounding, and so on, the last quickest.
constexpr int kKeep = 0, kWrap = 1, kClamp = kWrap + kIntegers, kToOdd = kClamp + 2 * kIntegers,
              kToF64 = kToOdd + 2, kToInteger = kToF64 + 2 * kRounds,
              kToIntegral = kToInteger + kIntegers * kRounds * 2, kToUnit = kToIntegral + kRounds,
              kToPositive = kToUnit + 1;
template <int kStep>
constexpr Change ChangeAt() {
  if constexpr (kStep == kKeep) {
    return nullptr;
  } else if constexpr (kStep < kClamp) {
    return Wrap<IntegerAt<kStep - kWrap>>;
  } else if constexpr (kStep < kToOdd) {
    return Clamp<IntegerAt<(kStep - kClamp) / 2>, (kStep - kClamp) % 2 != 0>;
  } else if constexpr (kStep < kToF64) {
    return IntegerToOdd<kStep != kToOdd>;
  } else if constexpr (kStep < kToInteger) {
    constexpr int step = kStep - kToF64;
    return IntegerToF64<step / kRounds != 0, static_cast<Round>(step % kRounds)>;
  } else if constexpr (kStep < kToIntegral) {
    constexpr int step = kStep - kToInteger;
    return ToInteger<IntegerAt<step / 2 / kRounds>, static_cast<Round>(step / 2 % kRounds),
                     step % 2 != 0>;
  } else if constexpr (kStep < kToUnit) {
    return ToIntegral<static_cast<Round>(kStep - kToIntegral)>;
  } else {
    return kStep == kToUnit ? ToUnit : ToPositive;
  }
}

// Integers by width of their register; reals by type, rounding and whether subnormals are flushed.
constexpr int kStoreReal = kWidths, kStores = kStoreReal + kReals * kRounds * 2;
template <int kStep>
constexpr Store StoreAt() {
  if constexpr (kStep < kStoreReal) {
    return StoreInteger<IntegerAt<kStep>>;
  } else {
    constexpr int step = kStep - kStoreReal;
    using T = RealAt<step / 2 / kRounds>;
    constexpr bool kRounds64 = std::is_same_v<T, f64>;  // which has nothing to round
    return StoreReal < T, kRounds64 ? Round::kNearest : static_cast<Round>(step / 2 % kRounds),
           std::is_same_v<T, f32> && step % 2 != 0 > ;
  }
}

template <int... kSteps>
constexpr auto LoadsOf(std::integer_sequence<int, kSteps...>) {
  struct {
    Load at[sizeof...(kSteps)];
  } table = {{LoadAt<kSteps>()...}};
  return table;
}
template <int... kSteps>
constexpr auto ChangesOf(std::integer_sequence<int, kSteps...>) {
  struct {
    Change at[sizeof...(kSteps)];
  } table = {{ChangeAt<kSteps>()...}};
  return table;
}
template <int... kSteps>
constexpr auto StoresOf(std::integer_sequence<int, kSteps...>) {
  struct {
    Store at[sizeof...(kSteps)];
  } table = {{StoreAt<kSteps>()...}};
  return table;
}
constexpr auto kLoadSteps = LoadsOf(std::make_integer_sequence<int, kLoadFlushed + 1>());
constexpr auto kChangeSteps = ChangesOf(std::make_integer_sequence<int, kToPositive + 1>());
constexpr auto kStoreSteps = StoresOf(std::make_integer_sequence<int, kStores>());

// What Instruction::offset holds.
struct Steps {
  int load = 0, first = kKeep, second = kKeep, store = 0;
  s64 Packed() const { return load | first << 8 | second << 16 | store << 24; }
};

void Run(std::byte* file, const Instruction& instruction, LaneMask mask) {
  const auto steps = static_cast<u64>(instruction.offset);
  Values values;
  kLoadSteps.at[steps & 0xff](file, instruction.slot[1], &values);
  if (const u64 first = steps >> 8 & 0xff; first != kKeep) kChangeSteps.at[first](&values);
  if (const u64 second = steps >> 16 & 0xff; second != kKeep) kChangeSteps.at[second](&values);
  kStoreSteps.at[steps >> 24 & 0xff](file, instruction.slot[0], values, mask);
}

int IntegerIndex(Type type) {
  return type >= Type::kU8 && type <= Type::kS64
             ? static_cast<int>(type) - static_cast<int>(Type::kU8)
             : -1;
}
int RealIndex(Type type) {
  switch (type) {
    case Type::kF16:
      return 0;
    case Type::kBF16:
      return 1;
    case Type::kF32:
      return 2;
    case Type::kF64:
      return 3;
    default:
      return -1;
  }
}
int StoreOf(int real, Round round, bool ftz) {
  return kStoreReal + (real * kRounds + static_cast<int>(round)) * 2 + ftz;
}
// The width of a register that holds an integer: its number, -1 if it is too narrow.
int WidthIndex(int integer, int bytes) {
  const int width = __builtin_ctz(static_cast<u32>(bytes));
  return width < integer % kWidths ? -1 : width;
}

// An integer, signed or not, to the real type.
void AddIntegerToReal(const Conversion& c, bool is_signed, int real, Steps* steps) {
  const bool to_f64 = c.to == Type::kF64 && !c.sat;
  steps->first =
      to_f64 ? kToF64 + is_signed * kRounds + static_cast<int>(c.round) : kToOdd + is_signed;
  if (c.sat) steps->second = kToUnit;
  // 0 and 1, and what is in an f64, need no rounding.
  steps->store = StoreOf(real, to_f64 || c.sat ? Round::kNearest : c.round, false);
}
void AddRealToReal(const Conversion& c, int real, Steps* steps) {
  const bool is_integral = c.rounding == Conversion::Rounding::kInteger;
  if (is_integral) steps->first = kToIntegral + static_cast<int>(c.round);
  if (c.sat) steps->second = kToUnit;
  if (!c.sat && c.relu && !is_integral) steps->second = kToPositive;
  steps->store = StoreOf(real, is_integral ? Round::kNearest : c.round, c.ftz);
}

}  // namespace

AluCall Convert(const Conversion& c) {
  constexpr AluCall kNone = {nullptr, 0};
  const int from = IntegerIndex(c.from), to = IntegerIndex(c.to);
  const int real_from = RealIndex(c.from), real_to = RealIndex(c.to);
  if ((from < 0 && real_from < 0) || (to < 0 && real_to < 0)) return kNone;
  Steps steps;
  if (from >= 0) {
    const int width = WidthIndex(from, c.from_bytes);
    if (width < 0) return kNone;
    steps.load = from * kWidths + width;
  } else {
    // To f16 ptxas encodes no flush, whatever the rounding: what is subnormal may round away from
    // zero.
    const bool flushes = c.from == Type::kF32 && c.ftz && c.to != Type::kF16;
    steps.load = flushes ? kLoadFlushed : kLoadReal + real_from;
  }
  const bool is_signed = from >= kWidths;
  if (to >= 0) {
    steps.store = WidthIndex(to, c.to_bytes);
    if (steps.store < 0) return kNone;
    const bool nan_is_top = c.from == Type::kF64 || to % kWidths == 3;
    steps.first = from < 0
                      ? kToInteger + (to * kRounds + static_cast<int>(c.round)) * 2 + nan_is_top
                  : c.sat ? kClamp + to * 2 + is_signed
                          : kWrap + to;
  } else if (from >= 0) {
    AddIntegerToReal(c, is_signed, real_to, &steps);
  } else {
    AddRealToReal(c, real_to, &steps);
  }
  return {&Run, steps.Packed()};
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
