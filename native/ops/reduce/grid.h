#ifndef NODECUDA_OPS_REDUCE_GRID_H_
#define NODECUDA_OPS_REDUCE_GRID_H_

#include <cstdint>

#include "cuda/reduce/arguments.h"

namespace nodecuda {

// How the elements of (outer, axis, inner) are divided among threads.
struct ReduceGrid {
  bool rows = false;        // threads run along the axis; else side by side along inner
  int width = 1;            // as in ReduceArguments
  bool vectorized = false;  // columns
  std::int64_t splits = 1, split_length = 0;
  std::uint64_t blocks = 0;
};

struct ReduceExtents {
  std::int64_t outer, axis, inner;
  std::int64_t results() const { return outer * inner; }
};

// Whether neighbouring threads should have neighbours along inner, rather than along the axis.
bool ByColumns(const ReduceOperand& x, const ReduceExtents& extents);

// `unit`: elements of a row that a thread loads at a time.
ReduceGrid PlanRows(const ReduceExtents& extents, std::int64_t unit, int multiprocessors);
// `columns`: neighbouring columns that a thread takes together.
ReduceGrid PlanColumns(const ReduceExtents& extents, std::int64_t columns, int multiprocessors);
// For the partial results of `splits` pieces.
ReduceGrid PlanCombine(std::int64_t results, std::int64_t splits);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_REDUCE_GRID_H_
