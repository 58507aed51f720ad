// c = alpha op(a) op(b) + beta c on tensor cores, with mma.sync: any shape, operands whose rows
// begin at multiples of 16 bytes.
//
// A block computes a tile of c, a warp a part of it in registers. Tiles of a and b travel through a
// ring of stages in shared memory: while one is multiplied, the next are on their way. Of the
// fragments that a warp reads from a stage there are two sets of registers, for the same reason.
// One barrier a stage is enough: behind it the next stage is complete, and the previous one is
// free, because everybody has read the last fragments of it.
#pragma once

#include "cuda/matmul/epilogue.cuh"
#include "cuda/matmul/mma/kinds.cuh"
#include "cuda/matmul/mma/tiles.cuh"

namespace matmul {

// Sizes of one variant.
template <int kTileRows, int kTileColumns, int kWarpRows, int kWarpColumns, int kStageCount>
struct MmaShape {
  static constexpr int kTileM = kTileRows, kTileN = kTileColumns;
  static constexpr int kWarpM = kWarpRows, kWarpN = kWarpColumns;
  static constexpr int kWarpsN = kTileN / kWarpN;
  static constexpr int kThreads = kTileM / kWarpM * kWarpsN * 32;
  static constexpr int kStages = NODECUDA_MMA_TURING ? 2 : kStageCount;
};

// Warps of 64 x 64 read the least from shared memory that registers allow.
using MmaWide = MmaShape<128, 256, 64, 64, 4>;
using MmaLarge = MmaShape<128, 128, 64, 64, 3>;
using MmaSmall = MmaShape<64, 64, 32, 32, 4>;

constexpr int kStaticSharedBytes = 48 << 10;  // beyond that, shared memory has to be asked for

template <typename K, typename S, bool kTransposeA, bool kTransposeB>
class MmaBlock {
 public:
  static __device__ __forceinline__ void Run(const MatmulArguments& arguments) {
    MmaBlock block(arguments);
    for (std::int64_t batch = blockIdx.z; batch < arguments.batches; batch += gridDim.z) {
      block.RunBatch(batch);
      __syncthreads();  // before the next one's tiles replace what the epilogue still reads
    }
  }

  static constexpr int kTileK =
      (sizeof(typename K::Element) == 8 ? 128 : 64) / static_cast<int>(sizeof(typename K::Element));

 private:
  using Element = typename K::Element;
  using Accumulator = typename K::Accumulator;
  using LayoutA = TileLayout<Element, S::kTileM, kTileK, !kTransposeA>;
  using LayoutB = TileLayout<Element, S::kTileN, kTileK, kTransposeB>;
  using LoaderA = TileLoader<LayoutA, S::kThreads>;
  using LoaderB = TileLoader<LayoutB, S::kThreads>;
  using ReaderA = FragmentReader<LayoutA, typename K::Register, K::kRegisters, S::kWarpM, false>;
  using ReaderB = FragmentReader<LayoutB, typename K::Register, K::kRegisters, S::kWarpN, true>;
  static constexpr int kSteps = kTileK * static_cast<int>(sizeof(Element)) / kStepBytes;
  static constexpr int kStageBytes = LayoutA::kBytes + LayoutB::kBytes;
  static constexpr int kSharedBytes = S::kStages * kStageBytes;
  static_assert(kSteps % 2 == 0);
  // Where tiles pass through registers, or products need many, there are none left for two.
  static constexpr int kFragmentSets = NODECUDA_MMA_TURING || K::kNeedsRegisters ? 1 : 2;

  // One set of fragments.
  struct Fragments {
    typename ReaderA::Fragments a;
    typename ReaderB::Fragments b;
  };
  using Sums = Accumulator[ReaderA::kCount][ReaderB::kCount * 2][4];

  __device__ __forceinline__ explicit MmaBlock(const MatmulArguments& arguments)
      : arguments_(arguments),
        warp_row_(threadIdx.x / 32 / S::kWarpsN * S::kWarpM),
        warp_column_(threadIdx.x / 32 % S::kWarpsN * S::kWarpN),
        a_reader_(warp_row_),
        b_reader_(warp_column_) {}

  static __device__ __forceinline__ unsigned char* Shared() {
    if constexpr (kSharedBytes <= kStaticSharedBytes) {
      __shared__ alignas(128) unsigned char shared[kSharedBytes];
      return shared;
    } else {
      extern __shared__ __align__(128) unsigned char dynamic_shared[];
      return dynamic_shared;
    }
  }

  __device__ __forceinline__ void RunBatch(std::int64_t batch) {
    const TilePosition tile =
        FindTile<S::kTileM, S::kTileN>(arguments_.m, arguments_.n, blockIdx.x);
    Sums sums = {};
    Sum(batch, tile, sums);
    __syncthreads();  // everybody has read the last stage
    StoreSums(Epilogue<Accumulator>(arguments_, batch), tile.row + warp_row_,
              tile.column + warp_column_, sums);
  }

  __device__ __forceinline__ void Sum(std::int64_t batch, const TilePosition& tile, Sums& sums) {
    const SplitRange k = FindSplit<kTileK>(arguments_);
    if (k.count <= 0) return;
    LoaderA a_loader(BatchOfA<Element>(arguments_, batch), arguments_.lda, tile.row, arguments_.m,
                     k.first);
    LoaderB b_loader(BatchOfB<Element>(arguments_, batch), arguments_.ldb, tile.column,
                     arguments_.n, k.first);
    const std::uint32_t first = SharedAddress(Shared()), end = first + kSharedBytes;
    std::uint32_t reading = first, writing = first;
    std::int64_t k_to_fetch = k.count;
    const auto advance = [&](std::uint32_t& stage) {
      stage += kStageBytes;
      if (stage == end) stage = first;
    };
    const auto fetch = [&] {
      if (k_to_fetch > 0) {
        a_loader.Fetch(writing, k_to_fetch);
        b_loader.Fetch(writing + LayoutA::kBytes, k_to_fetch);
      }
      k_to_fetch -= kTileK;
#if !NODECUDA_MMA_TURING
      CommitCopies();
      advance(writing);
#endif
    };
    const auto complete = [&] {
#if NODECUDA_MMA_TURING
      a_loader.Deposit(writing);
      b_loader.Deposit(writing + LayoutA::kBytes);
      advance(writing);
#else
      WaitForCopies<S::kStages - 2>();
#endif
      __syncthreads();
    };
    const auto read = [&](Fragments& fragments, int step) {
      a_reader_.Read(fragments.a, reading, step);
      b_reader_.Read(fragments.b, reading + LayoutA::kBytes, step);
    };

#pragma unroll
    for (int stage = 0; stage < S::kStages - 1; ++stage) fetch();
    complete();
    Fragments fragments[kFragmentSets];
    read(fragments[0], 0);
#pragma unroll 1
    for (std::int64_t k_left = k.count; k_left > 0; k_left -= kTileK) {
#pragma unroll K::kNeedsRegisters ? 1 : kSteps
      for (int step = 0; step < kSteps; ++step) {
        const auto read_next = [&] {
          if (step == kSteps - 1) {
            complete();
            advance(reading);
          }
          // After the last stage this reads what nobody uses.
          read(fragments[(step + 1) % kFragmentSets], (step + 1) % kSteps);
        };
        if (step == 0) fetch();
        if (kFragmentSets == 2) read_next();
        Fragments& current = fragments[step % kFragmentSets];
        K::Multiply(sums, current.a, current.b);
        if (kFragmentSets == 1) read_next();
      }
    }
  }

  // Slices of 16 rows of the warp's sums go through shared memory, so that they reach c in whole
  // rows and the epilogue's code is there once.
  static constexpr int kSliceRows = 16;
  static constexpr int kSliceStride =
      S::kWarpN + 32 / static_cast<int>(sizeof(Accumulator)) * (sizeof(Accumulator) == 8 ? 2 : 1);
  static constexpr int kRun = kVectorBytes / sizeof(Accumulator);
  static_assert(S::kThreads / 32 * kSliceRows * kSliceStride * sizeof(Accumulator) <= kSharedBytes);

  __device__ __forceinline__ void StoreSums(const Epilogue<Accumulator>& epilogue,
                                            std::int64_t first_row, std::int64_t first_column,
                                            Sums& sums) const {
    Accumulator* slice =
        reinterpret_cast<Accumulator*>(Shared()) + threadIdx.x / 32 * (kSliceRows * kSliceStride);
#pragma unroll 1
    for (int i = 0; i < ReaderA::kCount; ++i) {
      WriteSlice(slice, sums[0]);
      __syncwarp();
      StoreSlice(epilogue, slice, first_row + i * kSliceRows, first_column);
      __syncwarp();
      // What is indexed at run time does not stay in registers, so the slice to store is always
      // the first, and the others move up.
#pragma unroll
      for (int next = 1; next < ReaderA::kCount; ++next) {
#pragma unroll
        for (int j = 0; j < ReaderB::kCount * 2; ++j) {
#pragma unroll
          for (int r = 0; r < 4; ++r) sums[next - 1][j][r] = sums[next][j][r];
        }
      }
    }
  }

  static __device__ __forceinline__ void WriteSlice(Accumulator* slice,
                                                    Accumulator (&sums)[ReaderB::kCount * 2][4]) {
    const int lane = threadIdx.x % 32, row = lane / 4, column = lane % 4 * 2;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      Accumulator* target =
          slice + (ReaderA::kInterleaved ? row * 2 + half : row + half * 8) * kSliceStride;
#pragma unroll
      for (int j = 0; j < ReaderB::kCount * 2; ++j) {
        if constexpr (ReaderB::kInterleaved) {
          target[j / 2 * 16 + column * 2 + j % 2] = sums[j][half * 2];
          target[j / 2 * 16 + column * 2 + 2 + j % 2] = sums[j][half * 2 + 1];
        } else {
          struct alignas(2 * sizeof(Accumulator)) Pair {
            Accumulator values[2];
          };
          *reinterpret_cast<Pair*>(target + j * 8 + column) = {sums[j][half * 2],
                                                               sums[j][half * 2 + 1]};
        }
      }
    }
  }

  static __device__ __forceinline__ void StoreSlice(const Epilogue<Accumulator>& epilogue,
                                                    const Accumulator* slice,
                                                    std::int64_t first_row,
                                                    std::int64_t first_column) {
    using Output = typename K::Output;
    constexpr int kRunsPerRow = S::kWarpN / kRun, kRowsPerPass = 32 / kRunsPerRow;
    const int lane = threadIdx.x % 32;
    const int column = lane % kRunsPerRow * kRun;
#pragma unroll 1
    for (int row = lane / kRunsPerRow; row < kSliceRows; row += kRowsPerPass) {
      struct alignas(kVectorBytes) Run {
        Accumulator values[kRun];
      } run = *reinterpret_cast<const Run*>(slice + row * kSliceStride + column);
      if (!std::is_same_v<Output, Accumulator> && epilogue.template IsPlain<Output>()) {
        epilogue.template StorePlain<Output>(run.values, first_row + row, first_column + column);
      } else {
        epilogue.Store(run.values, first_row + row, first_column + column);
      }
    }
  }

  const MatmulArguments& arguments_;
  int warp_row_, warp_column_;  // of the warp's part in the tile
  ReaderA a_reader_;
  ReaderB b_reader_;
};

}  // namespace matmul

// Kernels of all layouts: which operands are stored transposed.
#define NODECUDA_MMA(name, kind, shape, blocks, transpose_a, transpose_b)                    \
  extern "C" __global__ void __launch_bounds__(matmul::shape::kThreads, blocks)              \
      name(const __grid_constant__ MatmulArguments arguments) {                              \
    matmul::MmaBlock<matmul::kind, matmul::shape, transpose_a, transpose_b>::Run(arguments); \
  }

// `blocks` is how many a multiprocessor must have registers for.
#define NODECUDA_MMA_LAYOUTS(name, kind, shape, blocks)      \
  NODECUDA_MMA(name##_nn, kind, shape, blocks, false, false) \
  NODECUDA_MMA(name##_nt, kind, shape, blocks, false, true)  \
  NODECUDA_MMA(name##_tn, kind, shape, blocks, true, false)  \
  NODECUDA_MMA(name##_tt, kind, shape, blocks, true, true)
