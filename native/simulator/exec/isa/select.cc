// selp, slct and mov; packing and unpacking of vectors.
#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <class T>
NODECUDA_INLINE T Move(T a) {
  return a;
}
template <class T>
NODECUDA_INLINE T Selp(T a, T b, bool c) {
  return c ? a : b;
}
// A predicate is the same for all lanes as a rule, where what it tells comes from a parameter; and
// the register that is selected then is often the destination.
template <class T>
void RunSelp(std::byte* file, const Instruction& in, LaneMask mask) {
  const LaneMask first = LoadPredicate(file, in.slot[3]);
  if (mask != kFullMask || (first != 0 && first != kFullMask))
    return Lanes<&Selp<T>>::Run(file, in, mask);
  const u32 from = in.slot[first != 0 ? 1 : 2];
  if (from != in.slot[0])
    __builtin_memcpy(Slot<T>(file, in.slot[0]), Slot<T>(file, from), sizeof(T) * kWarpSize);
}
template <class T>
NODECUDA_INLINE T Slct(T a, T b, s32 c) {
  return c >= 0 ? a : b;
}
template <class T, bool kFtz>
NODECUDA_INLINE T SlctFloat(T a, T b, f32 c) {
  return Flush<kFtz>(c) >= 0 ? a : b;  // NaN selects b
}

void MovePredicate(std::byte* file, const Instruction& instruction, LaneMask mask) {
  StorePredicate(file, instruction.slot[0], LoadPredicate(file, instruction.slot[1]), mask);
}
// d, {a, b, ...}: the first element is the lowest. A handler works on element lanes: lane i of
// element p is element i * kParts + p of the whole.
template <class T, int kParts>
void Join(std::byte* file, const Instruction& instruction, LaneMask mask) {
  T* whole = Slot<T>(file, instruction.slot[0]);
  // A part may be the low lanes of the whole's own slot only if they are the same register, which
  // PTX's types forbid.
  for (int part = 0; part < kParts; ++part) {
    const T* from = Slot<T>(file, instruction.slot[1 + part]);
    NODECUDA_LANE_LOOP
    for (int lane = 0; lane < kWarpSize; ++lane) {
      T* to = whole + lane * kParts + part;
      *to = (mask & kLaneBit[lane]) != 0 ? from[lane] : *to;
    }
  }
}
// {a, b, ...}, d; an element that nobody wants has no slot.
template <class T, int kParts>
void Split(std::byte* file, const Instruction& instruction, LaneMask mask) {
  const T* whole = Slot<T>(file, instruction.slot[kParts]);
  for (int part = 0; part < kParts; ++part) {
    if (instruction.slot[part] == kNoSlot) continue;
    T* to = Slot<T>(file, instruction.slot[part]);
    NODECUDA_LANE_LOOP
    for (int lane = 0; lane < kWarpSize; ++lane) {
      const T value = whole[lane * kParts + part];
      to[lane] = (mask & kLaneBit[lane]) != 0 ? value : to[lane];
    }
  }
}

#define MOVE(type, T) Row<&Move<T>>("mov." type)
#define SELECT(type, T)                                                                   \
  AluRow{"selp." type, Lanes<&Selp<T>>::kOperands, &RunSelp<T>, false},                   \
      Row<&Slct<T>>("slct." type ".s32"), Row<&SlctFloat<T, false>>("slct." type ".f32"), \
      Row<&SlctFloat<T, true>>("slct.ftz." type ".f32")

constexpr ptx::Type kPred = ptx::Type::kPred;
constexpr AluRow kRows[] = {
    MOVE("b16", u16),   MOVE("u16", u16),
    MOVE("s16", s16),   MOVE("b32", u32),
    MOVE("u32", u32),   MOVE("s32", s32),
    MOVE("f32", f32),   MOVE("b64", u64),
    MOVE("u64", u64),   MOVE("s64", s64),
    MOVE("f64", f64),   {"mov.pred", {1, 2, {kPred, kPred}}, &MovePredicate, false},
    SELECT("b16", u16), SELECT("u16", u16),
    SELECT("s16", s16), SELECT("b32", u32),
    SELECT("u32", u32), SELECT("s32", s32),
    SELECT("f32", f32), SELECT("b64", u64),
    SELECT("u64", u64), SELECT("s64", s64),
    SELECT("f64", f64),
};

}  // namespace

AluRows SelectRows() {
  return RowsOf(kRows);
}

AluHandler Pack(int bytes, int parts) {
  switch (bytes * 10 + parts) {
    case 12:
      return &Join<u8, 2>;
    case 14:
      return &Join<u8, 4>;
    case 22:
      return &Join<u16, 2>;
    case 24:
      return &Join<u16, 4>;
    case 42:
      return &Join<u32, 2>;
    case 44:
      return &Join<u32, 4>;
    default:
      return nullptr;
  }
}

AluHandler Unpack(int bytes, int parts) {
  switch (bytes * 10 + parts) {
    case 12:
      return &Split<u8, 2>;
    case 14:
      return &Split<u8, 4>;
    case 22:
      return &Split<u16, 2>;
    case 24:
      return &Split<u16, 4>;
    case 42:
      return &Split<u32, 2>;
    case 44:
      return &Split<u32, 4>;
    default:
      return nullptr;
  }
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
