// Sums of products as matrix units compute them, eight columns side by side, in integers.
#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/isa/numbers.h"
#include "simulator/exec/isa/tensor_tile.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

constexpr int kColumns = kTensorColumnStep;
constexpr int kMaxDepth = kMaxTensorDepth;

using Ints = s32 __attribute__((vector_size(4 * kColumns)));
using Words = u32 __attribute__((vector_size(4 * kColumns)));
using Reals = f64 __attribute__((vector_size(8 * kColumns)));
using Longs = s64 __attribute__((vector_size(8 * kColumns)));

// Exponents that finite numbers do not have. A zero's is never the largest; one of the others in
// any term shows in the largest exponent of the sum.
constexpr s32 kZero = -4096, kInfinite = 16000, kNotANumber = 32000, kSpecial = 8000;

// (-1)^sign * magnitude * 2^(exponent - fraction bits); sign is 0 or -1.
struct Numbers {
  s32 magnitude[kMaxDepth * kColumns];
  s32 sign[kMaxDepth * kColumns];
  s32 exponent[kMaxDepth * kColumns];
};

// Takes `count` numbers apart; `left` moves the magnitudes.
NODECUDA_INLINE void TakeApart(const TensorFormat& format, const u32* bits, int count, int at,
                               int left, Numbers* out) {
  const u32 top = (1u << format.exponent_bits) - 1;
  const u32 hidden = 1u << format.fraction_bits;
  const u32 least_nan = top << format.fraction_bits | (format.has_infinity ? 1 : hidden - 1);
  const u32 infinity = format.has_infinity ? top << format.fraction_bits : ~0u;
  NODECUDA_LANE_LOOP
  for (int i = 0; i < count; ++i) {
    const u32 number = bits[i] >> format.unused_bits;
    const u32 size = number & ((hidden << format.exponent_bits) - 1);
    const u32 field = size >> format.fraction_bits;
    const u32 fraction = size & (hidden - 1);
    s32 exponent = static_cast<s32>(field != 0 ? field : 1) - format.bias;
    exponent = size == 0 ? kZero : exponent;
    exponent = size == infinity ? kInfinite : exponent;
    exponent = size >= least_nan ? kNotANumber : exponent;
    out->magnitude[at + i] = static_cast<s32>((field != 0 ? fraction | hidden : fraction) << left);
    out->sign[at + i] =
        -static_cast<s32>(number >> (format.fraction_bits + format.exponent_bits) & 1);
    out->exponent[at + i] = exponent;
  }
}

// The sum where a term is infinite or no number. `a` and `b` begin at the sum's first product.
__attribute__((noinline)) f32 SumOfSpecials(const s32* a_exponent, const s32* a_sign,
                                            const s32* b_exponent, const s32* b_sign, int products,
                                            f32 c) {
  const f32 infinity = __builtin_inff();
  f32 sum = c - c == 0 ? 0 : c;
  for (int i = 0; i < products; ++i) {
    const s32 ea = a_exponent[i], eb = b_exponent[i * kColumns];
    if (ea == kNotANumber || eb == kNotANumber) return Bits<f32>(kNan32);
    if (ea != kInfinite && eb != kInfinite) continue;
    if (ea == kZero || eb == kZero) return Bits<f32>(kNan32);
    sum += (a_sign[i] ^ b_sign[i * kColumns]) != 0 ? -infinity : infinity;
  }
  return Canonical(sum);
}

// Cut toward zero to `dropped` bits less than a double has, and to what f32 can hold.
NODECUDA_INLINE f32 CutToF32(f64 x, u64 kept) {
  const f64 cut = Bits<f64>(Bits<u64>(x) & kept);
  const bool subnormal = __builtin_fabs(x) < 0x1p-126;
  const f64 units = static_cast<f64>(static_cast<s32>(subnormal ? x * 0x1p149 : 0.0));
  return static_cast<f32>(subnormal ? units * 0x1p-149 : cut);
}

// One row of a and eight columns of b: c += their product, in sums of tile.products terms.
NODECUDA_INLINE void MultiplyRow(const TensorTile& tile, const Numbers& a, const Numbers& b,
                                 f32* c) {
  const u64 kept = ~u64{0} << (52 - tile.result_bits);
  for (int begin = 0; begin < tile.k; begin += tile.products) {
    const int products = tile.k - begin < tile.products ? tile.k - begin : tile.products;

    // The accumulator is a term as the others are.
    alignas(64) s32 c_exponent[kColumns], c_term[kColumns];
    const int c_left = tile.fraction_bits > 23 ? tile.fraction_bits - 23 : 0;
    const int c_right = tile.fraction_bits < 23 ? 23 - tile.fraction_bits : 0;
    const s32 least = tile.half_result ? -14 : -126;
    NODECUDA_LANE_LOOP
    for (int j = 0; j < kColumns; ++j) {
      const u32 bits = Bits<u32>(c[j]), size = bits & 0x7fffffff;
      const s32 field = static_cast<s32>(size >> 23);
      const s32 natural = (field != 0 ? field : 1) - 127;
      const s32 exponent = natural > least ? natural : least;
      const u32 significand = (size & 0x7fffff) | (field != 0 ? 0x800000u : 0u);
      const s32 down = exponent - natural < 31 ? exponent - natural : 31;
      const u32 term = (significand >> down) << c_left >> c_right;
      c_term[j] = static_cast<s32>(bits >> 31 != 0 ? 0 - term : term);
      c_exponent[j] = size == 0 ? kZero : field == 255 ? kNotANumber : exponent;
    }

    Ints exponents[kMaxDepth];
    Ints largest = *reinterpret_cast<const Ints*>(c_exponent);
    for (int i = 0; i < products; ++i) {
      const int at = begin + i;
      exponents[i] = *reinterpret_cast<const Ints*>(b.exponent + at * kColumns) + a.exponent[at];
      largest = exponents[i] > largest ? exponents[i] : largest;
    }

    const Ints c_distance = largest - *reinterpret_cast<const Ints*>(c_exponent);
    const Ints c_shift = c_distance < 31 ? c_distance : Ints{} + 31;
    const Ints c_terms = *reinterpret_cast<const Ints*>(c_term);
    const Ints c_sign = c_terms >> 31;
    const Ints c_size = (c_terms ^ c_sign) - c_sign;
    Ints sum = ((c_size >> c_shift) ^ c_sign) - c_sign;
    Reals total = {};
    for (int first = 0; first < products; first += 8) {
      // Terms are below 2^(fraction bits + 2) <= 2^27: eight of them, and c, fit 32 bits.
      const int end = first + 8 < products ? first + 8 : products;
      for (int i = first; i < end; ++i) {
        const int at = begin + i;
        const Ints size =
            *reinterpret_cast<const Ints*>(b.magnitude + at * kColumns) * a.magnitude[at];
        const Ints sign = *reinterpret_cast<const Ints*>(b.sign + at * kColumns) ^ a.sign[at];
        const Ints distance = largest - exponents[i];
        const Ints shift = distance < 31 ? distance : Ints{} + 31;
        sum += ((size >> shift) ^ sign) - sign;
      }
      total += __builtin_convertvector(sum, Reals);
      sum = Ints{};
    }

    // An empty sum has the exponent of a zero, which as a power of two a double cannot have.
    const Ints floor = largest > -900 ? largest : Ints{} - 900;
    const Longs power = __builtin_convertvector(floor - tile.fraction_bits + 1023, Longs) << 52;
    alignas(64) f64 exact[kColumns];
    *reinterpret_cast<Reals*>(exact) = total * reinterpret_cast<const Reals&>(power);
    alignas(32) f32 result[kColumns];
    if (tile.half_result) {
      NODECUDA_LANE_LOOP
      for (int j = 0; j < kColumns; ++j) result[j] = Widen(Narrow<f16, Round::kNearest>(exact[j]));
    } else {
      NODECUDA_LANE_LOOP
      for (int j = 0; j < kColumns; ++j) result[j] = CutToF32(exact[j], kept);
    }
    s32 special = 0;
    for (int j = 0; j < kColumns; ++j) special |= largest[j] > kSpecial;
    for (int j = 0; special != 0 && j < kColumns; ++j) {
      if (largest[j] > kSpecial)
        result[j] =
            SumOfSpecials(a.exponent + begin, a.sign + begin, b.exponent + begin * kColumns + j,
                          b.sign + begin * kColumns + j, products, c[j]);
    }
    __builtin_memcpy(c, result, sizeof result);
  }
}

}  // namespace

void MultiplyTile(const TensorTile& tile) {
  alignas(64) Numbers a, b;
  const int left = tile.fraction_bits - tile.a_format.fraction_bits - tile.b_format.fraction_bits;
  for (int column = 0; column < tile.n; column += kColumns) {
    for (int i = 0; i < tile.k; ++i)
      TakeApart(tile.b_format, tile.b + i * tile.n + column, kColumns, i * kColumns, 0, &b);
    for (int row = 0; row < tile.m; ++row) {
      TakeApart(tile.a_format, tile.a + row * tile.k, tile.k, 0, left, &a);
      MultiplyRow(tile, a, b, tile.c + row * tile.n + column);
    }
  }
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
