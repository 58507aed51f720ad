// Products with at most 16 rows or 16 columns: one operand, the large one, is far bigger than all
// the rest, and reading it once at the speed of memory is all there is to do.
//
// The small operand has `count` vectors (the rows of op(a) or the columns of op(b)), the large one
// `extent`; each element of c is the dot product of one of either. Two kernels, by how the large
// operand is stored:
//
//   dot   its vectors are contiguous: a block takes kVectors of them and all its threads share k;
//   axpy  its elements of the same k are: a thread takes a few neighbours, and the block's warps
//         share k.
//
// Where that makes too few blocks, k is split over more.
#pragma once

#include "cuda/matmul/epilogue.cuh"
#include "cuda/matmul/tile.cuh"

namespace matmul {

constexpr int kSkinnyThreads = 128;

template <typename T, int kCount>
struct alignas(kCount * sizeof(T)) Pack {
  T values[kCount];
};

// An operand as vectors along k, in the order that the skinny kernels want.
template <typename Stored>
struct SkinnyOperand {
  const Stored* base;
  std::int64_t stride, k_stride;  // from one vector to the next, and along one

  __device__ __forceinline__ const Stored* At(std::int64_t vector, std::int64_t k) const {
    return base + vector * stride + k * k_stride;
  }
};

template <typename Stored>
struct SkinnyProblem {
  SkinnyOperand<Stored> large, small;
  std::int64_t extent;
  int count;
  bool small_is_rows;  // else the small vectors belong to columns of c

  __device__ __forceinline__ SkinnyProblem(const MatmulArguments& arguments, std::int64_t batch) {
    const std::int64_t lda = arguments.lda, ldb = arguments.ldb;
    const SkinnyOperand<Stored> a = {BatchOfA<Stored>(arguments, batch),
                                     arguments.transpose_a ? 1 : lda,
                                     arguments.transpose_a ? lda : 1};
    const SkinnyOperand<Stored> b = {BatchOfB<Stored>(arguments, batch),
                                     arguments.transpose_b ? ldb : 1,
                                     arguments.transpose_b ? 1 : ldb};
    small_is_rows = arguments.m <= arguments.n;
    small = small_is_rows ? a : b;
    large = small_is_rows ? b : a;
    extent = small_is_rows ? arguments.n : arguments.m;
    count = static_cast<int>(small_is_rows ? arguments.m : arguments.n);
  }

  template <typename T>
  __device__ __forceinline__ void Store(const Epilogue<T>& epilogue, T sum, int small_index,
                                        std::int64_t large_index) const {
    if (small_index >= count || large_index >= extent) return;
    T run[1] = {sum};
    epilogue.Store(run, small_is_rows ? small_index : large_index,
                   small_is_rows ? large_index : small_index);
  }
};

// Sizes of one variant: at most kMaxCount small vectors.
template <typename StoredType, typename ComputeType, int kMaxSmall>
struct SkinnyShape {
  using Stored = StoredType;
  using T = ComputeType;
  static constexpr int kMaxCount = kMaxSmall;
  static constexpr int kLoad = kVectorBytes / static_cast<int>(sizeof(Stored));
  // dot: as many large vectors as registers allow, so that a small one is read for several.
  static constexpr int kVectors = sizeof(T) == 8 && kMaxCount == 16 ? 2 : 4;
  static constexpr int kDotSteps = kMaxCount == 16 && sizeof(Stored) == 2 ? 1 : 2;
  static constexpr int kDotTileK = 512;
  // axpy: the same for the neighbours of a thread.
  static constexpr int kNeighbours = kLoad * kMaxCount > 64 ? 64 / kMaxCount : kLoad;
  static constexpr int kColumns = 32 * kNeighbours;  // of a block
  static constexpr int kAxpyTileK = 128;
  static constexpr int kInFlight = kMaxCount == 16 && kNeighbours == kLoad ? 4 : 8;  // loads
};

// kWidth elements of each of a block's large vectors.
template <typename S, int kWidth>
struct DotStep {
  using T = typename S::T;
  using Packed = Pack<typename S::Stored, kWidth>;
  Packed large[S::kVectors];

  __device__ __forceinline__ void Read(const typename S::Stored* const (&vectors)[S::kVectors],
                                       std::int64_t k) {
#pragma unroll
    for (int v = 0; v < S::kVectors; ++v) {
      large[v] = *reinterpret_cast<const Packed*>(vectors[v] + k);
    }
  }

  // sums[i][v] += the products of these with the same elements of small vector i.
  __device__ __forceinline__ void Multiply(T (&sums)[S::kMaxCount][S::kVectors],
                                           const SkinnyProblem<typename S::Stored>& problem,
                                           std::int64_t k, bool small_packed) const {
#pragma unroll
    for (int i = 0; i < S::kMaxCount; ++i) {
      if (i >= problem.count) break;
      Packed small;
      if (small_packed) {
        small = *reinterpret_cast<const Packed*>(problem.small.At(i, k));
      } else {
#pragma unroll
        for (int j = 0; j < kWidth; ++j) small.values[j] = *problem.small.At(i, k + j);
      }
#pragma unroll
      for (int j = 0; j < kWidth; ++j) {
        const T factor = To<T>(small.values[j]);
#pragma unroll
        for (int v = 0; v < S::kVectors; ++v) {
          sums[i][v] = fma(factor, To<T>(large[v].values[j]), sums[i][v]);
        }
      }
    }
  }
};

// Sums up the thread's part of k, which are steps of kWidth from `k` on.
template <typename S, int kWidth, int kSteps>
__device__ __forceinline__ void MultiplyDots(typename S::T (&sums)[S::kMaxCount][S::kVectors],
                                             const typename S::Stored* const (&large)[S::kVectors],
                                             const SkinnyProblem<typename S::Stored>& problem,
                                             std::int64_t k, std::int64_t end, bool small_packed) {
  constexpr int kStride = kSkinnyThreads * kWidth;
#pragma unroll 1
  for (; k < end; k += kSteps * kStride) {
    DotStep<S, kWidth> steps[kSteps];
    // All loads before the first use.
#pragma unroll
    for (int i = 0; i < kSteps; ++i) {
      if (k + i * kStride < end) steps[i].Read(large, k + i * kStride);
    }
#pragma unroll
    for (int i = 0; i < kSteps; ++i) {
      if (k + i * kStride < end) steps[i].Multiply(sums, problem, k + i * kStride, small_packed);
    }
  }
}

// Grid: a block for kVectors large vectors x splits x batches.
template <typename S>
__device__ __forceinline__ void RunSkinnyDot(const MatmulArguments& arguments) {
  using T = typename S::T;
  using Stored = typename S::Stored;
  // A sum's parts are added by kLanes threads first, those of a warp all from different banks.
  constexpr int kSums = S::kMaxCount * S::kVectors, kLanes = kSkinnyThreads / kSums;
  constexpr int kRow = kSkinnyThreads + kLanes;
  __shared__ T parts[kSums * kRow];
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * S::kVectors;
  const SplitRange range = FindSplit<S::kDotTileK>(arguments);
  const std::int64_t end = range.first + range.count;

#pragma unroll 1
  for (std::int64_t batch = blockIdx.z; batch < arguments.batches; batch += gridDim.z) {
    const SkinnyProblem<Stored> problem(arguments, batch);
    // Past the end the last vector is read again, and the result dropped.
    const Stored* large[S::kVectors];
#pragma unroll
    for (int v = 0; v < S::kVectors; ++v) {
      large[v] = problem.large.At(first + v < problem.extent ? first + v : problem.extent - 1, 0);
    }
    T sums[S::kMaxCount][S::kVectors] = {};
    std::int64_t k = range.first;
    if (IsVectorAligned(problem.large.base) && problem.large.stride % S::kLoad == 0) {
      const bool packed = problem.small.k_stride == 1 && IsVectorAligned(problem.small.base) &&
                          problem.small.stride % S::kLoad == 0;
      const std::int64_t vector_end = end - range.count % S::kLoad;
      MultiplyDots<S, S::kLoad, S::kDotSteps>(sums, large, problem, k + thread * S::kLoad,
                                              vector_end, packed);
      k = vector_end;
    }
    MultiplyDots<S, 1, S::kDotSteps>(sums, large, problem, k + thread, end, false);

#pragma unroll
    for (int i = 0; i < kSums; ++i)
      parts[i * kRow + thread] = sums[i / S::kVectors][i % S::kVectors];
    __syncthreads();
    T* row = parts + thread / kLanes * kRow;
    T sum = 0;
#pragma unroll 8
    for (int i = thread % kLanes; i < kSkinnyThreads; i += kLanes) sum += row[i];
    __syncthreads();
    row[thread % kLanes] = sum;
    __syncthreads();
    if (thread < kSums) {
      T total = 0;
#pragma unroll 8
      for (int i = 0; i < kLanes; ++i) total += parts[thread * kRow + i];
      problem.Store(Epilogue<T>(arguments, batch), total, thread / S::kVectors,
                    first + thread % S::kVectors);
    }
    __syncthreads();
  }
}

// The small operand's part in kAxpyTileK steps of k, in shared memory.
template <typename S>
struct alignas(kVectorBytes) AxpyFactors {
  typename S::T values[S::kAxpyTileK][S::kMaxCount];
};

// One thread's neighbours in one step of k.
template <typename S, bool kPacked>
__device__ __forceinline__ Pack<typename S::Stored, S::kNeighbours> ReadNeighbours(
    const typename S::Stored* source, std::int64_t left) {
  Pack<typename S::Stored, S::kNeighbours> pack = {};
  if constexpr (kPacked) {
    if (left > 0) pack = *reinterpret_cast<const decltype(pack)*>(source);
  } else {
#pragma unroll
    for (int j = 0; j < S::kNeighbours; ++j) {
      if (j < left) pack.values[j] = source[j];
    }
  }
  return pack;
}

// Adds the warp's share of kAxpyTileK steps of k, of which `steps` are left; `source` points at the
// thread's neighbours in the first.
template <typename S, bool kPacked>
__device__ __forceinline__ void MultiplyAxpys(typename S::T (&sums)[S::kMaxCount][S::kNeighbours],
                                              const typename S::Stored* source,
                                              std::int64_t k_stride, std::int64_t left, int steps,
                                              const AxpyFactors<S>& factors) {
  using T = typename S::T;
  constexpr int kWarps = kSkinnyThreads / 32, kBatch = kPacked ? S::kInFlight : 2;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  source += warp * k_stride;
#pragma unroll 1
  for (int k = warp; k < steps; k += kWarps * kBatch) {
    Pack<typename S::Stored, S::kNeighbours> packs[kBatch];
#pragma unroll
    for (int b = 0; b < kBatch; ++b) {
      packs[b] = ReadNeighbours<S, kPacked>(source, k + b * kWarps < steps ? left : 0);
      source += kWarps * k_stride;
    }
#pragma unroll
    for (int b = 0; b < kBatch; ++b) {
      if (k + b * kWarps >= steps) break;
#pragma unroll
      for (int i = 0; i < S::kMaxCount; ++i) {
        const T factor = factors.values[k + b * kWarps][i];
#pragma unroll
        for (int j = 0; j < S::kNeighbours; ++j) {
          sums[i][j] = fma(factor, To<T>(packs[b].values[j]), sums[i][j]);
        }
      }
    }
  }
}

// Grid: a block for kColumns large vectors x splits x batches.
template <typename S>
__device__ __forceinline__ void RunSkinnyAxpy(const MatmulArguments& arguments) {
  using T = typename S::T;
  using Stored = typename S::Stored;
  constexpr int kWarps = kSkinnyThreads / 32, kSums = S::kMaxCount * S::kNeighbours;
  __shared__ AxpyFactors<S> factors;
  __shared__ T parts[kWarps][kSums][32];
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * S::kColumns;
  const SplitRange range = FindSplit<S::kAxpyTileK>(arguments);

#pragma unroll 1
  for (std::int64_t batch = blockIdx.z; batch < arguments.batches; batch += gridDim.z) {
    const SkinnyProblem<Stored> problem(arguments, batch);
    const std::int64_t mine = first + lane * S::kNeighbours, left = problem.extent - mine;
    const std::int64_t k_stride = problem.large.k_stride;
    constexpr std::uintptr_t kPackBytes = S::kNeighbours * sizeof(Stored);
    const bool packed = reinterpret_cast<std::uintptr_t>(problem.large.base) % kPackBytes == 0 &&
                        k_stride % S::kNeighbours == 0 && problem.extent % S::kNeighbours == 0;
    T sums[S::kMaxCount][S::kNeighbours] = {};
#pragma unroll 1
    for (std::int64_t done = 0; done < range.count; done += S::kAxpyTileK) {
      const int steps = Clamp(range.count - done, S::kAxpyTileK);
      __syncthreads();
#pragma unroll 1
      for (int i = thread; i < S::kAxpyTileK * S::kMaxCount; i += kSkinnyThreads) {
        const int k = i / S::kMaxCount, vector = i % S::kMaxCount;
        factors.values[k][vector] = k < steps && vector < problem.count
                                        ? To<T>(*problem.small.At(vector, range.first + done + k))
                                        : T(0);
      }
      __syncthreads();
      const Stored* source = problem.large.At(mine, range.first + done);
      if (packed) {
        MultiplyAxpys<S, true>(sums, source, k_stride, left, steps, factors);
      } else {
        MultiplyAxpys<S, false>(sums, source, k_stride, left, steps, factors);
      }
    }

#pragma unroll
    for (int i = 0; i < kSums; ++i) {
      parts[thread / 32][i][lane] = sums[i / S::kNeighbours][i % S::kNeighbours];
    }
    __syncthreads();
    const Epilogue<T> epilogue(arguments, batch);
#pragma unroll 1
    for (int i = thread; i < problem.count * S::kColumns; i += kSkinnyThreads) {
      const int vector = i / S::kColumns, column = i % S::kColumns;
      const int sum = vector * S::kNeighbours + column % S::kNeighbours;
      T total = 0;
#pragma unroll
      for (int warp = 0; warp < kWarps; ++warp) total += parts[warp][sum][column / S::kNeighbours];
      problem.Store(epilogue, total, vector, first + column);
    }
    __syncthreads();
  }
}

}  // namespace matmul
