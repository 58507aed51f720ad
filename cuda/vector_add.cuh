// out[i] = x[i] + y[i] for every element type, limited by memory bandwidth: each thread has eight
// independent 16-byte loads in flight before it needs the first.
//
// Narrow elements are added where they lie, several to a machine word; an Op below says how. One
// element, zero-extended to a word, is added by the same code.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "common.cuh"

namespace vector_add {

constexpr int kThreads = 256;
constexpr int kVectorsPerThread = 4;

template <typename ElementType, typename WordType = std::uint32_t>
struct Layout {
  using Element = ElementType;
  using Word = WordType;
};

// Integers wrap around, so signed and unsigned ones are the same bits and share an entry.
template <typename Integer>
struct WholeWord : Layout<Integer, Integer> {
  static __device__ Integer Add(Integer x, Integer y) { return x + y; }
};

// Adds without their top bits, so that no carry crosses into the neighbour, then adds those.
template <typename Integer, std::uint32_t kTopBits>
struct PackedIntegers : Layout<Integer> {
  static __device__ std::uint32_t Add(std::uint32_t x, std::uint32_t y) {
    return ((x & ~kTopBits) + (y & ~kTopBits)) ^ ((x ^ y) & kTopBits);
  }
};

struct Float32 : Layout<std::uint32_t> {
  static __device__ std::uint32_t Add(std::uint32_t x, std::uint32_t y) {
    return __float_as_uint(__uint_as_float(x) + __uint_as_float(y));
  }
};

struct Float64 : Layout<std::uint64_t, std::uint64_t> {
  static __device__ std::uint64_t Add(std::uint64_t x, std::uint64_t y) {
    return __double_as_longlong(__longlong_as_double(x) + __longlong_as_double(y));
  }
};

// The two 16-bit floats are added in float32 and rounded once, to nearest even. (For these
// formats that is the correctly rounded sum.)
struct Float16 : Layout<std::uint16_t> {
  static __device__ float Widen(std::uint32_t bits) {
    return __half2float(__ushort_as_half(static_cast<std::uint16_t>(bits)));
  }
  static __device__ std::uint32_t Narrow(float value) {
    return __half_as_ushort(__float2half_rn(value));
  }
  static __device__ std::uint32_t Add(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t low = Narrow(Widen(x) + Widen(y));
    const std::uint32_t high = Narrow(Widen(x >> 16) + Widen(y >> 16));
    return high << 16 | low;
  }
};

struct Bfloat16 : Layout<std::uint16_t> {
  static __device__ std::uint32_t Narrow(float value) {
    return __bfloat16_as_ushort(__float2bfloat16_rn(value));
  }
  static __device__ std::uint32_t Add(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t low = Narrow(__uint_as_float(x << 16) + __uint_as_float(y << 16));
    const std::uint32_t high =
        Narrow(__uint_as_float(x & 0xffff0000u) + __uint_as_float(y & 0xffff0000u));
    return high << 16 | low;
  }
};

// Grid: one block for each kThreads * kVectorsPerThread vectors, the last one partly filled.
template <typename Op>
__device__ __forceinline__ void Run(const void* x_bytes, const void* y_bytes, void* out_bytes,
                                    std::uint64_t length) {
  using Element = typename Op::Element;
  using Word = typename Op::Word;
  struct alignas(kVectorBytes) Vector {
    Word words[kVectorBytes / sizeof(Word)];
    __device__ void Add(const Vector& other) {
#pragma unroll
      for (std::size_t i = 0; i < kVectorBytes / sizeof(Word); ++i) {
        words[i] = Op::Add(words[i], other.words[i]);
      }
    }
  };
  constexpr int kElements = kVectorBytes / sizeof(Element);
  constexpr int kVectors = kThreads * kVectorsPerThread;
  constexpr int kTile = kVectors * kElements;

  const std::uint64_t first = static_cast<std::uint64_t>(blockIdx.x) * kTile;
  const Element* x = static_cast<const Element*>(x_bytes) + first;
  const Element* y = static_cast<const Element*>(y_bytes) + first;
  Element* out = static_cast<Element*>(out_bytes) + first;
  const int count = length - first < kTile ? static_cast<int>(length - first) : kTile;
  const int thread = static_cast<int>(threadIdx.x);

  int done = 0;  // elements that the vectors cover
  if (IsVectorAligned(x) && IsVectorAligned(y) && IsVectorAligned(out)) {
    const Vector* x_vectors = reinterpret_cast<const Vector*>(x);
    const Vector* y_vectors = reinterpret_cast<const Vector*>(y);
    Vector* out_vectors = reinterpret_cast<Vector*>(out);
    if (count == kTile) {
      Vector sums[kVectorsPerThread], others[kVectorsPerThread];
#pragma unroll
      for (int i = 0; i < kVectorsPerThread; ++i) {
        sums[i] = x_vectors[thread + i * kThreads];
        others[i] = y_vectors[thread + i * kThreads];
      }
#pragma unroll
      for (int i = 0; i < kVectorsPerThread; ++i) {
        sums[i].Add(others[i]);
        out_vectors[thread + i * kThreads] = sums[i];
      }
      return;
    }
    const int vectors = count / kElements;
#pragma unroll 1
    for (int i = thread; i < vectors; i += kThreads) {
      Vector sum = x_vectors[i];
      const Vector other = y_vectors[i];
      sum.Add(other);
      out_vectors[i] = sum;
    }
    done = vectors * kElements;
  }
#pragma unroll 1
  for (int i = done + thread; i < count; i += kThreads) {
    out[i] = static_cast<Element>(Op::Add(x[i], y[i]));
  }
}

}  // namespace vector_add

#define NODECUDA_VECTOR_ADD(name, ...)                                                   \
  extern "C" __global__ void __launch_bounds__(vector_add::kThreads)                     \
      vector_add_##name(const void* x, const void* y, void* out, std::uint64_t length) { \
    vector_add::Run<vector_add::__VA_ARGS__>(x, y, out, length);                         \
  }

NODECUDA_VECTOR_ADD(float32, Float32)
NODECUDA_VECTOR_ADD(float64, Float64)
NODECUDA_VECTOR_ADD(float16, Float16)
NODECUDA_VECTOR_ADD(bfloat16, Bfloat16)
NODECUDA_VECTOR_ADD(int8, PackedIntegers<std::uint8_t, 0x80808080u>)
NODECUDA_VECTOR_ADD(int16, PackedIntegers<std::uint16_t, 0x80008000u>)
NODECUDA_VECTOR_ADD(int32, WholeWord<std::uint32_t>)
NODECUDA_VECTOR_ADD(int64, WholeWord<std::uint64_t>)

#undef NODECUDA_VECTOR_ADD
