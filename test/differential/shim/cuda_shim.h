// Just enough CUDA for g++ to compile cuda/modules/*.cu as host code: a second reading of the same
// source, to compare the simulator's run of the PTX with. One block runs at a time, each of its
// threads on a fiber (fibers.cc) that gives way at __syncthreads. Not for use outside this folder.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#define __global__
#define __device__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__

namespace cuda_shim {

struct Index {
  unsigned x = 0, y = 0, z = 0;
};

// Runs `thread()` once for each thread of each block. False if the threads of a block did not all
// arrive at the same number of barriers.
bool RunGrid(Index grid, unsigned threads_per_block, void (*thread)(void*), void* argument);

}  // namespace cuda_shim

extern cuda_shim::Index threadIdx, blockIdx, gridDim;

void __syncthreads();

using std::erfc;
using std::exp;
using std::fma;

inline float __fdividef(float x, float y) {
  return x / y;
}

inline float rsqrtf(float x) {
  return 1 / std::sqrt(x);
}
inline double rsqrt(double x) {
  return 1 / std::sqrt(x);
}
inline std::uint32_t __umulhi(std::uint32_t x, std::uint32_t y) {
  return static_cast<std::uint32_t>(std::uint64_t{x} * y >> 32);
}
inline std::uint64_t __umul64hi(std::uint64_t x, std::uint64_t y) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(x) * y >> 64);
}
inline int __clzll(long long value) {
  return std::countl_zero(static_cast<unsigned long long>(value));
}

namespace cuda_shim {

// A number as float, rounded towards zero.
template <typename Number>
float TowardsZero(Number value) {
  const long double exact = value;
  const auto nearest = static_cast<float>(exact);
  const bool too_far = std::fabs(static_cast<long double>(nearest)) > std::fabs(exact);
  return too_far ? std::nextafter(nearest, 0.0f) : nearest;
}

}  // namespace cuda_shim

inline float __double2float_rz(double value) {
  return cuda_shim::TowardsZero(value);
}
inline float __int2float_rz(int value) {
  return cuda_shim::TowardsZero(value);
}
inline float __uint2float_rz(unsigned value) {
  return cuda_shim::TowardsZero(value);
}
inline float __ll2float_rz(long long value) {
  return cuda_shim::TowardsZero(value);
}
inline float __ull2float_rz(unsigned long long value) {
  return cuda_shim::TowardsZero(value);
}

inline std::uint32_t __float_as_uint(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
inline float __uint_as_float(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}
inline long long __double_as_longlong(double value) {
  return std::bit_cast<long long>(value);
}
inline double __longlong_as_double(long long bits) {
  return std::bit_cast<double>(bits);
}

struct __half {
  std::uint16_t bits;
};
inline __half __ushort_as_half(std::uint16_t bits) {
  return {bits};
}
inline std::uint16_t __half_as_ushort(__half value) {
  return value.bits;
}
inline float __half2float(__half value) {
  return static_cast<float>(std::bit_cast<_Float16>(value.bits));
}
inline __half __float2half_rn(float value) {
  return {std::bit_cast<std::uint16_t>(static_cast<_Float16>(value))};
}

struct __nv_bfloat16 {
  std::uint16_t bits;
};
inline std::uint16_t __bfloat16_as_ushort(__nv_bfloat16 value) {
  return value.bits;
}
inline __nv_bfloat16 __float2bfloat16_rn(float value) {
  if (std::isnan(value)) return {0x7fff};
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t to_even = bits >> 16 & 1;
  return {static_cast<std::uint16_t>((bits + 0x7fff + to_even) >> 16)};
}
