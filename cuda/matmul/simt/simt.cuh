// c = epilogue(op(a) op(b)) by plain fused multiply-adds, without tensor cores: any shape, layout
// and alignment.
//
// A block computes a kTileM x kTileN tile of c, a thread kThreadM x kThreadN elements of it, in
// registers. The block walks k in steps of kTileK through a ring of kStages tiles in shared memory,
// filled by asynchronous copies (sm_80 and later) or through registers: one barrier per step. The
// values a thread multiplies next are read from shared memory while it multiplies the last ones.
#pragma once

#include "cuda/matmul/epilogue.cuh"
#include "cuda/matmul/simt/loader.cuh"
#include "cuda/matmul/tile.cuh"

namespace matmul {

// Sizes of one variant. Elements are stored as StoredType and computed with as ComputeType.
template <typename StoredType, typename ComputeType, int kTileRows, int kTileColumns,
          int kTileDepth, int kThreadRows, int kThreadColumns, int kStagesAsync, int kUnrolled>
struct Shape {
  using Stored = StoredType;
  using T = ComputeType;
  static constexpr int kTileM = kTileRows, kTileN = kTileColumns, kTileK = kTileDepth;
  static constexpr int kThreadM = kThreadRows, kThreadN = kThreadColumns;
  static constexpr int kThreadsM = kTileM / kThreadM, kThreadsN = kTileN / kThreadN;
  static constexpr int kThreads = kThreadsM * kThreadsN;
  static constexpr int kUnroll = kUnrolled;  // steps of k in the loop's body
  // An asynchronous copy moves bits, so it cannot convert.
  static constexpr bool kAsync = kHasAsyncCopies && std::is_same_v<Stored, T>;
  static constexpr int kStages = kAsync ? kStagesAsync : 2;
  static_assert(kTileK % 2 == 0);
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
  struct alignas(kVectorBytes) Vector {
    T values[kVectorElements<T>];
  };
#pragma unroll
  for (int i = 0; i < kCount; i += kVectorElements<T>) {
    const auto vector =
        *reinterpret_cast<const Vector*>(row + FragmentIndex<T, kExtent, kCount>(position, i));
#pragma unroll
    for (int j = 0; j < kVectorElements<T>; ++j) fragment[i + j] = vector.values[j];
  }
}

// Where a thread stands among those of its block. A warp is 4 threads high and 8 wide. Of lanes
// that differ in the lowest bit both read the same of a, of those that differ in the next both the
// same of b: the hardware serves a half of a warp that reads 16 bytes a thread in one go only if
// its lanes pair up in one of these ways. (The observation is from CUTLASS's lane layouts.)
template <typename S>
struct ThreadPosition {
  int m, n;
  __device__ __forceinline__ ThreadPosition() {
    constexpr int kWarpM = 4, kWarpN = 8, kWarpsN = S::kThreadsN / kWarpN;
    static_assert(S::kThreadsM % kWarpM == 0 && S::kThreadsN % kWarpN == 0);
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    m = warp / kWarpsN * kWarpM + (lane >> 1 & 1) + (lane >> 3 & 2);
    n = warp % kWarpsN * kWarpN + (lane & 1) + (lane >> 1 & 6);
  }
};

// Stores the sums of the thread whose first row and column are given.
template <typename S>
__device__ __forceinline__ void StoreSums(typename S::T (&sums)[S::kThreadM][S::kThreadN],
                                          const Epilogue<typename S::T>& epilogue, std::int64_t row,
                                          std::int64_t column) {
  using T = typename S::T;
  constexpr int kWidth = kVectorElements<T>, kRuns = S::kThreadN / kWidth;
  constexpr int kRunStep = S::kTileN / kRuns, kRowStep = S::kTileM / (S::kThreadM / kWidth);
  T runs[kRuns][kWidth];
  // What is indexed at run time does not stay in registers: the rows to store are always the first
  // ones, and the others move up.
  const auto move_up = [&](auto count) {
#pragma unroll
    for (int i = decltype(count)::value; i < S::kThreadM; ++i) {
#pragma unroll
      for (int j = 0; j < S::kThreadN; ++j) sums[i - decltype(count)::value][j] = sums[i][j];
    }
  };
  const auto take_row = [&](int i) {
#pragma unroll
    for (int j = 0; j < S::kThreadN; ++j) runs[j / kWidth][j % kWidth] = sums[i][j];
  };

  if (epilogue.template IsPlain<T>()) {
#pragma unroll 1
    for (int i = 0; i < S::kThreadM; i += kWidth, row += kRowStep) {
#pragma unroll
      for (int v = 0; v < kWidth; ++v) {
        take_row(v);
#pragma unroll
        for (int j = 0; j < kRuns; ++j) {
          epilogue.template StorePlain<T>(runs[j], row + v, column + j * kRunStep);
        }
      }
      move_up(std::integral_constant<int, kWidth>());
    }
    return;
  }
#pragma unroll 1
  for (int i = 0; i < S::kThreadM; ++i) {
    take_row(0);
#pragma unroll 1
    for (int j = 0; j < kRuns; ++j) {
      epilogue.Store(runs[0], row + i / kWidth * kRowStep + i % kWidth, column + j * kRunStep);
#pragma unroll
      for (int next = 1; next < kRuns; ++next) {
#pragma unroll
        for (int v = 0; v < kWidth; ++v) runs[next - 1][v] = runs[next][v];
      }
    }
    move_up(std::integral_constant<int, 1>());
  }
}

// The tiles in shared memory, and the copies on their way into them.
template <typename S>
class Pipeline {
 public:
  using ATile = Tile<typename S::T, S::kTileM, S::kTileK>;
  using BTile = Tile<typename S::T, S::kTileN, S::kTileK>;

  __device__ __forceinline__ Pipeline(const MatmulArguments& arguments, std::int64_t batch,
                                      TilePosition tile, SplitRange range, ATile* a_tiles,
                                      BTile* b_tiles)
      : a_(BatchOfA<typename S::Stored>(arguments, batch), arguments.lda, !arguments.transpose_a,
           tile.row, arguments.m, range.first),
        b_(BatchOfB<typename S::Stored>(arguments, batch), arguments.ldb, arguments.transpose_b,
           tile.column, arguments.n, range.first),
        a_tiles_(a_tiles),
        b_tiles_(b_tiles),
        k_left_(range.count) {}

  // Fills all stages but one and waits for the first.
  __device__ __forceinline__ void Start() {
#pragma unroll
    for (int i = 1; i < S::kStages; ++i) Issue(i);
    Land();
  }

  // Whether there is more to multiply than what has been.
  __device__ __forceinline__ bool HasStage() const {
    return k_left_ > -(S::kStages - 1) * S::kTileK;
  }

  // Starts to fill the stage that has been read. All threads must be done with it.
  __device__ __forceinline__ void Issue(int stages_ahead = S::kStages - 1) {
    if (k_left_ > 0) {
      const int k_left = Clamp(k_left_, S::kTileK);
      int stage = read_ + stages_ahead;
      if (stage >= S::kStages) stage -= S::kStages;
      a_.Issue(a_tiles_[stage], k_left);
      b_.Issue(b_tiles_[stage], k_left);
    }
    if constexpr (S::kAsync) CommitCopies();
    k_left_ -= S::kTileK;
  }

  // Waits until the next stage can be read.
  __device__ __forceinline__ void Land() {
    read_ = read_ + 1 == S::kStages ? 0 : read_ + 1;
    if constexpr (S::kAsync) {
      WaitForCopies<S::kStages - 2>();
    } else {
      a_.Deposit(a_tiles_[read_]);
      b_.Deposit(b_tiles_[read_]);
    }
    __syncthreads();
  }

  __device__ __forceinline__ const ATile& a() const {
    return a_tiles_[read_];
  }
  __device__ __forceinline__ const BTile& b() const {
    return b_tiles_[read_];
  }

 private:
  Loader<S, S::kTileM> a_;
  Loader<S, S::kTileN> b_;
  ATile* a_tiles_;
  BTile* b_tiles_;
  std::int64_t k_left_;
  int read_ = S::kStages - 1;
};

template <typename S>
__device__ __forceinline__ void MultiplyTile(typename S::T (&sums)[S::kThreadM][S::kThreadN],
                                             Pipeline<S>& pipeline, ThreadPosition<S> thread) {
  using T = typename S::T;
  T a_values[2][S::kThreadM], b_values[2][S::kThreadN];
  const auto read = [&](int into, int k) {
    ReadFragment<T, S::kTileM>(a_values[into], pipeline.a().values[k], thread.m);
    ReadFragment<T, S::kTileN>(b_values[into], pipeline.b().values[k], thread.n);
  };
  pipeline.Start();
  read(0, 0);
#pragma unroll 1
  while (pipeline.HasStage()) {
#pragma unroll(S::kUnroll / 2)
    for (int pair = 0; pair < S::kTileK; pair += 2) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int k = pair + i;
        if (i == 1 && pair == S::kTileK - 2) pipeline.Land();
        read(1 - i, i == 1 && pair == S::kTileK - 2 ? 0 : k + 1);
        if (i == 0 && pair == 0) pipeline.Issue();
#pragma unroll
        for (int row = 0; row < S::kThreadM; ++row) {
#pragma unroll
          for (int column = 0; column < S::kThreadN; ++column) {
            sums[row][column] =
                MultiplyAdd(a_values[i][row], b_values[i][column], sums[row][column]);
          }
        }
      }
    }
  }
}

template <typename S>
__device__ __forceinline__ void Run(const MatmulArguments& arguments) {
  using T = typename S::T;
  __shared__ typename Pipeline<S>::ATile a_tiles[S::kStages];
  __shared__ typename Pipeline<S>::BTile b_tiles[S::kStages];
  const TilePosition tile = FindTile<S::kTileM, S::kTileN>(arguments.m, arguments.n, blockIdx.x);
  const SplitRange range = FindSplit<S::kTileK>(arguments);
  const ThreadPosition<S> thread;

#pragma unroll 1
  for (std::int64_t batch = blockIdx.z; batch < arguments.batches; batch += gridDim.z) {
    T sums[S::kThreadM][S::kThreadN] = {};
    if (range.count > 0) {
      Pipeline<S> pipeline(arguments, batch, tile, range, a_tiles, b_tiles);
      MultiplyTile(sums, pipeline, thread);
    }
    const Epilogue<T> epilogue(arguments, batch);
    StoreSums<S>(sums, epilogue, tile.row + FragmentIndex<T, S::kTileM, S::kThreadM>(thread.m, 0),
                 tile.column + FragmentIndex<T, S::kTileN, S::kThreadN>(thread.n, 0));
    if constexpr (S::kAsync) WaitForCopies<0>();
    __syncthreads();  // the next batch's copies go where this one's were read
  }
}

}  // namespace matmul
