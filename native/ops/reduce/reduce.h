#ifndef NODECUDA_OPS_REDUCE_REDUCE_H_
#define NODECUDA_OPS_REDUCE_REDUCE_H_

#include <cstddef>
#include <cstdint>

#include "cuda/reduce/arguments.h"
#include "ops/kernels/builtin_kernels.h"
#include "ops/kernels/dtype.h"
#include "ops/reduce/grid.h"

namespace nodecuda {

// out (outer, inner) = the reduction of x (outer, axis, inner) along its axis.
struct ReduceProblem {
  ReduceOperation operation;
  Dtype dtype, out_dtype;
  ReduceOperand x, y;  // y for kReduceDot only
  void* out;
  std::int64_t outer, axis, inner;
};

struct ReducePlan {
  KernelId kernel{}, combine{};  // combine: where the axis is split
  ReduceGrid grid, combine_grid;
  bool in_float64 = false;
  std::size_t workspace_bytes = 0;
};

// Whether there is such a reduction: which dtypes go in and come out.
bool CanReduce(ReduceOperation operation, Dtype dtype, Dtype out_dtype);
ReducePlan PlanReduce(const ReduceProblem& problem, int multiprocessors);
// `workspace` has plan.workspace_bytes, used until the work is done.
Status EnqueueReduce(const OpContext& context, const ReduceProblem& problem, const ReducePlan& plan,
                     void* workspace);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_REDUCE_REDUCE_H_
