// Rounding to odd: what lies between two numbers becomes the one whose last bit is set. Rounding
// that to nearest, to at least two bits fewer, gives what rounding the exact value would: no error
// of two roundings (Boldo and Melquiond, 2008).
#pragma once

#include <cstdint>

#include "cuda/common.cuh"

namespace rounding {

// As float32.
__device__ __forceinline__ float RoundToOdd(float truncated, bool exact) {
  return exact ? truncated : __uint_as_float(__float_as_uint(truncated) | 1);
}
__device__ __forceinline__ float ToFloatByOdd(float value) {
  return value;
}
__device__ __forceinline__ float ToFloatByOdd(double value) {
  const float truncated = __double2float_rz(value);
  return RoundToOdd(truncated, truncated == value || value != value);
}
// Towards zero, the float of an integer is one again, of the same type.
__device__ __forceinline__ float ToFloatByOdd(std::int32_t value) {
  const float truncated = __int2float_rz(value);
  return RoundToOdd(truncated, static_cast<std::int32_t>(truncated) == value);
}
__device__ __forceinline__ float ToFloatByOdd(std::uint32_t value) {
  const float truncated = __uint2float_rz(value);
  return RoundToOdd(truncated, static_cast<std::uint32_t>(truncated) == value);
}
__device__ __forceinline__ float ToFloatByOdd(std::int64_t value) {
  const float truncated = __ll2float_rz(value);
  return RoundToOdd(truncated, static_cast<long long>(truncated) == value);
}
__device__ __forceinline__ float ToFloatByOdd(std::uint64_t value) {
  const float truncated = __ull2float_rz(value);
  return RoundToOdd(truncated, static_cast<unsigned long long>(truncated) == value);
}

// The number nearest to some value, and of the same sign as the value's rest beside it: to odd.
__device__ __forceinline__ float ToOdd(float nearest, float rest) {
  const std::uint32_t bits = __float_as_uint(nearest);
  if (bits % 2 != 0 || !(rest > 0 || rest < 0)) return nearest;
  const bool is_larger = ((bits ^ __float_as_uint(rest)) >> 31) == 0;
  return __uint_as_float(is_larger ? bits + 1 : bits - 1);
}
__device__ __forceinline__ double ToOdd(double nearest, double rest) {
  const long long bits = __double_as_longlong(nearest);
  if (bits % 2 != 0 || !(rest > 0 || rest < 0)) return nearest;
  const bool is_larger = (bits ^ __double_as_longlong(rest)) >= 0;
  return __longlong_as_double(is_larger ? bits + 1 : bits - 1);
}

}  // namespace rounding
