// Just enough CUDA for g++ to compile cuda/*.cu as host code: a second reading of the same source,
// to compare the simulator's run of the PTX with. One block runs at a time, each of its threads on
// a fiber (fibers.cc) that gives way at __syncthreads. Not for use outside this folder.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#define __global__
#define __device__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(...)

namespace cuda_shim {

struct Index {
  unsigned x = 0, y = 0, z = 0;
};

// Runs `thread()` once for each thread of each block. False if the threads of a block did not all
// arrive at the same number of barriers.
bool RunGrid(unsigned blocks, unsigned threads_per_block, void (*thread)(void*), void* argument);

}  // namespace cuda_shim

extern cuda_shim::Index threadIdx, blockIdx;

void __syncthreads();

using std::fma;

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
