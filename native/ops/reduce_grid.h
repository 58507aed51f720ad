#ifndef NODECUDA_OPS_REDUCE_GRID_H_
#define NODECUDA_OPS_REDUCE_GRID_H_

#include "ops/reduce.h"

namespace nodecuda {

struct ReduceExtents {
  std::int64_t outer, axis, inner;
  std::int64_t results() const { return outer * inner; }
};

// Whether `address` and `strides`, in elements, allow accesses of `bytes` at each index.
bool AllAligned(const void* address, std::size_t element_bytes, std::size_t bytes,
                std::initializer_list<std::int64_t> strides);

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
