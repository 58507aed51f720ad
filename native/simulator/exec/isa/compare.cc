// setp: comparisons.
#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

// The last seven are true also (or only) for unordered operands.
enum Compare { kEq, kNe, kLt, kLe, kGt, kGe, kNum, kEqu, kNeu, kLtu, kLeu, kGtu, kGeu, kNanU };

template <bool kFtz, class T>
NODECUDA_INLINE auto Comparable(T x) {
  if constexpr (std::is_same_v<T, f32>) {
    return Flush<kFtz>(x);
  } else if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) {
    const bool flush = kFtz && (x.bits & 0x7c00) == 0;
    return Widen(T{static_cast<u16>(flush ? x.bits & 0x8000 : x.bits)});
  } else {
    return x;
  }
}

// Of two numbers, or of two vectors lane by lane.
template <Compare kCompare, class T>
NODECUDA_INLINE auto Holds(T a, T b) {
  if constexpr (kCompare == kEq) return a == b;
  if constexpr (kCompare == kNe) return (a == a) & (b == b) & (a != b);
  if constexpr (kCompare == kLt) return a < b;
  if constexpr (kCompare == kLe) return a <= b;
  if constexpr (kCompare == kGt) return a > b;
  if constexpr (kCompare == kGe) return a >= b;
  if constexpr (kCompare == kNum) return (a == a) & (b == b);
  if constexpr (kCompare == kEqu) return (a != a) | (b != b) | (a == b);
  if constexpr (kCompare == kNeu) return a != b;
  if constexpr (kCompare == kLtu) return (a >= b) == 0;
  if constexpr (kCompare == kLeu) return (a > b) == 0;
  if constexpr (kCompare == kGtu) return (a <= b) == 0;
  if constexpr (kCompare == kGeu) return (a < b) == 0;
  if constexpr (kCompare == kNanU) return (a != a) | (b != b);
}

#if defined(__SSE2__)
template <Compare kCompare, class T>
NODECUDA_INLINE LaneMask CompareVectors(const T* a, const T* b) {
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  constexpr int kCount = kVectorBytes / static_cast<int>(sizeof(T));
  LaneMask result = 0;
  for (int lane = 0; lane < kWarpSize; lane += kCount) {
    Vector x, y;
    __builtin_memcpy(&x, a + lane, sizeof x);
    __builtin_memcpy(&y, b + lane, sizeof y);
    result |= SignsOf<sizeof(T)>(Holds<kCompare>(x, y)) << lane;
  }
  return result;
}
#endif

template <Compare kCompare, bool kFtz, class T>
__attribute__((noinline)) LaneMask CompareLanes(std::byte* file, u32 slot_a, u32 slot_b) {
  const Source<T> a(file, slot_a), b(file, slot_b);
#if defined(__SSE2__)
  if constexpr (sizeof(T) >= 4 && !kFtz) return CompareVectors<kCompare>(a.lanes, b.lanes);
#endif
  LaneMask result = 0;
  NODECUDA_LANE_LOOP
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const auto x = Comparable<kFtz>(a[lane]), y = Comparable<kFtz>(b[lane]);
    result |= Holds<kCompare>(x, y) ? kLaneBit[lane] : 0;
  }
  return result;
}

NODECUDA_INLINE LaneMask Combined(LaneMask a, LaneMask b, Combine combine) {
  switch (combine) {
    case kCombineAnd:
      return a & b;
    case kCombineOr:
      return a | b;
    case kCombineXor:
      return a ^ b;
    default:
      return a;
  }
}

// p[|q], a, b[, c]: q gets the opposite of the comparison, combined with c as well.
void StoreCombined(std::byte* file, const Instruction& instruction, LaneMask mask, LaneMask holds) {
  const u32* slot = instruction.slot;
  const SetpForm form = SetpForm::Of(instruction);
  LaneMask c = 0;
  if (form.combine != kCombineNone) c = LoadPredicate(file, slot[form.pair ? 4 : 3]);
  if (slot[0] != kNoSlot) StorePredicate(file, slot[0], Combined(holds, c, form.combine), mask);
  if (form.pair && slot[1] != kNoSlot)
    StorePredicate(file, slot[1], Combined(~holds, c, form.combine), mask);
}
template <Compare kCompare, bool kFtz, class T>
void SetpPlain(std::byte* file, const Instruction& instruction, LaneMask mask) {
  const u32* slot = instruction.slot;
  const LaneMask holds = CompareLanes<kCompare, kFtz, T>(file, slot[1], slot[2]);
  if (slot[0] != kNoSlot) StorePredicate(file, slot[0], holds, mask);
}
template <Compare kCompare, bool kFtz, class T>
void SetpCombined(std::byte* file, const Instruction& instruction, LaneMask mask) {
  const u32* source = instruction.slot + (SetpForm::Of(instruction).pair ? 2 : 1);
  StoreCombined(file, instruction, mask,
                CompareLanes<kCompare, kFtz, T>(file, source[0], source[1]));
}

template <Compare kCompare, bool kFtz, class T>
constexpr SetpRow RowOf(const char* compare) {
  return {compare, kTypeOf<T>, &SetpPlain<kCompare, kFtz, T>, &SetpCombined<kCompare, kFtz, T>};
}

#define EQUALITY(T) RowOf<kEq, false, T>("eq"), RowOf<kNe, false, T>("ne")
#define ORDER(T)                                                                      \
  RowOf<kLt, false, T>("lt"), RowOf<kLe, false, T>("le"), RowOf<kGt, false, T>("gt"), \
      RowOf<kGe, false, T>("ge")
#define UNSIGNED(T)                                                              \
  EQUALITY(T), ORDER(T), RowOf<kLt, false, T>("lo"), RowOf<kLe, false, T>("ls"), \
      RowOf<kGt, false, T>("hi"), RowOf<kGe, false, T>("hs")
#define FLOATING(T, ftz, suffix)                                            \
  RowOf<kEq, ftz, T>("eq" suffix), RowOf<kNe, ftz, T>("ne" suffix),         \
      RowOf<kLt, ftz, T>("lt" suffix), RowOf<kLe, ftz, T>("le" suffix),     \
      RowOf<kGt, ftz, T>("gt" suffix), RowOf<kGe, ftz, T>("ge" suffix),     \
      RowOf<kEqu, ftz, T>("equ" suffix), RowOf<kNeu, ftz, T>("neu" suffix), \
      RowOf<kLtu, ftz, T>("ltu" suffix), RowOf<kLeu, ftz, T>("leu" suffix), \
      RowOf<kGtu, ftz, T>("gtu" suffix), RowOf<kGeu, ftz, T>("geu" suffix), \
      RowOf<kNum, ftz, T>("num" suffix), RowOf<kNanU, ftz, T>("nan" suffix)

// Bits compare as unsigned numbers: alu.cc looks b16, b32 and b64 up as u16, u32 and u64.
constexpr SetpRow kRows[] = {
    UNSIGNED(u16),
    UNSIGNED(u32),
    UNSIGNED(u64),
    EQUALITY(s16),
    ORDER(s16),
    EQUALITY(s32),
    ORDER(s32),
    EQUALITY(s64),
    ORDER(s64),
    FLOATING(f32, false, ""),
    FLOATING(f32, true, ".ftz"),
    FLOATING(f64, false, ""),
    FLOATING(f16, false, ""),
    FLOATING(f16, true, ".ftz"),
    FLOATING(bf16, false, ""),
};

}  // namespace

SetpRows Comparisons() {
  return {kRows, sizeof(kRows) / sizeof(kRows[0])};
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
