// The operations, on single values of the type that is computed in. Each has a row below with its
// name, so that the kernels can switch over them.
#pragma once

#include "cuda/elementwise/dtypes.cuh"
#include "cuda/elementwise/math.cuh"
#include "cuda/elementwise/tile.cuh"

namespace elementwise {

template <typename T>
struct Scalars {
  typename T::Value first, second;
};

// What is asked of the operations of a family. The first of those for floats only:
template <typename Operation>
constexpr int kFirstOfFloats = kLastUnaryOfIntegers + 1;
template <>
constexpr int kFirstOfFloats<BinaryOperation> = kLastBinaryOfIntegers + 1;

template <typename T, auto kOperation>
constexpr bool kHas = T::kIsFloat || kOperation < kFirstOfFloats<decltype(kOperation)>;

// Whether it makes a difference for integers if they are signed.
template <auto kOperation>
constexpr bool kMindsSign = false;
template <>
constexpr bool kMindsSign<kDivide> = true;
template <>
constexpr bool kMindsSign<kMaximum> = true;
template <>
constexpr bool kMindsSign<kMinimum> = true;
template <>
constexpr bool kMindsSign<kAbs> = true;
template <>
constexpr bool kMindsSign<kRelu> = true;
template <>
constexpr bool kMindsSign<kClamp> = true;

// How often an operation is in the code: for each element of a thread's tile, of a vector or of a
// word. The more instructions it takes, the rarer: a loop over registers costs moves instead.
enum Unroll { kTiles, kVectors, kWords };
template <auto kOperation>
constexpr Unroll kUnrollOfFloats =
    kOperation >= kFirstOfFloats<decltype(kOperation)> ? kWords : kTiles;
template <>
constexpr Unroll kUnrollOfFloats<kDivide> = kVectors;
template <>
constexpr Unroll kUnrollOfFloats<kRsqrt> = kVectors;
template <>
constexpr Unroll kUnrollOfFloats<kExp> = kVectors;
template <>
constexpr Unroll kUnrollOfFloats<kSigmoid> = kVectors;
template <>
constexpr Unroll kUnrollOfFloats<kSilu> = kVectors;

template <typename T, auto kOperation>
constexpr Unroll UnrollOf() {
  if (T::kIsFloat) {
    const Unroll unroll = kUnrollOfFloats<kOperation>;
    return T::kBytes == 2 && unroll == kTiles ? kVectors : unroll;
  }
  if (T::kBytes == 1) return kWords;
  return T::kBytes == 2 ? kVectors : kTiles;
}
template <typename T, auto kOperation>
constexpr Unroll kUnroll = UnrollOf<T, kOperation>();
template <typename T>
constexpr Unroll kUnroll<T, kDivide> = T::kIsFloat ? kVectors : kWords;

template <typename T>
__device__ __forceinline__ typename T::Value Divide(typename T::Value x, typename T::Value y) {
  if constexpr (T::kIsFloat) {
    return x / y;
  } else {
    using Value = typename T::Value;
    if (y == 0) return 0;
    // The one quotient that does not fit wraps around, to the least integer.
    if constexpr (T::kIsSigned) {
      if (y == -1) return static_cast<Value>(0 - static_cast<typename T::Unsigned>(x));
    }
    return x / y;
  }
}

template <typename T, BinaryOperation kOperation>
__device__ __forceinline__ typename T::Value Compute(typename T::Value x, typename T::Value y,
                                                     const Scalars<T>& scalars) {
  using Value = typename T::Value;
  if constexpr (kOperation == kDivide) {
    return Divide<T>(x, y);
  } else if constexpr (kOperation == kMaximum) {
    return x > y || x != x ? x : y;  // y if that is NaN
  } else if constexpr (kOperation == kMinimum) {
    return x < y || x != x ? x : y;
  } else if constexpr (kOperation == kPower) {
    return Power(x, y);
  } else if constexpr (T::kIsFloat) {
    if constexpr (kOperation == kAdd) return x + y;
    if constexpr (kOperation == kSubtract) return x - y;
    if constexpr (kOperation == kMultiply) return x * y;
    if constexpr (kOperation == kAxpy) return FusedMultiplyAdd(scalars.first, x, y);
  } else {
    const auto a = static_cast<typename T::Unsigned>(x), b = static_cast<typename T::Unsigned>(y);
    if constexpr (kOperation == kAdd) return static_cast<Value>(a + b);
    if constexpr (kOperation == kSubtract) return static_cast<Value>(a - b);
    if constexpr (kOperation == kMultiply) return static_cast<Value>(a * b);
    if constexpr (kOperation == kAxpy) {
      return static_cast<Value>(static_cast<typename T::Unsigned>(scalars.first) * a + b);
    }
  }
}

// Sign, size and limits: the operations of every dtype.
template <typename T, UnaryOperation kOperation>
__device__ __forceinline__ typename T::Value ComputeSimple(typename T::Value x,
                                                           const Scalars<T>& scalars) {
  using Value = typename T::Value;
  if constexpr (kOperation == kRelu) {
    return Relu(x);
  } else if constexpr (kOperation == kClamp) {
    return x < scalars.first ? scalars.first : x > scalars.second ? scalars.second : x;
  } else if constexpr (T::kIsFloat) {
    if constexpr (kOperation == kNegate) return -x;
    if constexpr (kOperation == kAbs) return AbsoluteValue(x);
    if constexpr (kOperation == kSquare) return x * x;
    if constexpr (kOperation == kScale) return x * scalars.first;
  } else {
    const auto a = static_cast<typename T::Unsigned>(x);
    if constexpr (kOperation == kNegate) return static_cast<Value>(0 - a);
    if constexpr (kOperation == kAbs) {
      return T::kIsSigned && x < static_cast<Value>(1) ? static_cast<Value>(0 - a) : x;
    }
    if constexpr (kOperation == kSquare) return static_cast<Value>(a * a);
    if constexpr (kOperation == kScale) {
      return static_cast<Value>(a * static_cast<typename T::Unsigned>(scalars.first));
    }
  }
}

template <typename T, UnaryOperation kOperation>
__device__ __forceinline__ typename T::Value Compute(typename T::Value x,
                                                     const Scalars<T>& scalars) {
  if constexpr (kOperation < kSqrt) return ComputeSimple<T, kOperation>(x, scalars);
  if constexpr (kOperation == kSqrt) return SquareRoot(x);
  if constexpr (kOperation == kRsqrt) return ReciprocalSquareRoot(x);
  if constexpr (kOperation == kReciprocal) return 1 / x;
  if constexpr (kOperation == kExp) return Exponential(x);
  if constexpr (kOperation == kLog) return Logarithm(x);
  if constexpr (kOperation == kSin) return Sine(x);
  if constexpr (kOperation == kCos) return Cosine(x);
  if constexpr (kOperation == kTanh) return HyperbolicTangent(x);
  if constexpr (kOperation == kSigmoid) return Sigmoid(x);
  if constexpr (kOperation == kSilu) return Silu(x);
  if constexpr (kOperation == kGelu) return Gelu(x);
}

// One operation over the tile of a thread.
template <typename T, auto kOperation, int kInputs>
struct TileLoop {
  using Tiles = Transfer<kInputs, T::kBytes, T::kBytes>;
  using Vectors = typename Tiles::In;
  using Word = typename Vectors::Word;

  Tiles& tiles;
  Scalars<T> scalars;

  __device__ __forceinline__ explicit TileLoop(Tiles& all)
      : tiles(all),
        scalars{ScalarOf<T>(all.arguments.scalars[0]), ScalarOf<T>(all.arguments.scalars[1])} {}

  __device__ __forceinline__ void Run() {
    if constexpr (kUnroll<T, kOperation> == kTiles) {
#pragma unroll
      for (int j = 0; j < kVectorsPerThread; ++j) tiles.out.vectors[j] = ComputeVector(j);
    } else {
#pragma unroll 1
      for (int j = 0; j < kVectorsPerThread; ++j) {
        tiles.out.RotateIn(ComputeVector(0));
#pragma unroll
        for (int i = 0; i < kInputs; ++i) tiles.inputs[i].Rotate();
      }
    }
  }

 private:
  __device__ __forceinline__ Vectors ComputeVector(int j) {
    Vectors result = Vectors::Zero();
    if constexpr (kUnroll<T, kOperation> == kWords) {
#pragma unroll 1
      for (int w = 0; w < Vectors::kWords; ++w) {
        result.RotateIn(ComputeWord(j, 0));
#pragma unroll
        for (int i = 0; i < kInputs; ++i) tiles.inputs[i].vectors[j].Rotate();
      }
    } else {
#pragma unroll
      for (int w = 0; w < Vectors::kWords; ++w) result.words[w] = ComputeWord(j, w);
    }
    return result;
  }

  __device__ __forceinline__ Word ComputeWord(int j, int w) const {
    Vectors result = Vectors::Zero();
#pragma unroll
    for (int k = 0; k < Vectors::kPerWord; ++k) {
      const int element = w * Vectors::kPerWord + k;
      const auto x = T::FromBits(tiles.inputs[0].vectors[j].Get(element));
      if constexpr (kInputs == 2) {
        const auto y = T::FromBits(tiles.inputs[1].vectors[j].Get(element));
        result.Set(k, T::ToBits(Compute<T, kOperation>(x, y, scalars)));
      } else {
        result.Set(k, T::ToBits(Compute<T, kOperation>(x, scalars)));
      }
    }
    return result.words[0];
  }
};

}  // namespace elementwise
