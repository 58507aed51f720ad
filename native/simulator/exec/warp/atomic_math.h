#ifndef NODECUDA_SIMULATOR_EXEC_WARP_ATOMIC_MATH_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_ATOMIC_MATH_H_

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "simulator/exec/arithmetic/tensor_math.h"

// What atomic instructions and reductions do to bits in memory: `Of(memory, operand, second
// operand, flush)`. Where `flush` is set, as it is for f32 in global memory, subnormal numbers of
// f32 are zeros.
namespace nodecuda::simulator {

template <typename T>
struct And {
  static T Of(T a, T b, T, bool) { return a & b; }
};
template <typename T>
struct Or {
  static T Of(T a, T b, T, bool) { return a | b; }
};
template <typename T>
struct Xor {
  static T Of(T a, T b, T, bool) { return a ^ b; }
};
template <typename T>
struct Exchange {
  static T Of(T, T b, T, bool) { return b; }
};
template <typename T>
struct CompareAndSwap {
  static T Of(T a, T b, T c, bool) { return a == b ? c : a; }
};
template <typename T>
struct Add {
  static T Of(T a, T b, T, bool) { return a + b; }
};
template <typename T>
struct Increment {
  static T Of(T a, T b, T, bool) { return a >= b ? 0 : a + 1; }
};
template <typename T>
struct Decrement {
  static T Of(T a, T b, T, bool) { return a == 0 || a > b ? b : a - 1; }
};
template <typename T>
struct Min {
  static T Of(T a, T b, T, bool) { return std::min(a, b); }
};
template <typename T>
struct Max {
  static T Of(T a, T b, T, bool) { return std::max(a, b); }
};

struct AddF32 {
  using Bits = std::uint32_t;
  static Bits Flush(Bits bits, bool flush) {
    return flush && (bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits;
  }
  static Bits Of(Bits a, Bits b, Bits, bool flush) {
    const float sum = std::bit_cast<float>(Flush(a, flush)) + std::bit_cast<float>(Flush(b, flush));
    return sum != sum ? 0x7fffffff : Flush(std::bit_cast<Bits>(sum), flush);
  }
};
struct AddF64 {
  using Bits = std::uint64_t;
  static Bits Of(Bits a, Bits b, Bits, bool) {
    const double sum = std::bit_cast<double>(a) + std::bit_cast<double>(b);
    return sum != sum ? 0xfff8000000000000 : std::bit_cast<Bits>(sum);
  }
};

// Formats of 16 bits, read as f32, which holds all their values.
struct F16 {
  static float Read(std::uint16_t bits) { return HalfToFloat(bits); }
  static std::uint16_t Write(float x) { return FloatToHalf(x); }
};
struct BF16 {
  static float Read(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
  static std::uint16_t Write(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if (x != x) return 0x7fff;
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
};

// f32 has digits enough that rounding a sum of halves a second time does no harm.
struct Sum {
  static float Of(float a, float b) { return a + b; }
};
// The number wins over NaN; -0 is less than +0.
struct Least {
  static float Of(float a, float b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? b : a;
    return a < b || (a == b && std::signbit(a)) ? a : b;
  }
};
struct Greatest {
  static float Of(float a, float b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? b : a;
    return a > b || (a == b && !std::signbit(a)) ? a : b;
  }
};

template <typename Format, typename Operation>
struct Half {
  using Bits = std::uint16_t;
  static Bits Of(Bits a, Bits b, Bits, bool) {
    return Format::Write(Operation::Of(Format::Read(a), Format::Read(b)));
  }
};
template <typename Format, typename Operation>
struct BothHalves {
  using Bits = std::uint32_t;
  static Bits Of(Bits a, Bits b, Bits, bool) {
    const auto part = [&](int shift) -> Bits {
      return Half<Format, Operation>::Of(static_cast<std::uint16_t>(a >> shift),
                                         static_cast<std::uint16_t>(b >> shift), 0, false);
    };
    return part(16) << 16 | part(0);
  }
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_ATOMIC_MATH_H_
