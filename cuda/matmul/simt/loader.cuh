// Moves tiles of a and b from global to shared memory for the kernels of simt.cuh.
#pragma once

#include "cuda/common.cuh"
#include "cuda/matmul/convert.cuh"
#include "cuda/matmul/tile.cuh"

namespace matmul {

// Whether copies from global to shared memory can pass the registers by.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
constexpr bool kHasAsyncCopies = true;

// Copies `used` of kSize bytes and writes zeros for the others; reads nothing if it is 0.
template <int kSize>
__device__ __forceinline__ void CopyAsync(void* shared, const void* global, int used) {
  const auto target = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  if constexpr (kSize == kVectorBytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(global),
                 "r"(used)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(target), "l"(global),
                 "n"(kSize), "r"(used)
                 : "memory");
  }
}
__device__ __forceinline__ void CommitCopies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
// Waits for all groups but the kPending latest.
template <int kPending>
__device__ __forceinline__ void WaitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}
#else
constexpr bool kHasAsyncCopies = false;

template <int kSize>
__device__ __forceinline__ void CopyAsync(void*, const void*, int) {}
__device__ __forceinline__ void CommitCopies() {}
template <int kPending>
__device__ __forceinline__ void WaitForCopies() {}
#endif

// The same value, of which the compiler does not know that: what is computed from it in a loop
// stays there.
__device__ __forceinline__ int Opaque(int value) {
  asm volatile("" : "+r"(value));
  return value;
}

template <typename T>
constexpr int kVectorElements = kVectorBytes / static_cast<int>(sizeof(T));

// One operand's tile in shared memory, with k as the slow index whichever way the operand is
// stored, so that a thread reads its rows (of a) or columns (of b) as vectors. The padding spreads
// the writes of an operand that has to be turned over the banks.
template <typename T, int kExtent, int kTileK>
struct alignas(kVectorBytes) Tile {
  static constexpr int kRow = kExtent + kVectorElements<T>;
  T values[kTileK][kRow];
};

// The operand is (extent, k): the m x k matrix op(a), or the k x n matrix op(b) seen from its
// columns. It is stored with neighbours in memory being neighbours in k (`along_k`) or in the
// extent; the code is the same for both, a kernel for each would be four times the code.
//
// With asynchronous copies Issue starts them and nothing else is to do but wait. Without, Issue
// reads into registers and Deposit writes these to shared memory.
template <typename S, int kExtent>
class Loader {
 public:
  using Stored = typename S::Stored;
  using T = typename S::T;
  static constexpr int kTileK = S::kTileK;

  // Begins at `k_first` of k, at the block's rows (or columns) from `origin` on.
  __device__ __forceinline__ Loader(const Stored* operand, std::int64_t stride, bool along_k,
                                    std::int64_t origin, std::int64_t extent, std::int64_t k_first)
      : stride_(stride), along_k_(along_k), extent_left_(Clamp(extent - origin, kExtent)) {
    const int thread = static_cast<int>(threadIdx.x);
    vectors_ =
        S::kAsync && !along_k && IsVectorAligned(operand) && stride % kVectorElements<Stored> == 0;
    // Neighbours in memory belong to neighbouring threads; `lanes` of these are side by side.
    const int width = vectors_ ? kVectorElements<Stored> : 1;
    const int lanes = along_k ? kTileK : kExtent / width;
    fast_ = thread % lanes * width;
    slow_ = thread / lanes;
    step_ = S::kThreads / lanes;
    source_ = operand + (along_k ? (origin + slow_) * stride + k_first + fast_
                                 : (k_first + slow_) * stride + origin + fast_);
    target_ = along_k ? fast_ * kRow + slow_ : slow_ * kRow + fast_;
  }

  // The next kTileK of k, of which there are `k_left` left; zeros for what lies beyond the
  // operand's end, which is never read.
  __device__ __forceinline__ void Issue(Tile<T, kExtent, kTileK>& tile, int k_left) {
    const int slow_left = (along_k_ ? extent_left_ : k_left) - slow_;
    const int fast_left = (along_k_ ? k_left : extent_left_) - fast_;
    const Stored* source = source_;
    // Computed anew each time, because there are few registers to keep it in.
    const int step = Opaque(step_);
    const std::int64_t source_step = step * stride_;
    const int target_step = TargetStep(step);
    source_ += along_k_ ? kTileK : Opaque(kTileK) * stride_;
    if constexpr (S::kAsync) {
      T* target = &tile.values[0][0] + target_;
      if (vectors_) {
        constexpr int kWidth = kVectorElements<T>;
        const int inside = fast_left < kWidth ? fast_left : kWidth;
        const int bytes = inside > 0 ? inside * static_cast<int>(sizeof(T)) : 0;
#pragma unroll
        for (int i = 0; i < kPerThread / kWidth; ++i) {
          CopyAsync<kVectorBytes>(target, source, i * step < slow_left ? bytes : 0);
          source += source_step;
          target += target_step;
        }
      } else {
        const int bytes = fast_left > 0 ? static_cast<int>(sizeof(T)) : 0;
#pragma unroll
        for (int i = 0; i < kPerThread; ++i) {
          CopyAsync<sizeof(T)>(target, source, i * step < slow_left ? bytes : 0);
          source += source_step;
          target += target_step;
        }
      }
    } else {
#pragma unroll
      for (int i = 0; i < kPerThread; ++i) {
        registers_[i] = fast_left > 0 && i * step < slow_left ? To<T>(*source) : T(0);
        source += source_step;
      }
    }
  }

  __device__ __forceinline__ void Deposit(Tile<T, kExtent, kTileK>& tile) const {
    T* target = &tile.values[0][0] + target_;
    const int target_step = TargetStep(step_);
#pragma unroll
    for (int i = 0; i < kPerThread; ++i) {
      *target = registers_[i];
      target += target_step;
    }
  }

 private:
  static constexpr int kRow = Tile<T, kExtent, kTileK>::kRow;
  static constexpr int kPerThread = kExtent * kTileK / S::kThreads;
  static_assert(S::kThreads % kTileK == 0 && S::kThreads % kExtent == 0);
  static_assert(kPerThread % kVectorElements<T> == 0 || !S::kAsync);
  static_assert(kPerThread * S::kThreads == kExtent * kTileK);

  __device__ __forceinline__ int TargetStep(int step) const {
    return along_k_ ? step : step * kRow;
  }

  const Stored* source_;  // of the thread's first element in the next tile
  std::int64_t stride_;
  bool along_k_, vectors_;
  int extent_left_;  // of the operand from the block's origin, or a whole tile
  int fast_, slow_;  // where the thread's first element is, by the order in memory
  int step_;         // from there to its next, in the slow direction
  int target_;       // of that element in the tile
  T registers_[S::kAsync ? 1 : kPerThread];
};

}  // namespace matmul
