// An operand's tiles in shared memory: their layout, how they get there from global memory, and how
// a warp reads fragments out of them.
//
// An operand is (extent, k): the m x k matrix op(a), or the k x n matrix op(b) seen from its
// columns. A tile keeps the order that the operand has in memory, in chunks of 16 bytes, which is
// what one thread copies and what a row of an 8 x 8 matrix has. The chunks of a row are permuted,
// differently from row to row, so that no access of a warp meets a bank of shared memory twice.
#pragma once

#include "cuda/common.cuh"
#include "cuda/matmul/mma/instructions.cuh"
#include "cuda/matmul/tile.cuh"

namespace matmul {

constexpr int kChunkBytes = kVectorBytes;
constexpr int kStepBytes = 32;  // of k, that one fragment covers

// kAlongK: neighbours in memory are neighbours in k; otherwise in the extent.
template <typename ElementType, int kTileExtent, int kTileK, bool kAlong>
struct TileLayout {
  using Element = ElementType;
  static constexpr bool kAlongK = kAlong;
  static constexpr int kElementBytes = sizeof(Element);
  static constexpr int kExtent = kTileExtent, kDepth = kTileK;
  static constexpr int kRows = kAlongK ? kExtent : kDepth;
  static constexpr int kRowBytes = (kAlongK ? kDepth : kExtent) * kElementBytes;
  static constexpr int kChunks = kRowBytes / kChunkBytes;  // of a row
  static constexpr int kBytes = kRows * kRowBytes;

  // Whether fragments are read word by word: ldmatrix has no elements of 64 bits, and cannot
  // transpose those of 32.
  static constexpr bool kByWords = kElementBytes == 8 || (kElementBytes == 4 && !kAlongK);

  // What the index of a chunk is XORed with; the same for rows that are kSwizzlePeriod apart.
  static constexpr int kSwizzlePeriod = kByWords ? 4 : kAlongK || kElementBytes == 2 ? 8 : 16;
  static __device__ __forceinline__ int Swizzle(int row) {
    if constexpr (kByWords) {
      return (row & 3) << 1;  // read by words: 4 rows, 2 chunks of each
    } else if constexpr (kAlongK) {
      static_assert(kChunks == 4);
      return (row >> 1) & 3;  // read by 8 rows, two of which share the 128 bytes of all banks
    } else if constexpr (kElementBytes == 2) {
      return row & 7;  // read by 8 rows
    } else if constexpr (kChunks == 4) {
      return (row >> 2) & 3;  // read by 8 rows, two and two together: 0, 1, 4, 5, 8, 9, 12, 13
    } else {
      return (row & 1) | ((row >> 1) & 6);
    }
  }
  // The bits of an offset that it can change.
  static constexpr int kSwizzleMask = kByWords ? 0x60 : kChunks == 4 ? 0x30 : 0x70;

  static __device__ __forceinline__ std::uint32_t Offset(int row, int chunk) {
    return row * kRowBytes + ((chunk ^ Swizzle(row)) * kChunkBytes);
  }
  // The offset `bytes` further along the same row. The bits of `bytes` must be free in the index
  // that `offset` was computed from.
  static __device__ __forceinline__ std::uint32_t Along(std::uint32_t offset, int bytes) {
    return (offset ^ (bytes & kSwizzleMask)) + (bytes & ~kSwizzleMask);
  }
};

// Copies an operand's tiles to shared memory, one after the other in k. What is beyond the
// operand's end is zero there, and never read. Rows of the operand begin at multiples of 16 bytes.
template <typename Layout, int kThreads>
class TileLoader {
 public:
  using Element = typename Layout::Element;

  // `origin` is the first of the block's rows (or columns) of the `extent` there are, `k` the first
  // of its k.
  __device__ __forceinline__ TileLoader(const Element* operand, std::int64_t stride,
                                        std::int64_t origin, std::int64_t extent, std::int64_t k) {
    const int row = threadIdx.x / Layout::kChunks, chunk = threadIdx.x % Layout::kChunks;
    const int along = chunk * kChunkElements;
    stride_bytes_ = stride * Layout::kElementBytes;
    offset_ = Layout::Offset(row, chunk);
    const std::int64_t first_row = (Layout::kAlongK ? origin : k) + row;
    const std::int64_t first_column = (Layout::kAlongK ? k : origin) + along;
    source_ = reinterpret_cast<const char*>(operand + first_row * stride + first_column);
    extent_left_ = Clamp(extent - origin, Layout::kExtent) - (Layout::kAlongK ? row : along);
    k_start_ = Layout::kAlongK ? along : row;
  }

  // Starts to copy the next tile, of which k_left (at least 1) are left, to `tile`.
  __device__ __forceinline__ void Fetch(std::uint32_t tile, std::int64_t k_left) {
    const int k = Clamp(k_left, Layout::kDepth) - k_start_;
    const int rows = Layout::kAlongK ? extent_left_ : k;
    const int bytes = ChunkBytes(Layout::kAlongK ? k : extent_left_);
    const char* source = source_;
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const int present = i * kRowsPerPass < rows ? bytes : 0;
#if NODECUDA_MMA_TURING
      registers_[i] = Load(source, present);
#else
      CopyAsync(tile + offset_ + i * kRowsPerPass * Layout::kRowBytes, source, present);
#endif
      source += kRowsPerPass * stride_bytes_;
    }
    source_ += Layout::kAlongK ? Layout::kRowBytes : Layout::kDepth * stride_bytes_;
  }

#if NODECUDA_MMA_TURING
  // Without asynchronous copies tiles pass through registers: this ends what Fetch has begun.
  __device__ __forceinline__ void Deposit(std::uint32_t tile) const {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      StoreShared(tile + offset_ + i * kRowsPerPass * Layout::kRowBytes, registers_[i]);
    }
  }
#endif

 private:
  static constexpr int kChunkElements = kChunkBytes / Layout::kElementBytes;
  static constexpr int kPasses = Layout::kRows * Layout::kChunks / kThreads;
  static constexpr int kRowsPerPass = kThreads / Layout::kChunks;
  static_assert(kPasses * kRowsPerPass == Layout::kRows);
  static_assert(kRowsPerPass % Layout::kSwizzlePeriod == 0);

  // Of a chunk with `elements` left from its begin on, which may be negative.
  static __device__ __forceinline__ int ChunkBytes(int elements) {
    const int bytes = elements * Layout::kElementBytes;
    return bytes < 0 ? 0 : bytes < kChunkBytes ? bytes : kChunkBytes;
  }

#if NODECUDA_MMA_TURING
  static __device__ __forceinline__ uint4 Load(const char* source, int bytes) {
    if (bytes == kChunkBytes) return *reinterpret_cast<const uint4*>(source);
    uint4 value = {};
    // The last element first: each moves those before it up.
#pragma unroll 1
    while (bytes > 0) {
      bytes -= Layout::kElementBytes;
      constexpr int kBits = 8 * Layout::kElementBytes;
      const auto next = *reinterpret_cast<const Unsigned*>(source + bytes);
      value.w = __funnelshift_l(value.z, value.w, kBits);
      value.z = __funnelshift_l(value.y, value.z, kBits);
      value.y = __funnelshift_l(value.x, value.y, kBits);
      value.x = value.x << kBits | next;
    }
    return value;
  }
  using Unsigned = std::conditional_t<Layout::kElementBytes == 1, std::uint8_t, std::uint16_t>;
  uint4 registers_[kPasses];
#endif

  const char* source_;
  std::int64_t stride_bytes_;
  std::uint32_t offset_;
  int extent_left_;  // from the thread's first row or element of the extent on; may be negative
  int k_start_;      // its first k
};

// Reads one warp's fragments of a tile: kWarpExtent rows (or columns) from `origin` on. kOfB: the
// registers are in b's order.
template <typename Layout, typename Register, int kRegisters, int kWarpExtent, bool kOfB>
class FragmentReader {
 public:
  static constexpr int kCount = kWarpExtent / 16;
  using Fragments = Register[kCount][kRegisters];
  // Whether the fragments' rows (or columns) h * 8 + i are 2 * i + h of the tile: what the
  // transposition of bytes makes of them.
  static constexpr bool kInterleaved = Layout::kElementBytes == 1 && !Layout::kAlongK;

  __device__ __forceinline__ explicit FragmentReader(int origin) {
    const int lane = threadIdx.x % 32, matrix = lane / 8, row = lane % 8;
    const int half = kOfB ? matrix / 2 : matrix % 2, quarter = kOfB ? matrix % 2 : matrix / 2;
    if constexpr (Layout::kByWords) {
      const int outer = lane / 4, inner = lane % 4;
      const int along = Layout::kAlongK ? inner : origin + outer;
      const int bytes = along * Layout::kElementBytes;
      offset_ = Layout::Offset(Layout::kAlongK ? origin + outer : inner, bytes / kChunkBytes) +
                bytes % kChunkBytes;
    } else if constexpr (Layout::kAlongK) {
      offset_ = Layout::Offset(origin + half * 8 + row, quarter);
    } else if constexpr (kInterleaved) {
      // A pair of matrices gives each lane the bytes of k that it needs, those of two neighbours
      // in the extent together.
      const int k = matrix / 2 * 16 + row / 2 * 4 + matrix % 2 * 2 + row % 2;
      offset_ = Layout::Offset(k, origin / kChunkBytes);
    } else {
      offset_ = Layout::Offset(quarter * 8 + row, origin / 8 + half);
    }
  }

  // Those of the step-th kStepBytes of k.
  __device__ __forceinline__ void Read(Fragments& fragments, std::uint32_t tile, int step) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      if constexpr (Layout::kByWords) {
#pragma unroll
        for (int r = 0; r < kRegisters; ++r) {
          const int half = kOfB ? r / kPerHalf : r % 2, quarter = kOfB ? r % kPerHalf : r / 2;
          LoadShared(fragments[i][r],
                     tile + At(i * 16 + half * 8, step * kStepElements + quarter * 4));
        }
      } else {
        LoadMatrices<!Layout::kAlongK>(fragments[i], tile + At(i * 16, step * kStepElements));
        if constexpr (kInterleaved) Separate(fragments[i]);
      }
    }
  }

 private:
  static constexpr int kPerHalf = kRegisters / 2;
  static constexpr int kStepElements = kStepBytes / Layout::kElementBytes;

  // Of what is that much further in the extent and in k.
  __device__ __forceinline__ std::uint32_t At(int extent, int k) const {
    const int along = (Layout::kAlongK ? k : extent) * Layout::kElementBytes;
    const int across = (Layout::kAlongK ? extent : k) * Layout::kRowBytes;
    return Layout::Along(offset_, along) + across;
  }

  static __device__ __forceinline__ void Separate(std::uint32_t (&registers)[4]) {
    const std::uint32_t even[2] = {__byte_perm(registers[0], registers[1], 0x6420),
                                   __byte_perm(registers[2], registers[3], 0x6420)};
    const std::uint32_t odd[2] = {__byte_perm(registers[0], registers[1], 0x7531),
                                  __byte_perm(registers[2], registers[3], 0x7531)};
    registers[0] = even[0];
    registers[1] = kOfB ? even[1] : odd[0];
    registers[2] = kOfB ? odd[0] : even[1];
    registers[3] = odd[1];
  }

  std::uint32_t offset_;
};

}  // namespace matmul
