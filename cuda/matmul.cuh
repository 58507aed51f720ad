// c = alpha op(a) op(b) + beta c through shared memory, any shape, no tensor cores.
//
// A block computes a kTileM x kTileN tile of c, a thread kThreadM x kThreadN elements of it, in
// registers. The block walks k in steps of kTileK: while it multiplies one step out of shared
// memory it has the next one on its way from global memory into registers, and two copies of the
// tiles in shared memory make one barrier a step enough.
#pragma once

#include "common.cuh"

namespace matmul {

template <typename T>
constexpr int kVectorElements = kVectorBytes / sizeof(T);

template <typename T>
struct alignas(kVectorBytes) Vector {
  T values[kVectorElements<T>];
};

// Sizes of one variant.
template <typename ElementType, int kTileRows, int kTileColumns, int kTileDepth, int kThreadRows,
          int kThreadColumns>
struct Shape {
  using T = ElementType;
  static constexpr int kTileM = kTileRows, kTileN = kTileColumns, kTileK = kTileDepth;
  static constexpr int kThreadM = kThreadRows, kThreadN = kThreadColumns;
  static constexpr int kThreadsM = kTileM / kThreadM, kThreadsN = kTileN / kThreadN;
  static constexpr int kThreads = kThreadsM * kThreadsN;
};

// One operand's tile in shared memory, with k as the slow index whichever way the operand is
// stored, so that a thread reads its rows (of a) or columns (of b) as vectors. The padding spreads
// the writes of an operand that has to be turned over the banks.
template <typename T, int kExtent, int kTileK>
struct Tile {
  T values[kTileK][kExtent + kVectorElements<T>];
};

// Moves one operand's tiles from global memory to registers (Fetch) to shared memory (Deposit).
// The operand is (extent, k): the m x k matrix op(a), or the k x n matrix op(b) seen from its
// columns. kAlongK: neighbours in memory are neighbours in k; otherwise in the extent.
template <typename T, int kExtent, int kTileK, int kThreads, bool kAlongK>
class Loader {
 public:
  // `origin` is the first of the block's rows (or columns) of the `extent` there are.
  __device__ Loader(const T* operand, std::int64_t stride, std::int64_t origin, std::int64_t extent)
      : stride_(stride),
        index_(kAlongK ? threadIdx.x / kTileK : threadIdx.x % kExtent),
        k_(kAlongK ? threadIdx.x % kTileK : threadIdx.x / kExtent) {
    const std::int64_t first = origin + index_, left = extent - first;
    extent_left_ = left < kExtent ? static_cast<int>(left) : kExtent;
    source_ = operand + (kAlongK ? first * stride + k_ : k_ * stride + first);
  }

  // The next kTileK of k, of which `k_left` are left; zeros for what is beyond the operand's end,
  // which is never read.
  __device__ void Fetch(std::int64_t k_left) {
    const int thread_k_left = (k_left < kTileK ? static_cast<int>(k_left) : kTileK) - k_;
    const T* source = source_;
#pragma unroll
    for (int i = 0; i < kPerThread; ++i) {
      const bool inside =
          (kAlongK ? i * kStep : 0) < extent_left_ && (kAlongK ? 0 : i * kStep) < thread_k_left;
      registers_[i] = inside ? *source : T(0);
      source += kStep * stride_;
    }
    source_ += kAlongK ? kTileK : kTileK * stride_;
  }

  __device__ void Deposit(Tile<T, kExtent, kTileK>& tile) const {
#pragma unroll
    for (int i = 0; i < kPerThread; ++i) {
      tile.values[k_ + (kAlongK ? 0 : i * kStep)][index_ + (kAlongK ? i * kStep : 0)] =
          registers_[i];
    }
  }

 private:
  static constexpr int kPerThread = kExtent * kTileK / kThreads;
  static constexpr int kStep = kThreads / (kAlongK ? kTileK : kExtent);
  static_assert(kThreads % (kAlongK ? kTileK : kExtent) == 0);
  static_assert(kPerThread * kThreads == kExtent * kTileK);

  const T* source_;
  std::int64_t stride_;
  int index_, k_;    // the thread's first row (or column) of a tile, and its first k
  int extent_left_;  // from there to the end of the operand, or more than a tile
  T registers_[kPerThread];
};

// Which of a tile's kExtent rows (or columns) is the i-th of the kCount that belong to the thread
// at `position`: vectors, as far apart as they can be, so that neighbours read neighbouring
// vectors.
template <typename T, int kExtent, int kCount>
__device__ __forceinline__ constexpr int FragmentIndex(int position, int i) {
  constexpr int kWidth = kVectorElements<T>, kVectors = kCount / kWidth;
  return i / kWidth * (kExtent / kVectors) + position * kWidth + i % kWidth;
}

// Reads those of one row of a tile.
template <typename T, int kExtent, int kCount>
__device__ __forceinline__ void ReadFragment(T (&fragment)[kCount], const T* row, int position) {
#pragma unroll
  for (int i = 0; i < kCount; i += kVectorElements<T>) {
    const auto vector =
        *reinterpret_cast<const Vector<T>*>(row + FragmentIndex<T, kExtent, kCount>(position, i));
#pragma unroll
    for (int j = 0; j < kVectorElements<T>; ++j) fragment[i + j] = vector.values[j];
  }
}

// The block's tile of c. Blocks run through a band of kBandRows tile rows column by column: those
// that run at the same time then share more rows of a and columns of b in the L2 cache.
struct TilePosition {
  std::int64_t row, column;
};
template <typename S>
__device__ __forceinline__ TilePosition FindTile(std::int64_t m, std::int64_t n) {
  constexpr unsigned kBandRows = 8;
  // The host has checked that all tiles together are less than 2^31.
  const auto tiles_m = static_cast<unsigned>((m + S::kTileM - 1) / S::kTileM);
  const auto tiles_n = static_cast<unsigned>((n + S::kTileN - 1) / S::kTileN);
  const unsigned full_rows = tiles_m < kBandRows ? tiles_m : kBandRows;
  const unsigned band = blockIdx.x / (full_rows * tiles_n);
  const unsigned in_band = blockIdx.x - band * (full_rows * tiles_n);
  const unsigned first_row = band * full_rows;
  const unsigned rows = tiles_m - first_row < full_rows ? tiles_m - first_row : full_rows;
  return {static_cast<std::int64_t>(first_row + in_band % rows) * S::kTileM,
          static_cast<std::int64_t>(in_band / rows) * S::kTileN};
}

__device__ __forceinline__ int Clamp(std::int64_t value, int limit) {
  return value < limit ? static_cast<int>(value) : limit;
}

// c = alpha sums + beta c, for the thread's elements. `c` points at the first of them; `rows` and
// `columns` are left of the matrix from there, or more than a tile has.
template <typename S>
__device__ __forceinline__ void Store(typename S::T (&sums)[S::kThreadM][S::kThreadN],
                                      typename S::T alpha, typename S::T beta, typename S::T* c,
                                      std::int64_t ldc, int rows, int columns) {
  using T = typename S::T;
  constexpr int kWidth = kVectorElements<T>;
  const bool aligned = IsVectorAligned(c) && ldc % kWidth == 0;
  // A loop that is not unrolled, for the sake of size. What is indexed at run time does not stay
  // in registers, so the row to store is always the first, and the others move up.
#pragma unroll 1
  for (int i = 0; i < S::kThreadM; ++i) {
    const int row = FragmentIndex<T, S::kTileM, S::kThreadM>(0, i);
    if (row >= rows) break;
    T* c_row = c + row * ldc;
#pragma unroll
    for (int j = 0; j < S::kThreadN; j += kWidth) {
      const int column = FragmentIndex<T, S::kTileN, S::kThreadN>(0, j);
      const int width = columns - column;
      T* target = c_row + column;
      Vector<T> vector;
#pragma unroll
      for (int v = 0; v < kWidth; ++v) {
        vector.values[v] = alpha * sums[0][j + v];
        // With beta 0 what c holds must not matter, not even a NaN.
        if (beta != T(0) && v < width) {
          vector.values[v] = fma(beta, target[v], vector.values[v]);
        }
      }
      if (aligned && width >= kWidth) {
        *reinterpret_cast<Vector<T>*>(target) = vector;
      } else {
#pragma unroll
        for (int v = 0; v < kWidth; ++v) {
          if (v < width) target[v] = vector.values[v];
        }
      }
    }
#pragma unroll
    for (int next = 1; next < S::kThreadM; ++next) {
#pragma unroll
      for (int j = 0; j < S::kThreadN; ++j) sums[next - 1][j] = sums[next][j];
    }
  }
}

template <typename S, bool kTransposeA, bool kTransposeB>
__device__ __forceinline__ void Run(std::int64_t m, std::int64_t n, std::int64_t k,
                                    typename S::T alpha, const typename S::T* a, std::int64_t lda,
                                    const typename S::T* b, std::int64_t ldb, typename S::T beta,
                                    typename S::T* c, std::int64_t ldc) {
  using T = typename S::T;
  __shared__ Tile<T, S::kTileM, S::kTileK> a_tiles[2];
  __shared__ Tile<T, S::kTileN, S::kTileK> b_tiles[2];

  const TilePosition tile = FindTile<S>(m, n);
  Loader<T, S::kTileM, S::kTileK, S::kThreads, !kTransposeA> a_loader(a, lda, tile.row, m);
  Loader<T, S::kTileN, S::kTileK, S::kThreads, kTransposeB> b_loader(b, ldb, tile.column, n);

  // A warp is 4 threads high and 8 wide: it reads 64 bytes of a and 128 of b at a time, each given
  // to several threads.
  constexpr int kWarpM = 4, kWarpN = 8, kWarpsN = S::kThreadsN / kWarpN;
  static_assert(S::kThreadsM % kWarpM == 0 && S::kThreadsN % kWarpN == 0);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int thread_m = warp / kWarpsN * kWarpM + lane / kWarpN;
  const int thread_n = warp % kWarpsN * kWarpN + lane % kWarpN;

  T sums[S::kThreadM][S::kThreadN] = {};
  int current = 0;
  for (std::int64_t k_left = k;; k_left -= S::kTileK) {
    const bool more = k_left > 0;
    if (more) {
      a_loader.Fetch(k_left);
      b_loader.Fetch(k_left);
    }
    if (k_left < k) {
#pragma unroll 2
      for (int step = 0; step < S::kTileK; ++step) {
        T a_values[S::kThreadM], b_values[S::kThreadN];
        ReadFragment<T, S::kTileM>(a_values, a_tiles[current].values[step], thread_m);
        ReadFragment<T, S::kTileN>(b_values, b_tiles[current].values[step], thread_n);
#pragma unroll
        for (int i = 0; i < S::kThreadM; ++i) {
#pragma unroll
          for (int j = 0; j < S::kThreadN; ++j) {
            sums[i][j] = fma(a_values[i], b_values[j], sums[i][j]);
          }
        }
      }
    }
    if (!more) break;
    current ^= 1;
    a_loader.Deposit(a_tiles[current]);
    b_loader.Deposit(b_tiles[current]);
    __syncthreads();
  }

  const std::int64_t row = tile.row + FragmentIndex<T, S::kTileM, S::kThreadM>(thread_m, 0);
  const std::int64_t column = tile.column + FragmentIndex<T, S::kTileN, S::kThreadN>(thread_n, 0);
  Store<S>(sums, alpha, beta, c + row * ldc + column, ldc, Clamp(m - row, S::kTileM),
           Clamp(n - column, S::kTileN));
}

}  // namespace matmul
