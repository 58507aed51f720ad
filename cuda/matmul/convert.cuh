// Matrix elements of any type, and arithmetic in the types that are computed with.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <type_traits>

namespace matmul {

// 16-bit floats by their bits, distinct types so that conversions can be told apart.
struct Float16 {
  std::uint16_t bits;
};
struct Bfloat16 {
  std::uint16_t bits;
};

// To<float>(x): x in another type, rounded to nearest even.
template <typename Target, typename Source>
struct Conversion {
  static __device__ __forceinline__ Target Of(Source value) { return static_cast<Target>(value); }
};
template <typename Target>
struct Conversion<Target, Float16> {
  static __device__ __forceinline__ Target Of(Float16 value) {
    return static_cast<Target>(__half2float(__ushort_as_half(value.bits)));
  }
};
template <typename Target>
struct Conversion<Target, Bfloat16> {
  static __device__ __forceinline__ Target Of(Bfloat16 value) {
    return static_cast<Target>(__uint_as_float(static_cast<std::uint32_t>(value.bits) << 16));
  }
};
template <>
struct Conversion<Float16, float> {
  static __device__ __forceinline__ Float16 Of(float value) {
    return {__half_as_ushort(__float2half_rn(value))};
  }
};
template <>
struct Conversion<Bfloat16, float> {
  static __device__ __forceinline__ Bfloat16 Of(float value) {
    return {__bfloat16_as_ushort(__float2bfloat16_rn(value))};
  }
};

// Integers go through unsigned ones, because only these may wrap around.
template <typename T>
__device__ __forceinline__ T Add(T x, T y) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::uint32_t>(x) + static_cast<std::uint32_t>(y));
  } else {
    return x + y;
  }
}
template <typename T>
__device__ __forceinline__ T Multiply(T x, T y) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::uint32_t>(x) * static_cast<std::uint32_t>(y));
  } else {
    return x * y;
  }
}
template <typename T>
__device__ __forceinline__ T MultiplyAdd(T x, T y, T sum) {
  if constexpr (std::is_integral_v<T>) {
    return Add(Multiply(x, y), sum);
  } else {
    return fma(x, y, sum);
  }
}

template <typename Target, typename Source>
__device__ __forceinline__ Target To(Source value) {
  return Conversion<Target, Source>::Of(value);
}

}  // namespace matmul
