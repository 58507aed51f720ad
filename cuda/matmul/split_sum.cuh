// Adds up what the splits of k have left in the workspace, in their order, and runs the epilogue.
#pragma once

#include "cuda/matmul/epilogue.cuh"

namespace matmul {

constexpr int kSplitSumThreads = 256;

// A thread sums one run of neighbours in a row. Grid: a thread for each run of each row, x batches.
template <typename T>
__device__ __forceinline__ void SumSplits(const MatmulArguments& arguments) {
  constexpr int kWidth = kVectorBytes / static_cast<int>(sizeof(T));
  struct alignas(kVectorBytes) Vector {
    T values[kWidth];
  };
  const std::int64_t runs_in_row = (arguments.n + kWidth - 1) / kWidth;
  const std::int64_t run =
      static_cast<std::int64_t>(blockIdx.x) * kSplitSumThreads + static_cast<int>(threadIdx.x);
  const std::int64_t row = run / runs_in_row, column = run % runs_in_row * kWidth;
  if (row >= arguments.m) return;
  const std::int64_t matrix = arguments.m * arguments.n, step = arguments.batches * matrix;
  const bool vectors = arguments.n % kWidth == 0 && IsVectorAligned(arguments.workspace);

#pragma unroll 1
  for (std::int64_t batch = blockIdx.z; batch < arguments.batches; batch += gridDim.z) {
    const T* source =
        static_cast<const T*>(arguments.workspace) + batch * matrix + row * arguments.n + column;
    T sums[kWidth] = {};
#pragma unroll 4
    for (int split = 0; split < arguments.splits; ++split, source += step) {
      Vector part = {};
      if (vectors) {
        part = *reinterpret_cast<const Vector*>(source);
      } else {
#pragma unroll
        for (int i = 0; i < kWidth; ++i) {
          if (column + i < arguments.n) part.values[i] = source[i];
        }
      }
#pragma unroll
      for (int i = 0; i < kWidth; ++i) sums[i] = Add(sums[i], part.values[i]);
    }
    Epilogue<T>::OfSum(arguments, batch).Store(sums, row, column);
  }
}

}  // namespace matmul
