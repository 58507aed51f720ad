// How the elements of each dtype are stored and what they are added up in.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "cuda/common.cuh"
#include "cuda/dtypes.h"
#include "cuda/reduce/arguments.h"
#include "cuda/rounding.cuh"

namespace reduce {

struct Float32 {
  using Stored = float;
  using Wide = float;
  __device__ explicit Float32(int) {}
  __device__ float Widen(float value) const { return value; }
  __device__ float Narrow(float value) const { return value; }
};

struct Float64 {
  using Stored = double;
  using Wide = double;
  __device__ explicit Float64(int) {}
  __device__ double Widen(double value) const { return value; }
  __device__ double Narrow(double value) const { return value; }
};

// float16 or bfloat16: an instruction more for each element costs memory-bound code nothing, and
// halves its size.
struct Float16 {
  using Stored = std::uint16_t;
  using Wide = float;
  __device__ explicit Float16(int dtype) : is_bfloat16_(dtype == dtypes::kBfloat16) {}
  __device__ float Widen(std::uint16_t bits) const {
    const float bfloat16 = __uint_as_float(static_cast<std::uint32_t>(bits) << 16);
    return is_bfloat16_ ? bfloat16 : __half2float(__ushort_as_half(bits));
  }
  __device__ std::uint16_t Narrow(float value) const {
    const std::uint16_t bfloat16 = __bfloat16_as_ushort(__float2bfloat16_rn(value));
    return is_bfloat16_ ? bfloat16 : __half_as_ushort(__float2half_rn(value));
  }

 private:
  bool is_bfloat16_;
};

// Bytes of a row that a thread loads at a time. Sixteen narrow elements would take too many
// registers to unpack.
template <typename Stored>
constexpr int kRowVectorBytes = sizeof(Stored) == 1 ? 8 : kVectorBytes;

// Elements that are loaded or stored by one instruction, or 16 bytes at a time. While they are in
// flight they are words: as elements, narrow ones would take a register each.
template <int kBytes>
struct alignas(kBytes < kVectorBytes ? kBytes : kVectorBytes) Words {
  std::uint32_t words[kBytes / 4];
};
template <>
struct Words<2> {
  std::uint16_t bits;
};
template <>
struct Words<1> {
  std::uint8_t bits;
};

template <typename Stored, int kElements>
struct alignas(sizeof(Stored) * kElements) Pack {
  using InFlight = Words<sizeof(Stored) * kElements>;

  static __device__ __forceinline__ InFlight Load(const Stored* pointer) {
    return *reinterpret_cast<const InFlight*>(pointer);
  }
  static __device__ __forceinline__ Pack Of(const InFlight& words) {
    Pack pack;
    memcpy(&pack, &words, sizeof(pack));
    return pack;
  }
  __device__ __forceinline__ void Store(Stored* pointer) const {
    InFlight words;
    memcpy(&words, this, sizeof(words));
    *reinterpret_cast<InFlight*>(pointer) = words;
  }

  Stored elements[kElements];
};

// Of an integer dtype.
__device__ __forceinline__ bool IsUnsigned(const ReduceArguments& a) {
  return a.dtype % 2 != 0;
}

template <typename T>
__device__ __forceinline__ T ShuffleXor(const T& value, int lane_mask) {
  static_assert(sizeof(T) % 4 == 0, "whole words");
  T other;
  const auto* from = reinterpret_cast<const unsigned*>(&value);
  auto* to = reinterpret_cast<unsigned*>(&other);
#pragma unroll
  for (std::size_t i = 0; i < sizeof(T) / 4; ++i) {
    to[i] = __shfl_xor_sync(0xffffffffu, from[i], lane_mask);
  }
  return other;
}

// Writes a floating-point result in the dtype asked for, rounded once. The result is the value next
// to `value` on the side of `rest`, if that is not 0.
template <typename Wide>
__device__ __forceinline__ void StoreReal(void* out, std::int64_t index, int dtype, Wide value,
                                          Wide rest = 0) {
  if (dtype == dtypes::kFloat64) {
    static_cast<double*>(out)[index] = static_cast<double>(value);
  } else if (dtype == dtypes::kFloat32) {
    if (sizeof(Wide) > sizeof(float)) value = rounding::ToOdd(value, rest);
    static_cast<float*>(out)[index] = static_cast<float>(value);
  } else {
    const float odd = rounding::ToFloatByOdd(rounding::ToOdd(value, rest));
    static_cast<std::uint16_t*>(out)[index] = Float16(dtype).Narrow(odd);
  }
}

}  // namespace reduce
