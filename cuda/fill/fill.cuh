// Repeats a pattern over memory. Elements of 1, 2, 4 and 8 bytes are one case: the host repeats
// the element up to 8 bytes, and every element size divides that.
#pragma once

#include "cuda/common.cuh"

namespace fill_kernel {

constexpr int kThreads = 256;
constexpr int kVectorsPerThread = 4;

struct alignas(kVectorBytes) Vector {
  std::uint64_t halves[2];
};

}  // namespace fill_kernel

// `out` is aligned to the element size, `bytes` a multiple of it.
// Grid: one block for each kThreads * kVectorsPerThread vectors of `bytes`, at least one.
extern "C" __global__ void __launch_bounds__(fill_kernel::kThreads)
    fill(std::uint8_t* out, std::uint64_t pattern, std::uint64_t bytes) {
  using namespace fill_kernel;
  // [head bytes][vectors][tail bytes]; head and tail are shorter than a vector.
  const std::uint64_t to_aligned =
      (kVectorBytes - reinterpret_cast<std::uintptr_t>(out) % kVectorBytes) % kVectorBytes;
  const std::uint64_t head = to_aligned < bytes ? to_aligned : bytes;
  const std::uint64_t vectors = (bytes - head) / kVectorBytes;
  const std::uint64_t tail_begin = head + vectors * kVectorBytes;

  // The head is whole elements, so the pattern starts afresh with the first vector.
  Vector* out_vectors = reinterpret_cast<Vector*>(out + head);
  const std::uint64_t first =
      static_cast<std::uint64_t>(blockIdx.x) * (kThreads * kVectorsPerThread) + threadIdx.x;
#pragma unroll
  for (int i = 0; i < kVectorsPerThread; ++i) {
    if (first + i * kThreads < vectors) {
      out_vectors[first + i * kThreads] = Vector{{pattern, pattern}};
    }
  }

  if (blockIdx.x == 0 && threadIdx.x < kVectorBytes) {
    const std::uint64_t i = threadIdx.x;
    const auto byte = static_cast<std::uint8_t>(pattern >> (i % 8 * 8));
    if (i < head) out[i] = byte;
    if (tail_begin + i < bytes) out[tail_begin + i] = byte;
  }
}
