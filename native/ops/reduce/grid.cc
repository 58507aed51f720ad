#include "ops/reduce/grid.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "ops/kernels/launch.h"

namespace nodecuda {
namespace {

constexpr std::int64_t kThreads = kReduceThreads;
// Blocks of a multiprocessor that are wanted before the axis is no longer split.
constexpr std::int64_t kBlocksPerMultiprocessor = 4;
// What one thread has at most of a split axis: bounds the error of a sum, whatever the length.
constexpr std::int64_t kMostUnitsPerThread = 128;
// What it has at least: splitting is not worth a second launch for less.
constexpr std::int64_t kLeastUnitsPerThread = 8;
// Loads in flight, as in cuda/reduce/rows.cuh and columns.cuh.
constexpr std::int64_t kRowUnroll = 4;
constexpr std::int64_t kColumnUnroll = 8;

std::int64_t DivideUp(std::int64_t value, std::int64_t divisor) {
  return value / divisor + (value % divisor != 0);
}

// Splits the axis, `step` elements of which a block takes at a time with one load of each thread,
// so that `blocks` times the pieces fill the device and no thread has too much.
void SplitAxis(std::int64_t axis, std::int64_t step, std::int64_t unroll, std::uint64_t blocks,
               int multiprocessors, ReduceGrid* grid) {
  const std::int64_t per_thread = DivideUp(axis, step);
  const std::int64_t wanted = kBlocksPerMultiprocessor * std::max(multiprocessors, 1);
  std::int64_t splits = DivideUp(per_thread, kMostUnitsPerThread);
  if (std::cmp_less(blocks, wanted)) {
    splits = std::max(
        splits,
        std::min(per_thread / kLeastUnitsPerThread,
                 DivideUp(wanted, std::max<std::int64_t>(static_cast<std::int64_t>(blocks), 1))));
  }
  splits = std::max<std::int64_t>(splits, 1);
  const std::int64_t granule = step * unroll;
  grid->split_length = DivideUp(DivideUp(axis, splits), granule) * granule;
  grid->splits = std::max<std::int64_t>(DivideUp(axis, grid->split_length), 1);
  grid->blocks = blocks * static_cast<std::uint64_t>(grid->splits);
}

}  // namespace

bool ByColumns(const ReduceOperand& x, const ReduceExtents& extents) {
  return extents.inner > 1 && extents.axis > 0 &&
         std::abs(x.inner_stride) < std::abs(x.axis_stride);
}

ReduceGrid PlanRows(const ReduceExtents& extents, std::int64_t unit, int multiprocessors) {
  ReduceGrid grid;
  grid.rows = true;
  grid.split_length = extents.axis;
  const std::int64_t units = DivideUp(extents.axis, unit), rows = extents.results();
  // Threads of a row: few of them have several loads each, more of them fill the device.
  const std::int64_t wanted = std::int64_t{1024} * std::max(multiprocessors, 1);
  std::int64_t width = 1;
  while (width < 32 && (width * kRowUnroll < units || (width < units && rows * width < wanted))) {
    width *= 2;
  }
  if (units > 32 * 4 * kRowUnroll || (units > 32 * kRowUnroll && rows * width < wanted)) {
    width = kThreads;
  }
  grid.width = static_cast<int>(width);
  grid.blocks = CeilDiv(static_cast<std::uint64_t>(rows), kThreads / width);
  if (width == kThreads) {
    SplitAxis(extents.axis, kThreads * unit, kRowUnroll, grid.blocks, multiprocessors, &grid);
  }
  return grid;
}

ReduceGrid PlanColumns(const ReduceExtents& extents, std::int64_t columns, int multiprocessors) {
  ReduceGrid grid;
  grid.vectorized = columns > 1;
  const std::int64_t slots = extents.outer * (extents.inner / columns);
  // Side by side: a warp at least, so that it reads whole lines, if there are that many columns.
  // More of them while the other threads have enough of the axis for each other.
  std::int64_t width = kThreads;
  while (width > 1 && (width / 2 >= slots ||
                       (width > 32 && extents.axis > kColumnUnroll * (kThreads / width)))) {
    width /= 2;
  }
  grid.width = static_cast<int>(width);
  const std::uint64_t blocks =
      CeilDiv(static_cast<std::uint64_t>(slots), static_cast<std::uint64_t>(width));
  SplitAxis(extents.axis, kThreads / width, kColumnUnroll, blocks, multiprocessors, &grid);
  return grid;
}

ReduceGrid PlanCombine(std::int64_t results, std::int64_t splits) {
  ReduceGrid grid = PlanColumns({1, splits, results}, 1, 1);
  const std::uint64_t pieces = static_cast<std::uint64_t>(grid.splits);
  grid.blocks /= pieces;
  grid.splits = 1;
  grid.split_length = splits;
  return grid;
}

}  // namespace nodecuda
