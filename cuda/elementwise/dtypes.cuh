// What a dtype is to the elementwise kernels: the bits of an element, and the type that is computed
// in. A 16-bit float is computed in float32 and rounded once; a narrow integer in 32 bits, and cut.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "cuda/common.cuh"
#include "cuda/dtypes.h"

namespace elementwise {

template <typename A, typename B>
constexpr bool kSame = false;
template <typename A>
constexpr bool kSame<A, A> = true;

__device__ __forceinline__ bool IsUnsigned(int dtype) {
  return dtype >= dtypes::kInt8 && dtype % 2 == 1;
}

struct Float32 {
  using Value = float;
  static constexpr int kBytes = 4;
  static constexpr bool kIsFloat = true;
  static __device__ __forceinline__ float FromBits(std::uint32_t bits) {
    return __uint_as_float(bits);
  }
  static __device__ __forceinline__ std::uint32_t ToBits(float value) {
    return __float_as_uint(value);
  }
};

struct Float64 {
  using Value = double;
  static constexpr int kBytes = 8;
  static constexpr bool kIsFloat = true;
  static __device__ __forceinline__ double FromBits(std::uint64_t bits) {
    return __longlong_as_double(static_cast<long long>(bits));
  }
  static __device__ __forceinline__ std::uint64_t ToBits(double value) {
    return static_cast<std::uint64_t>(__double_as_longlong(value));
  }
};

struct Float16 {
  using Value = float;
  static constexpr int kBytes = 2;
  static constexpr bool kIsFloat = true;
  static __device__ __forceinline__ float FromBits(std::uint16_t bits) {
    return __half2float(__ushort_as_half(bits));
  }
  static __device__ __forceinline__ std::uint16_t ToBits(float value) {
    return __half_as_ushort(__float2half_rn(value));
  }
};

struct Bfloat16 {
  using Value = float;
  static constexpr int kBytes = 2;
  static constexpr bool kIsFloat = true;
  static __device__ __forceinline__ float FromBits(std::uint16_t bits) {
    return __uint_as_float(static_cast<std::uint32_t>(bits) << 16);
  }
  static __device__ __forceinline__ std::uint16_t ToBits(float value) {
    return __bfloat16_as_ushort(__float2bfloat16_rn(value));
  }
};

template <typename Element, typename Computed, typename UnsignedComputed>
struct Integer {
  using Value = Computed;
  using Unsigned = UnsignedComputed;  // of Value's width: it wraps, which Value must not do in C++
  static constexpr int kBytes = sizeof(Element);
  static constexpr bool kIsFloat = false;
  static constexpr bool kIsSigned = static_cast<Element>(-1) < Element{0};
  static constexpr int kWidth = 8 * kBytes;
  static constexpr Element kLeast =
      kIsSigned ? static_cast<Element>(std::uint64_t{1} << (kWidth - 1)) : Element{0};
  static constexpr Element kMost = static_cast<Element>(~kLeast);
  template <typename Raw>
  static __device__ __forceinline__ Value FromBits(Raw bits) {
    return static_cast<Element>(bits);
  }
  static __device__ __forceinline__ Element ToBits(Value value) {
    return static_cast<Element>(value);
  }
};

using Int8 = Integer<std::int8_t, std::int32_t, std::uint32_t>;
using Int16 = Integer<std::int16_t, std::int32_t, std::uint32_t>;
using Int32 = Integer<std::int32_t, std::int32_t, std::uint32_t>;
using Int64 = Integer<std::int64_t, std::int64_t, std::uint64_t>;
using Uint8 = Integer<std::uint8_t, std::uint32_t, std::uint32_t>;
using Uint16 = Integer<std::uint16_t, std::uint32_t, std::uint32_t>;
using Uint32 = Integer<std::uint32_t, std::uint32_t, std::uint32_t>;
using Uint64 = Integer<std::uint64_t, std::uint64_t, std::uint64_t>;

template <int kBytes>
struct IntegersOf {
  using SignedElement = Int64;
  using UnsignedElement = Uint64;
};
template <>
struct IntegersOf<1> {
  using SignedElement = Int8;
  using UnsignedElement = Uint8;
};
template <>
struct IntegersOf<2> {
  using SignedElement = Int16;
  using UnsignedElement = Uint16;
};
template <>
struct IntegersOf<4> {
  using SignedElement = Int32;
  using UnsignedElement = Uint32;
};
template <int kBytes>
using SignedOf = typename IntegersOf<kBytes>::SignedElement;
template <int kBytes>
using UnsignedOf = typename IntegersOf<kBytes>::UnsignedElement;

// A scalar of the arguments: in the type that is computed in.
template <typename T>
__device__ __forceinline__ typename T::Value ScalarOf(std::uint64_t bits) {
  if constexpr (T::kIsFloat && T::kBytes < 8) {
    return __uint_as_float(static_cast<std::uint32_t>(bits));
  } else {
    return T::FromBits(bits);
  }
}

}  // namespace elementwise
