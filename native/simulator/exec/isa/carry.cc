// Extended precision: add, subtract and multiply-add with the threads' carry flag, which lives in
// the predicate slot behind the operands.
#include "simulator/exec/isa/lanes.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <class T>
struct Sum {
  T value;
  bool carry;
};
template <class T>
NODECUDA_INLINE Sum<T> Add(T a, T b, T carry) {
  const T once = a + b, twice = once + carry;
  return {twice, once < a || twice < once};
}
// The flag says that nothing was borrowed: a - b is the sum of a, the complement of b, and 1.
template <class T>
NODECUDA_INLINE Sum<T> Sub(T a, T b, T carry) {
  return Add<T>(a, static_cast<T>(~b), carry);
}
template <class T>
NODECUDA_INLINE Sum<T> FirstSub(T a, T b, T) {
  return Sub<T>(a, b, 1);
}
template <class T>
NODECUDA_INLINE Sum<T> MadLo(T a, T b, T c, T carry) {
  return Add<T>(a * b, c, carry);
}
NODECUDA_INLINE u32 High(u32 a, u32 b) {
  return static_cast<u32>(static_cast<u64>(a) * b >> 32);
}
NODECUDA_INLINE u32 High(s32 a, s32 b) {
  return static_cast<u32>((static_cast<s64>(a) * b) >> 32);
}
NODECUDA_INLINE u64 High(u64 a, u64 b) {
  return static_cast<u64>(static_cast<unsigned __int128>(a) * b >> 64);
}
NODECUDA_INLINE u64 High(s64 a, s64 b) {
  return static_cast<u64>((static_cast<__int128>(a) * b) >> 64);
}
template <class S, class T>
NODECUDA_INLINE Sum<T> MadHi(T a, T b, T c, T carry) {
  return Add<T>(High(static_cast<S>(a), static_cast<S>(b)), c, carry);
}

template <auto kFunction, bool kReads, bool kWrites, class T, class... More>
void Run(std::byte* file, const Instruction& instruction, LaneMask mask) {
  constexpr int kSources = 1 + sizeof...(More);
  const u32 carry_slot = instruction.slot[1 + kSources];
  const Source<bool> carry_in(file, carry_slot);
  const Source<T> a(file, instruction.slot[1]), b(file, instruction.slot[2]);
  const Source<T> c(file, instruction.slot[kSources]);
  alignas(64) T result[kWarpSize];
  LaneMask carry_out = 0;
  NODECUDA_LANE_LOOP
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const T in = kReads && carry_in[lane] ? 1 : 0;
    Sum<T> sum;
    if constexpr (kSources == 2) {
      sum = kFunction(a[lane], b[lane], in);
    } else {
      sum = kFunction(a[lane], b[lane], c[lane], in);
    }
    result[lane] = sum.value;
    carry_out |= sum.carry ? kLaneBit[lane] : 0;
  }
  Blend(Slot<T>(file, instruction.slot[0]), result, mask);
  if (kWrites) StorePredicate(file, carry_slot, carry_out, mask);
}

template <auto kFunction, bool kReads, bool kWrites, class T, class... More>
constexpr AluRow CarryRow(const char* mnemonic, Sum<T> (*)(T, T, More...)) {
  constexpr int kSources = 1 + sizeof...(More);
  return {mnemonic,
          {1, 1 + kSources, {kTypeOf<T>, kTypeOf<T>, kTypeOf<More>...}},
          &Run<kFunction, kReads, kWrites, T, More...>,
          true};
}
#define CARRY(mnemonic, reads, writes, ...) \
  CarryRow<&__VA_ARGS__, reads, writes>(mnemonic, &__VA_ARGS__)

#define SAME_BY_SIGN(mnemonic, reads, writes, function)     \
  CARRY(mnemonic ".u32", reads, writes, function<u32>),     \
      CARRY(mnemonic ".s32", reads, writes, function<u32>), \
      CARRY(mnemonic ".u64", reads, writes, function<u64>), \
      CARRY(mnemonic ".s64", reads, writes, function<u64>)
#define HIGH_BY_SIGN(mnemonic, reads, writes)                 \
  CARRY(mnemonic ".u32", reads, writes, MadHi<u32, u32>),     \
      CARRY(mnemonic ".s32", reads, writes, MadHi<s32, u32>), \
      CARRY(mnemonic ".u64", reads, writes, MadHi<u64, u64>), \
      CARRY(mnemonic ".s64", reads, writes, MadHi<s64, u64>)

constexpr AluRow kRows[] = {
    SAME_BY_SIGN("add.cc", false, true, Add),      SAME_BY_SIGN("addc", true, false, Add),
    SAME_BY_SIGN("addc.cc", true, true, Add),      SAME_BY_SIGN("sub.cc", false, true, FirstSub),
    SAME_BY_SIGN("subc", true, false, Sub),        SAME_BY_SIGN("subc.cc", true, true, Sub),
    SAME_BY_SIGN("mad.lo.cc", false, true, MadLo), SAME_BY_SIGN("madc.lo", true, false, MadLo),
    SAME_BY_SIGN("madc.lo.cc", true, true, MadLo), HIGH_BY_SIGN("mad.hi.cc", false, true),
    HIGH_BY_SIGN("madc.hi", true, false),          HIGH_BY_SIGN("madc.hi.cc", true, true),
};

}  // namespace

AluRows CarryRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
