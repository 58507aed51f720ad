#include "simulator/exec/matrix/matrix_moves.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

constexpr int kRows = 8;

// The elements as rows, and as two of one row in each lane.
void Spread(const std::uint16_t (&rows)[kRows][kRows], bool transposed, std::uint32_t* lanes) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const int row = lane / 4, column = lane % 4 * 2;
    const std::uint32_t low = transposed ? rows[column][row] : rows[row][column];
    const std::uint32_t high = transposed ? rows[column + 1][row] : rows[row][column + 1];
    lanes[lane] = high << 16 | low;
  }
}

void Gather(const std::uint32_t* lanes, bool transposed, std::uint16_t (&rows)[kRows][kRows]) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const int row = lane / 4, column = lane % 4 * 2;
    (transposed ? rows[column][row] : rows[row][column]) = static_cast<std::uint16_t>(lanes[lane]);
    (transposed ? rows[column + 1][row] : rows[row][column + 1]) =
        static_cast<std::uint16_t>(lanes[lane] >> 16);
  }
}

// `kLanes`: as many as there are rows name one each.
template <int kLanes>
bool ResolveRows(const Instruction& in, WarpContext& context, LaneMask mask, bool is_store,
                 HostAddresses* lanes) {
  constexpr LaneMask kNaming = kFullMask >> (kWarpSize - kLanes);
  return context.NeedsWholeWarp(mask) &&
         ResolveLanes(in, MemoryForm::Of(in), context.file, kNaming, is_store, context.view, lanes);
}

template <int kCount, bool kTransposed>
bool RunLoadMatrix(const Instruction& in, WarpContext& context, LaneMask mask) {
  HostAddresses lanes;
  if (!ResolveRows<kRows * kCount>(in, context, mask, false, &lanes)) return false;
  for (int matrix = 0; matrix < kCount; ++matrix) {
    std::uint16_t rows[kRows][kRows];
    for (int row = 0; row < kRows; ++row)
      std::memcpy(rows[row], reinterpret_cast<const void*>(lanes.address[matrix * kRows + row]),
                  sizeof rows[row]);
    Spread(rows, kTransposed, context.Slot<std::uint32_t>(in.slot[matrix]));
  }
  return true;
}

template <int kCount, bool kTransposed>
bool RunStoreMatrix(const Instruction& in, WarpContext& context, LaneMask mask) {
  HostAddresses lanes;
  if (!ResolveRows<kRows * kCount>(in, context, mask, true, &lanes)) return false;
  for (int matrix = 0; matrix < kCount; ++matrix) {
    std::uint16_t rows[kRows][kRows];
    Gather(context.Slot<std::uint32_t>(in.slot[matrix]), kTransposed, rows);
    for (int row = 0; row < kRows; ++row)
      std::memcpy(reinterpret_cast<void*>(lanes.address[matrix * kRows + row]), rows[row],
                  sizeof rows[row]);
  }
  return true;
}

// A matrix of 16 rows of 16 bytes, by columns: a lane has four bytes of one column, and of that
// eight further. The PTX ISA shows it in a picture; CuTe's traits (SM100_U8x8_LDSM_T) and QuACK,
// which measured it, have it so.
template <int kCount>
bool RunLoadByteMatrix(const Instruction& in, WarpContext& context, LaneMask mask) {
  constexpr int kByteRows = 16;
  HostAddresses lanes;
  if (!ResolveRows<kByteRows * kCount>(in, context, mask, false, &lanes)) return false;
  for (int matrix = 0; matrix < kCount; ++matrix) {
    std::uint8_t rows[kByteRows][kByteRows];
    for (int row = 0; row < kByteRows; ++row)
      std::memcpy(rows[row], reinterpret_cast<const void*>(lanes.address[matrix * kByteRows + row]),
                  sizeof rows[row]);
    for (int half = 0; half < 2; ++half) {
      auto* words = context.Slot<std::uint32_t>(in.slot[2 * matrix + half]);
      for (int lane = 0; lane < kWarpSize; ++lane) {
        words[lane] = 0;
        for (int i = 0; i < 4; ++i)
          words[lane] |= std::uint32_t{rows[lane % 4 * 4 + i][lane / 4 + half * 8]} << 8 * i;
      }
    }
  }
  return true;
}

bool RunTranspose(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  std::uint16_t rows[kRows][kRows];
  Gather(context.Slot<std::uint32_t>(in.slot[1]), false, rows);
  Spread(rows, true, context.Slot<std::uint32_t>(in.slot[0]));
  return true;
}

}  // namespace

WarpHandler LoadMatrixHandler(int count, bool transposed) {
  if (count == 1) return transposed ? RunLoadMatrix<1, true> : RunLoadMatrix<1, false>;
  if (count == 2) return transposed ? RunLoadMatrix<2, true> : RunLoadMatrix<2, false>;
  return transposed ? RunLoadMatrix<4, true> : RunLoadMatrix<4, false>;
}

WarpHandler LoadByteMatrixHandler(int count) {
  return count == 1 ? RunLoadByteMatrix<1> : RunLoadByteMatrix<2>;
}

WarpHandler StoreMatrixHandler(int count, bool transposed) {
  if (count == 1) return transposed ? RunStoreMatrix<1, true> : RunStoreMatrix<1, false>;
  if (count == 2) return transposed ? RunStoreMatrix<2, true> : RunStoreMatrix<2, false>;
  return transposed ? RunStoreMatrix<4, true> : RunStoreMatrix<4, false>;
}

WarpHandler TransposeMatrixHandler() {
  return RunTranspose;
}

}  // namespace nodecuda::simulator
