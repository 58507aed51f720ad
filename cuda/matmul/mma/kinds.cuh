// What is multiplied: element types and the way a warp multiplies a step of fragments. A kind has
//   Element, Accumulator, Output   of the operands, the sums, and (usually) the result
//   Register, kRegisters           of a fragment, see instructions.cuh
//   kNeedsRegisters                whether Multiply needs many more than its operands
//   Multiply(c, a, b)              c += a b, for all fragments of a warp
#pragma once

#include "cuda/matmul/convert.cuh"
#include "cuda/matmul/mma/instructions.cuh"

namespace matmul {

// Calls multiply(c, a, b0, b1) for each product of a warp.
template <typename Accumulator, typename Register, int kRows, int kColumns, int kRegisters,
          typename Function>
__device__ __forceinline__ void ForEachProduct(Accumulator (&c)[kRows][kColumns * 2][4],
                                               const Register (&a)[kRows][kRegisters],
                                               const Register (&b)[kColumns][kRegisters],
                                               Function multiply) {
  constexpr int kPerHalf = kRegisters / 2;
#pragma unroll
  for (int j = 0; j < kColumns * 2; ++j) {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      multiply(c[i][j], a[i], b[j / 2][j % 2 * kPerHalf],
               b[j / 2][j % 2 * kPerHalf + kPerHalf - 1]);
    }
  }
}

template <typename A, typename O>
struct KindOfWords {
  using Accumulator = A;
  using Output = O;
  using Register = std::uint32_t;
  static constexpr int kRegisters = 4;
  static constexpr bool kNeedsRegisters = false;
};

struct Float16Kind : KindOfWords<float, Float16> {
  using Element = Float16;
  template <typename C, typename A, typename B>
  static __device__ __forceinline__ void Multiply(C& c, A& a, B& b) {
    ForEachProduct(c, a, b, [](float(&d)[4], const Words& x, std::uint32_t y0, std::uint32_t y1) {
      MultiplyFloat16(d, x, y0, y1, d);
    });
  }
};

struct Int8Kind : KindOfWords<int, int> {
  using Element = std::int8_t;
  template <typename C, typename A, typename B>
  static __device__ __forceinline__ void Multiply(C& c, A& a, B& b) {
    ForEachProduct(c, a, b, [](int(&d)[4], const Words& x, std::uint32_t y0, std::uint32_t y1) {
      MultiplyInt8(d, x, y0, y1);
    });
  }
};

#if !NODECUDA_MMA_TURING

struct Bfloat16Kind : KindOfWords<float, Bfloat16> {
  using Element = Bfloat16;
  template <typename C, typename A, typename B>
  static __device__ __forceinline__ void Multiply(C& c, A& a, B& b) {
    ForEachProduct(c, a, b, [](float(&d)[4], const Words& x, std::uint32_t y0, std::uint32_t y1) {
      MultiplyBfloat16(d, x, y0, y1, d);
    });
  }
};

// Rounds a float32 to tf32, halves away from zero, up to the low 13 bits, which the product
// ignores. As cvt.rna.tf32, which is a conversion and as slow as one; but finite numbers that would
// round to infinity are truncated.
constexpr std::uint32_t kTf32Mask = 0xffffe000u, kTf32Half = 0x1000u;
constexpr float kRoundsToInfinity = 0x1.ffep127f;
// Makes a NaN one that is still a NaN without the low bits.
__device__ __forceinline__ std::uint32_t Quieten(float value) {
  return __float_as_uint(__fadd_rn(value, 0.0f));
}
__device__ __forceinline__ std::uint32_t RoundToTf32(std::uint32_t bits) {
  const float value = __uint_as_float(bits);
  const std::uint32_t rounded = bits + kTf32Half, unrounded = Quieten(value);
  return fabsf(value) < kRoundsToInfinity ? rounded : unrounded;
}

struct Tf32Kind : KindOfWords<float, float> {
  using Element = float;
  template <typename C, int kRows, int kColumns>
  static __device__ __forceinline__ void Multiply(C& c, Words (&a)[kRows], Words (&b)[kColumns]) {
    Round(a);
    Round(b);
    ForEachProduct(c, a, b, [](float(&d)[4], const Words& x, std::uint32_t y0, std::uint32_t y1) {
      MultiplyTf32(d, x, y0, y1, d);
    });
  }

 private:
  template <int kCount>
  static __device__ __forceinline__ void Round(Words (&fragments)[kCount]) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
#pragma unroll
      for (int r = 0; r < 4; ++r) fragments[i][r] = RoundToTf32(fragments[i][r]);
    }
  }
};

// Nearly the precision of float32 (3xTF32): each operand is the sum of two tf32 numbers, big and
// small, and three of the four products are added up, the small ones first.
//
// Tensor cores truncate their sums. Over all of k that would add up to many times the error of
// rounded sums, so they only sum up one step (Ootomo and Yokota, 2022).
//
// What the small parts have added is dropped where it is not finite, before the big ones come: then
// a product of big parts has overflowed, an operand is infinite or none, and the big parts alone
// know the result. (The small part of an infinity is a NaN, and a small part may have the other
// sign.)
struct FastFloat32Kind : KindOfWords<float, float> {
  using Element = float;
  static constexpr bool kNeedsRegisters = true;
  template <int kRows, int kColumns>
  static __device__ __forceinline__ void Multiply(float (&c)[kRows][kColumns * 2][4],
                                                  const Words (&a)[kRows],
                                                  const Words (&b)[kColumns]) {
    Words a_big[kRows], a_small[kRows];
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int r = 0; r < 4; ++r) Split(a[i][r], a_big[i][r], a_small[i][r]);
    }
#pragma unroll
    for (int j = 0; j < kColumns * 2; ++j) {
      std::uint32_t b_big[2], b_small[2];
      Split(b[j / 2][j % 2 * 2], b_big[0], b_small[0]);
      Split(b[j / 2][j % 2 * 2 + 1], b_big[1], b_small[1]);
      float sums[kRows][4] = {};
      // The products of one sum wait for each other, those of different sums do not.
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        MultiplyTf32(sums[i], a_small[i], b_big[0], b_big[1], sums[i]);
      }
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        MultiplyTf32(sums[i], a_big[i], b_small[0], b_small[1], sums[i]);
      }
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
#pragma unroll
        for (int r = 0; r < 4; ++r) sums[i][r] = fabsf(sums[i][r]) <= kMostFloat ? sums[i][r] : 0;
        MultiplyTf32(sums[i], a_big[i], b_big[0], b_big[1], sums[i]);
      }
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
#pragma unroll
        for (int r = 0; r < 4; ++r) c[i][j][r] += sums[i][r];
      }
    }
  }

 private:
  static constexpr float kMostFloat = 0x1.fffffep127f;
  // Where the big part is not rounded up, the small one is not: both would be more than the value.
  static __device__ __forceinline__ void Split(std::uint32_t bits, std::uint32_t& big,
                                               std::uint32_t& small) {
    const float value = __uint_as_float(bits);
    big = RoundToTf32(bits);
    const std::uint32_t rest = __float_as_uint(value - __uint_as_float(big & kTf32Mask));
    small = fabsf(value) < kRoundsToInfinity ? rest + kTf32Half : rest;
  }
};

struct Float64Kind {
  using Element = double;
  using Accumulator = double;
  using Output = double;
  using Register = double;
  static constexpr int kRegisters = 2;
  static constexpr bool kNeedsRegisters = false;
  template <typename C, typename A, typename B>
  static __device__ __forceinline__ void Multiply(C& c, A& a, B& b) {
    ForEachProduct(c, a, b, [](double(&d)[4], const double(&x)[2], double y, double) {
      MultiplyFloat64(d, x, y);
    });
  }
};

#endif  // !NODECUDA_MMA_TURING

}  // namespace matmul
