// Sizes, shared memory and the order of tiles of the kernels in hopper.cuh.
#pragma once

#include <cstdint>

#include "cuda/matmul/hopper/ptx.cuh"
#include "cuda/matmul/hopper/wgmma.cuh"
#include "cuda/matmul/tile.cuh"

namespace hopper {

constexpr int kWarpThreads = 32, kWarpgroupThreads = 128;
constexpr int kConsumers = 2;  // warpgroups
constexpr int kThreads = (1 + kConsumers) * kWarpgroupThreads;
constexpr int kConsumerWarps = kConsumers * kWarpgroupThreads / kWarpThreads;

// Of the 65536 registers a block of 384 threads gets 168 a thread; what the producer does not need
// goes to the consumers: 128 x 56 + 256 x 224 = 384 x 168.
constexpr int kProducerRegisters = 56, kConsumerRegisters = 224;

constexpr int kRowBytes = 128;         // of a stage: the width of the swizzle
constexpr int kAtomRows = 64;          // of a wgmma, and of a box that is not k-major
constexpr int kRingBytes = 192 << 10;  // as many stages as fit

// How the consumers hand sums to the threads that store them: a warp writes 16 rows x 32 columns
// as wgmma has left them and reads runs of neighbours. With 40 words from row to row, neither
// way has bank conflicts.
constexpr int kStagedRows = 16, kStagedColumns = 32, kStagedStride = 40, kRun = 4;

// kPromotion: after how many stages the sums of products are added to others in float32, rounded to
// nearest (0: never). wgmma rounds its sums toward zero, which adds up over many additions.
template <typename OperandType, int kColumns, bool kIsATransposed, bool kIsBTransposed,
          int kPromotionStages = 0>
struct Shape {
  using Operand = OperandType;
  static constexpr int kPromotion = kPromotionStages;
  static constexpr int kTileM = kConsumers * kAtomRows, kTileN = kColumns;
  static constexpr int kTileK = kRowBytes / Operand::kBytes;
  // As stored in global memory, and so in shared memory: along k, or along m and n.
  static constexpr bool kAIsAlongK = !kIsATransposed, kBIsAlongK = kIsBTransposed;
  static_assert(Operand::kBytes == 2 || (kAIsAlongK && kBIsAlongK));

  static constexpr int kABytes = kTileM * kRowBytes, kBBytes = kTileN * kRowBytes;
  static constexpr int kStageBytes = kABytes + kBBytes;
  static constexpr int kStages = kRingBytes / kStageBytes;
  // A box that is not k-major: 128 bytes of m or n, all of the stage's k.
  static constexpr int kBoxExtent = kRowBytes / Operand::kBytes;
  static constexpr int kBoxBytes = kTileK * kRowBytes;

  using Product = Wgmma<Operand, kTileN>;
  using Sum = typename Product::Sum;
  static constexpr int kSums = kTileN / 2;  // a thread

  // Shared memory: the ring, what is handed over in the epilogue, full[], empty[].
  static constexpr int kStagedOffset = kStages * kStageBytes;
  static constexpr int kBarrierOffset =
      kStagedOffset + kConsumerWarps * kStagedRows * kStagedStride * 4;
  static constexpr int kSharedBytes = kBarrierOffset + 2 * kStages * 8;
  static_assert(kSharedBytes <= 227 << 10);
};

// Where a role is in the ring.
template <int kStages>
struct Ring {
  int stage = 0;
  unsigned parity = 0;

  __device__ __forceinline__ void Advance() {
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }
};

template <typename S>
struct SharedMemory {
  std::uint32_t base;

  __device__ __forceinline__ std::uint32_t A(int stage) const {
    return base + stage * S::kStageBytes;
  }
  __device__ __forceinline__ std::uint32_t B(int stage) const { return A(stage) + S::kABytes; }
  __device__ __forceinline__ std::uint32_t Full(int stage) const {
    return base + S::kBarrierOffset + stage * 8;
  }
  __device__ __forceinline__ std::uint32_t Empty(int stage) const {
    return Full(stage) + S::kStages * 8;
  }
};

// The tiles of one block, the same for all its roles and, but for the row, for its cluster: blocks
// of a cluster must go through the ring in step, so one of them may get a tile below the last row.
template <typename S>
class Tiles {
 public:
  __device__ __forceinline__ explicit Tiles(const MatmulArguments& arguments)
      : arguments_(arguments), blocks_(BlocksInCluster()), rank_(BlockRankInCluster()) {
    // The host has checked that m and n, and the number of all tiles, are less than 2^31.
    const unsigned rows = S::kTileM * blocks_;
    groups_ = (static_cast<unsigned>(arguments.m) + rows - 1) / rows;
    tiles_ = groups_ * ((static_cast<unsigned>(arguments.n) + S::kTileN - 1) / S::kTileN);
    count_ = tiles_ * static_cast<unsigned>(arguments.batches);
    next_ = blockIdx.x / blocks_;
  }

  __device__ __forceinline__ bool Next() {
    if (next_ >= count_) return false;
    batch = next_ / tiles_;
    // Bands of 16 rows of tiles: the 132 that are computed at the same time are 16 x 8, and a and b
    // have about the same share in what they fetch.
    const unsigned tile = next_ % tiles_;
    const auto position = blocks_ == 1
                              ? matmul::FindTile<1, S::kTileN, 16>(groups_, arguments_.n, tile)
                              : matmul::FindTile<1, S::kTileN, 8>(groups_, arguments_.n, tile);
    row = static_cast<int>((position.row * blocks_ + rank_) * S::kTileM);
    column = static_cast<int>(position.column);
    next_ += gridDim.x / blocks_;
    return true;
  }

  __device__ __forceinline__ unsigned blocks() const { return blocks_; }
  __device__ __forceinline__ unsigned rank() const { return rank_; }

  int row = 0, column = 0;
  unsigned batch = 0;

 private:
  const MatmulArguments& arguments_;
  unsigned blocks_, rank_;
  unsigned groups_;  // of tile rows, one for each block of the cluster
  unsigned tiles_, count_, next_;
};

}  // namespace hopper
