#ifndef NODECUDA_SIMULATOR_EXEC_WARP_FLOAT_ATOMICS_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_FLOAT_ATOMICS_H_

#include <bit>
#include <cmath>
#include <cstdint>

#include "simulator/exec/arithmetic/tensor_math.h"

// What atomic instructions do to floats, as bits: `Of(memory, operand, unused, flush)`. Where
// `flush` is set, as it is for f32 in global memory, subnormal numbers of f32 are zeros.
namespace nodecuda::simulator {

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

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_FLOAT_ATOMICS_H_
