// c = a b on the tensor cores of compute capability 9.0: tiles arrive by tensor copies (TMA), wgmma
// multiplies them out of shared memory. docs/kernels/hopper.md tells the design and its figures.
//
// A block is three warpgroups. One thread of the first, the producer, keeps a ring of stages in
// shared memory filled, each 128 bytes of k deep; the other two, the consumers, multiply 64 rows of
// the tile each. Blocks are persistent: each computes every gridDim.x-th tile, and the producer
// fetches the next tile's stages while the consumers store this one's.
//
// Two blocks may form a cluster. They compute tiles above each other, which need the same columns
// of b: each fetches half of them and sends it to both.
//
//   barrier   phase ends when                                  who waits
//   full[s]   the producer has arrived and all bytes are there  the consumers of this block
//   empty[s]  every consumer warp of the cluster has arrived    the producer of this block
//
// Every role walks the ring in the same order, over all its tiles without a break. The n-th pass
// through the ring waits for the phases with parity n % 2; the producer for the one before, which
// for a fresh barrier counts as ended.
#pragma once

#include <type_traits>

#include "cuda/matmul/epilogue.cuh"
#include "cuda/matmul/hopper/shape.cuh"

namespace hopper {

// Fetches the part of b that is this block's to fetch, for all blocks of the cluster.
template <typename S>
__device__ __forceinline__ void FetchB(const SharedMemory<S>& shared, int stage,
                                       const TensorMap& map, const Tiles<S>& tiles, int k,
                                       int batch) {
  const std::uint32_t full = shared.Full(stage);
  const int columns = S::kTileN / static_cast<int>(tiles.blocks());
  const int first = columns * static_cast<int>(tiles.rank());
  const auto all = static_cast<std::uint16_t>((1u << tiles.blocks()) - 1);
  const int extent = S::kBIsAlongK ? columns : S::kBoxExtent;
#pragma unroll 1
  for (int i = 0; i < columns; i += extent) {
    const int column = tiles.column + first + i;
    // Either way a column takes kRowBytes: in its row, or as its share of a box.
    const std::uint32_t destination = shared.B(stage) + (first + i) * kRowBytes;
    const int x = S::kBIsAlongK ? k : column, y = S::kBIsAlongK ? column : k;
    if (all == 1) {
      CopyBox(destination, map, full, x, y, batch);
    } else {
      MulticastBox(destination, map, full, x, y, batch, all);
    }
  }
}

template <typename S>
__device__ __forceinline__ void FetchA(const SharedMemory<S>& shared, int stage,
                                       const TensorMap& map, int row, int k, int batch) {
  constexpr int kExtent = S::kAIsAlongK ? S::kTileM : S::kBoxExtent;
#pragma unroll
  for (int i = 0; i < S::kTileM; i += kExtent) {
    CopyBox(shared.A(stage) + i * kRowBytes, map, shared.Full(stage), S::kAIsAlongK ? k : row + i,
            S::kAIsAlongK ? row + i : k, batch);
  }
}

// Operands for one walk over k.
struct Walk {
  const TensorMap* a;
  const TensorMap* b;
};

// The producer, one thread. `walk(i)` names the operands of the i-th walk over k: the products of
// all `walks` are summed up.
template <typename S, typename WalkFunction>
__device__ __forceinline__ void Produce(const MatmulArguments& arguments,
                                        const SharedMemory<S>& shared, int walks,
                                        WalkFunction walk) {
  const matmul::SplitRange range = matmul::FindSplit<S::kTileK>(arguments);
  const int first = static_cast<int>(range.first),
            end = static_cast<int>(range.first + range.count);
  Ring<S::kStages> ring;
  Tiles<S> tiles(arguments);
  while (tiles.Next()) {
    // The maps of an operand that all batches share have one batch only.
    const int a_batch = arguments.a_batch_stride == 0 ? 0 : static_cast<int>(tiles.batch);
    const int b_batch = arguments.b_batch_stride == 0 ? 0 : static_cast<int>(tiles.batch);
    for (int i = 0; i < walks; ++i) {
      const Walk maps = walk(i);
#pragma unroll 1
      for (int k = first; k < end; k += S::kTileK) {
        WaitForPhase(shared.Empty(ring.stage), ring.parity ^ 1);
        // What lies outside of a and b counts too, and so does the half of b that comes from the
        // other block of the cluster.
        ArriveExpectingBytes(shared.Full(ring.stage), S::kStageBytes);
        FetchA(shared, ring.stage, *maps.a, tiles.row, k, a_batch);
        FetchB(shared, ring.stage, *maps.b, tiles, k, b_batch);
        ring.Advance();
      }
    }
  }
}

// Hands a stage back to the producers of all blocks of the cluster, which all write to it. Called
// by whole warps; that a warp's wgmma have ended says nothing of the other warps', so each arrives.
template <typename S>
__device__ __forceinline__ void Release(const SharedMemory<S>& shared, int stage, unsigned blocks) {
  const unsigned lane = threadIdx.x % kWarpThreads;
  if (blocks == 1) {
    if (lane == 0) Arrive(shared.Empty(stage));
  } else if (lane < blocks) {
    ArriveAt(shared.Empty(stage), lane);
  }
}

// Multiplies one stage: the consumer's 64 rows of a with all columns of b.
template <typename S>
__device__ __forceinline__ void MultiplyStage(typename S::Sum (&sums)[S::kSums], std::uint32_t a,
                                              std::uint32_t b, bool accumulate) {
  using Product = typename S::Product;
  const std::uint64_t a_operand = SwizzledOperand(a, S::kBoxBytes);
  const std::uint64_t b_operand = SwizzledOperand(b, S::kBoxBytes);
  constexpr int kDepthBytes = Product::kDepth * S::Operand::kBytes;
  static_assert(kDepthBytes * 4 == kRowBytes);
  constexpr int kAStep = (S::kAIsAlongK ? kDepthBytes : Product::kDepth * kRowBytes) >> 4;
  constexpr int kBStep = (S::kBIsAlongK ? kDepthBytes : Product::kDepth * kRowBytes) >> 4;
  WgmmaFence();
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    Product::template MultiplyAdd<!S::kAIsAlongK, !S::kBIsAlongK>(
        sums, a_operand + i * kAStep, b_operand + i * kBStep, accumulate || i > 0);
  }
  WgmmaCommit();
}

// Stores a warp's 16 rows of sums, 32 columns at a time, through the warp's own shared memory.
// Output: void for all that the epilogue can do, or c's type where c = alpha sum is all.
template <typename Output, typename S>
__device__ __forceinline__ void StoreSums(const matmul::Epilogue<typename S::Sum>& epilogue,
                                          const typename S::Sum (&sums)[S::kSums],
                                          typename S::Sum* staged, std::int64_t row, int column,
                                          bool any) {
  using Sum = typename S::Sum;
  struct alignas(8) Pair {
    Sum values[2];
  };
  struct alignas(16) Run {
    Sum values[kRun];
  };
  const int lane = threadIdx.x % kWarpThreads;
  Sum* const target = staged + lane / 4 * kStagedStride + lane % 4 * 2;
  constexpr int kRunsPerRow = kStagedColumns / kRun, kRowsAtOnce = kWarpThreads / kRunsPerRow;
  const Sum* const source = staged + lane / kRunsPerRow * kStagedStride + lane % kRunsPerRow * kRun;
  row += lane / kRunsPerRow;
  column += lane % kRunsPerRow * kRun;
  // A loop that is not unrolled, for the sake of size; what is in registers is found by comparing.
#pragma unroll 1
  for (int chunk = 0; chunk < S::kTileN / kStagedColumns; ++chunk) {
    __syncwarp();  // the chunk before has been read
#pragma unroll
    for (int i = 0; i < S::kTileN / kStagedColumns; ++i) {
      if (i == chunk) {
#pragma unroll
        for (int j = 0; j < kStagedColumns / 8; ++j) {
          const Sum* const four = sums + i * (kStagedColumns / 2) + j * 4;
          *reinterpret_cast<Pair*>(target + j * 8) = {four[0], four[1]};
          *reinterpret_cast<Pair*>(target + 8 * kStagedStride + j * 8) = {four[2], four[3]};
        }
      }
    }
    __syncwarp();
#pragma unroll(std::is_void_v <Output> ? 1 : kStagedRows / kRowsAtOnce)
    for (int i = 0; i < kStagedRows; i += kRowsAtOnce) {
      Run run = *reinterpret_cast<const Run*>(source + i * kStagedStride);
      if (!any) run = {};  // without k nothing has set the sums
      if constexpr (std::is_void_v<Output>) {
        epilogue.Store(run.values, row + i, column);
      } else {
        epilogue.template StorePlain<Output>(run.values, row + i, column);
      }
    }
    column += kStagedColumns;
  }
}

// A consumer's sums for one tile: all `steps` stages that the producer fills for it.
template <typename S>
__device__ __forceinline__ void SumUp(typename S::Sum (&sums)[S::kSums],
                                      const SharedMemory<S>& shared, Ring<S::kStages>& ring,
                                      int consumer, int steps, unsigned blocks) {
  int previous = 0;
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    WaitForPhase(shared.Full(ring.stage), ring.parity);
    // The first product overwrites what the tile before has left in the sums.
    MultiplyStage<S>(sums, shared.A(ring.stage) + consumer * kAtomRows * kRowBytes,
                     shared.B(ring.stage), step > 0);
    // This stage's products go on; those of the stage before have ended.
    WgmmaWait<1>();
    if (step > 0) Release(shared, previous, blocks);
    previous = ring.stage;
    ring.Advance();
  }
  WgmmaWait<0>();
  if (steps > 0) Release(shared, previous, blocks);
#pragma unroll
  for (int i = 0; i < S::kSums; ++i) Pin(sums[i]);
}

// The same in float32 for long sums, kPromotion stages at a time. All but the `last` steps add up
// products with small parts: what of it is not finite is dropped (as in mma/kinds.cuh).
template <typename S>
__device__ __forceinline__ void SumUpPromoting(typename S::Sum (&totals)[S::kSums],
                                               typename S::Sum (&sums)[S::kSums],
                                               const SharedMemory<S>& shared,
                                               Ring<S::kStages>& ring, int consumer, int steps,
                                               int last, unsigned blocks) {
  constexpr float kMostFloat = 0x1.fffffep127f;
#pragma unroll
  for (int i = 0; i < S::kSums; ++i) totals[i] = 0;
  int left = steps;
#pragma unroll 1
  while (left > 0) {
    const int of_these = left > last ? left - last : left;
    const int count = of_these < S::kPromotion ? of_these : S::kPromotion;
    SumUp<S>(sums, shared, ring, consumer, count, blocks);
    left -= count;
#pragma unroll
    for (int i = 0; i < S::kSums; ++i) {
      totals[i] += sums[i];
      if (left == last && !(fabsf(totals[i]) <= kMostFloat)) totals[i] = 0;
    }
  }
}

// Stores the sums of a warp, whose first is at `row` and `column`, in the way that the epilogue
// takes. `any` is false where k is 0 and nothing has set the sums.
template <typename S>
__device__ __forceinline__ void StoreWarp(const MatmulArguments& arguments, unsigned batch,
                                          const typename S::Sum (&sums)[S::kSums],
                                          typename S::Sum* staged, std::int64_t row, int column,
                                          bool any) {
  using Sum = typename S::Sum;
  using Half = typename S::Operand::Output;
  const matmul::Epilogue<Sum> epilogue(arguments, batch);
  if (epilogue.template IsPlain<Sum>()) {
    StoreSums<Sum, S>(epilogue, sums, staged, row, column, any);
  } else if (!std::is_same_v<Half, Sum> && epilogue.template IsPlain<Half>()) {
    StoreSums<Half, S>(epilogue, sums, staged, row, column, any);
  } else {
    StoreSums<void, S>(epilogue, sums, staged, row, column, any);
  }
}

// The consumers. `staged` is the calling warp's.
template <typename S>
__device__ __forceinline__ void Consume(const MatmulArguments& arguments,
                                        const SharedMemory<S>& shared, typename S::Sum* staged,
                                        int walks) {
  using Sum = typename S::Sum;
  const matmul::SplitRange range = matmul::FindSplit<S::kTileK>(arguments);
  const int steps = walks * static_cast<int>((range.count + S::kTileK - 1) / S::kTileK);
  const int consumer = threadIdx.x / kWarpgroupThreads - 1;
  const int first_row =
      consumer * kAtomRows + threadIdx.x % kWarpgroupThreads / kWarpThreads * kStagedRows;
  Ring<S::kStages> ring;
  Tiles<S> tiles(arguments);
  Sum sums[S::kSums] = {};
  while (tiles.Next()) {
    if constexpr (S::kPromotion == 0) {
      SumUp<S>(sums, shared, ring, consumer, steps, tiles.blocks());
      StoreWarp<S>(arguments, tiles.batch, sums, staged, tiles.row + first_row, tiles.column,
                   steps > 0);
    } else {
      Sum totals[S::kSums];
      SumUpPromoting<S>(totals, sums, shared, ring, consumer, steps, steps / walks, tiles.blocks());
      StoreWarp<S>(arguments, tiles.batch, totals, staged, tiles.row + first_row, tiles.column,
                   true);
    }
  }
}

template <typename S, typename WalkFunction>
__device__ __forceinline__ void Run(const MatmulArguments& arguments, int walks,
                                    WalkFunction walk) {
  extern __shared__ __align__(1024) unsigned char memory[];
  const SharedMemory<S> shared{SharedAddress(memory)};
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < S::kStages; ++stage) {
      InitBarrier(shared.Full(stage), 1);
      InitBarrier(shared.Empty(stage), kConsumerWarps * BlocksInCluster());
    }
    FenceBarrierInit();
  }
  // Nobody may use a barrier, of any block of the cluster, before it is initialized.
  SynchronizeCluster();

  if (threadIdx.x < kWarpgroupThreads) {
    ReleaseRegisters<kProducerRegisters>();
    if (threadIdx.x == 0) Produce(arguments, shared, walks, walk);
  } else {
    AcquireRegisters<kConsumerRegisters>();
    const int warp = threadIdx.x / kWarpThreads - kWarpgroupThreads / kWarpThreads;
    auto* staged = reinterpret_cast<typename S::Sum*>(memory + S::kStagedOffset);
    Consume(arguments, shared, staged + warp * kStagedRows * kStagedStride, walks);
  }
  // A block's shared memory must last until the cluster's other block has arrived at its barriers
  // for the last time.
  __syncwarp();
  SynchronizeCluster();
}

}  // namespace hopper
