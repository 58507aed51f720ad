#ifndef NODECUDA_SIMULATOR_EXEC_ISA_STAGES_H_
#define NODECUDA_SIMULATOR_EXEC_ISA_STAGES_H_

#include "simulator/exec/isa/numbers.h"

// The steps of cvt by way of 64 bits: lanes are widened (integers to 64 bits, floats to f64, both
// exact), changed, and narrowed with one rounding. Kept out of line, because some hundreds of
// handlers are made of them.
namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

struct Values {
  union alignas(64) {
    s64 integer[kWarpSize];
    f64 real[kWarpSize];
  };
};

#define NODECUDA_STAGE __attribute__((noinline)) void

// Loads. Register is the unsigned integer as wide as the register, which may be wider than T.
template <class T, class Register>
NODECUDA_STAGE LoadInteger(std::byte* file, u32 slot, Values* to) {
  const Register* from = Slot<Register>(file, slot);
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) to->integer[i] = static_cast<s64>(static_cast<T>(from[i]));
}
NODECUDA_INLINE f64 Value(f64 x) {
  return x;
}
NODECUDA_INLINE f64 Value(f32 x) {
  return x;
}
NODECUDA_INLINE f64 Value(f16 x) {
  return Widen(x);
}
NODECUDA_INLINE f64 Value(bf16 x) {
  return Widen(x);
}
template <class T>
NODECUDA_STAGE LoadReal(std::byte* file, u32 slot, Values* to) {
  const T* from = Slot<T>(file, slot);
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) to->real[i] = Value(from[i]);
}
NODECUDA_STAGE LoadFlushed(std::byte* file, u32 slot, Values* to) {
  const f32* from = Slot<f32>(file, slot);
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) to->real[i] = Flush<true>(from[i]);
}

// Changes.
template <class T>
NODECUDA_STAGE Wrap(Values* v) {
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i)
    v->integer[i] = static_cast<s64>(static_cast<T>(v->integer[i]));
}
template <class T, bool kFromSigned>
NODECUDA_STAGE Clamp(Values* v) {
  using L = Limits<T>;
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) {
    s64 x = v->integer[i];
    const bool negative = kFromSigned && x < 0;
    if (negative) {
      x = x < L::kMin ? L::kMin : x;
    } else {
      x = static_cast<u64>(x) > L::kMax ? static_cast<s64>(L::kMax) : x;
    }
    v->integer[i] = x;
  }
}
// The f64 nearest above 2^53 in steps of 2^11, marked as inexact in its last bit: right for
// rounding once more, to 24 bits or fewer.
template <bool kFromSigned>
NODECUDA_STAGE IntegerToOdd(Values* v) {
  for (int i = 0; i < kWarpSize; ++i) {
    const s64 x = v->integer[i];
    const bool negative = kFromSigned && x < 0;
    u64 size = negative ? 0 - static_cast<u64>(x) : static_cast<u64>(x);
    const u64 rest = size & 0x7ff;
    if (size >> 53) size = (size - rest) | (rest != 0 ? 0x800 : 0);
    const f64 real = static_cast<f64>(size);
    v->real[i] = negative ? -real : real;
  }
}
template <bool kFromSigned, Round kRound>
NODECUDA_STAGE IntegerToF64(Values* v) {
  for (int i = 0; i < kWarpSize; ++i) {
    const s64 x = v->integer[i];
    const bool negative = kFromSigned && x < 0;
    u64 size = negative ? 0 - static_cast<u64>(x) : static_cast<u64>(x);
    if (kRound != Round::kNearest && size >> 53) {
      // Drop what does not fit, then go up by one unit unless rounding towards zero.
      const int extra = 11 - __builtin_clzll(size);
      const u64 rest = size & ((1ull << extra) - 1);
      const bool up = rest != 0 && !TowardsZero<kRound>(negative);
      size -= rest;
      const f64 real = static_cast<f64>(size) + (up ? static_cast<f64>(1ull << extra) : 0.0);
      v->real[i] = negative ? -real : real;
    } else {
      const f64 real = static_cast<f64>(size);
      v->real[i] = negative ? -real : real;
    }
  }
}
template <class T, Round kRound, bool kNanIsTop>
NODECUDA_STAGE ToInteger(Values* v) {
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) {
    v->integer[i] = static_cast<s64>(RealToInteger<T, kRound, kNanIsTop>(v->real[i]));
  }
}
template <Round kRound>
NODECUDA_STAGE ToIntegral(Values* v) {
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) v->real[i] = Integral<kRound>(v->real[i]);
}
NODECUDA_STAGE ToUnit(Values* v) {
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) v->real[i] = Saturate<true>(v->real[i]);
}
NODECUDA_STAGE ToPositive(Values* v) {
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) v->real[i] = Relu(v->real[i]);
}

// Stores.
template <class T>
NODECUDA_INLINE void StoreLanes(std::byte* file, u32 slot, const T* from, LaneMask mask) {
  using Unsigned = typename BitsOfSize<sizeof(T)>::Type;
  Blend(Slot<Unsigned>(file, slot), reinterpret_cast<const Unsigned*>(from), mask);
}
template <class Register>
NODECUDA_STAGE StoreInteger(std::byte* file, u32 slot, const Values& v, LaneMask mask) {
  alignas(64) Register result[kWarpSize];
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) result[i] = static_cast<Register>(v.integer[i]);
  StoreLanes(file, slot, result, mask);
}
template <class T, Round kRound, bool kFtz>
NODECUDA_INLINE T Rounded(f64 x) {
  if constexpr (std::is_same_v<T, f64>) {
    return Canonical(x);
  } else if constexpr (std::is_same_v<T, f32>) {
    return Canonical(Flush<kFtz>(ToF32<kRound>(x)));
  } else {
    return Narrow<T, kRound>(x);
  }
}
template <class T, Round kRound, bool kFtz>
NODECUDA_STAGE StoreReal(std::byte* file, u32 slot, const Values& v, LaneMask mask) {
  alignas(64) T result[kWarpSize];
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kWarpSize; ++i) result[i] = Rounded<T, kRound, kFtz>(v.real[i]);
  StoreLanes(file, slot, result, mask);
}

}  // namespace
}  // namespace nodecuda::simulator::NODECUDA_ISA

#endif  // NODECUDA_SIMULATOR_EXEC_ISA_STAGES_H_
