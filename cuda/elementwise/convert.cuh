// Conversions between dtypes.
#pragma once

#include "cuda/elementwise/dtypes.cuh"
#include "cuda/elementwise/tile.cuh"
#include "cuda/rounding.cuh"

namespace elementwise {

// Truncated, limited to what the integer type holds; NaN is 0. In C++ and among GPUs what lies
// outside of the limits differs, so it is never converted.
template <typename To, typename Float>
__device__ __forceinline__ typename To::Value Saturate(Float value) {
  constexpr Float kEnd = static_cast<Float>(To::kMost / 2 + 1) * 2;
  constexpr Float kBegin = static_cast<Float>(To::kLeast);
  if (value >= kEnd) return To::kMost;
  if (value <= kBegin) return To::kLeast;
  return value == value ? static_cast<typename To::Value>(value) : 0;
}

template <typename From, typename To>
__device__ __forceinline__ typename To::Value Convert(typename From::Value value) {
  if constexpr (To::kIsFloat) {
    if constexpr (To::kBytes == 2) return rounding::ToFloatByOdd(value);
    return static_cast<typename To::Value>(value);
  } else if constexpr (From::kIsFloat) {
    return Saturate<To>(value);
  } else {
    return static_cast<typename To::Value>(value);
  }
}

// Integers become integers of another size by their low bits and the sign of the source alone, so
// the conversions to signed ones serve.
template <typename From, typename To, typename Tiles>
__device__ __forceinline__ void ConvertTo(Tiles& tiles) {
  if constexpr (From::kBytes == Tiles::In::kElementBytes &&
                To::kBytes == Tiles::Out::kElementBytes) {
    using Out = typename Tiles::Out;
#pragma unroll 1
    for (int j = 0; j < kVectorsPerThread; ++j) {
      Out result = Out::Zero();
#pragma unroll
      for (int k = 0; k < Out::kCount; ++k) {
        const auto value = From::FromBits(tiles.inputs[0].vectors[0].Get(k));
        result.Set(k, To::ToBits(Convert<From, To>(value)));
      }
      tiles.out.RotateIn(result);
      tiles.inputs[0].Rotate();
    }
  }
}

template <typename From, typename Tiles>
__device__ __forceinline__ void ConvertFrom(Tiles& tiles) {
  const int to = tiles.arguments.destination;
  switch (to) {
    case dtypes::kFloat32:
      return ConvertTo<From, Float32>(tiles);
    case dtypes::kFloat64:
      return ConvertTo<From, Float64>(tiles);
    case dtypes::kFloat16:
      return ConvertTo<From, Float16>(tiles);
    case dtypes::kBfloat16:
      return ConvertTo<From, Bfloat16>(tiles);
  }
  constexpr int kBytes = Tiles::Out::kElementBytes;
  if constexpr (From::kIsFloat) {
    if (IsUnsigned(to)) return ConvertTo<From, UnsignedOf<kBytes>>(tiles);
  }
  return ConvertTo<From, SignedOf<kBytes>>(tiles);
}

template <int kFromBytes, int kToBytes>
__device__ __forceinline__ void RunConvert(const ElementwiseArguments& arguments) {
  Transfer<1, kFromBytes, kToBytes>(arguments).Run([](auto& tiles) {
    const int from = tiles.arguments.source;
    if constexpr (kFromBytes == 2) {
      if (from == dtypes::kFloat16) return ConvertFrom<Float16>(tiles);
      if (from == dtypes::kBfloat16) return ConvertFrom<Bfloat16>(tiles);
    } else if constexpr (kFromBytes == 4) {
      if (from == dtypes::kFloat32) return ConvertFrom<Float32>(tiles);
    } else if constexpr (kFromBytes == 8) {
      if (from == dtypes::kFloat64) return ConvertFrom<Float64>(tiles);
    }
    if (IsUnsigned(from)) return ConvertFrom<UnsignedOf<kFromBytes>>(tiles);
    return ConvertFrom<SignedOf<kFromBytes>>(tiles);
  });
}

}  // namespace elementwise
