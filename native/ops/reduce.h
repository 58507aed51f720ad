#ifndef NODECUDA_OPS_REDUCE_H_
#define NODECUDA_OPS_REDUCE_H_

#include <cstddef>
#include <cstdint>

#include "cuda/reduce_arguments.h"
#include "ops/builtin_kernels.h"
#include "ops/kernels/dtype.h"

// Reductions, softmax and transposition, host side (module `reduce`). As in ops.h, nothing here
// waits, allocates or checks ownership; plans tell how much workspace an operation needs.
namespace nodecuda {

// How the elements of (outer, axis, inner) are divided among threads.
struct ReduceGrid {
  bool rows = false;        // threads run along the axis; else side by side along inner
  int width = 1;            // as in ReduceArguments
  bool vectorized = false;  // columns
  std::int64_t splits = 1, split_length = 0;
  std::uint64_t blocks = 0;
};

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

// out (outer, axis, inner), row-major, = softmax of x along its axis, or its logarithm. out may be
// x if x has the same layout.
struct SoftmaxProblem {
  Dtype dtype;  // a float
  ReduceOperand x;
  void* out;
  std::int64_t outer, axis, inner;
  bool log;
};

struct SoftmaxPlan {
  KernelId kernel{};
  ReduceGrid grid, combine_grid;
  std::uint32_t threads = 0;
  std::size_t workspace_bytes = 0;
};

bool CanSoftmax(Dtype dtype);
SoftmaxPlan PlanSoftmax(const SoftmaxProblem& problem, int multiprocessors);
Status EnqueueSoftmax(const OpContext& context, const SoftmaxProblem& problem,
                      const SoftmaxPlan& plan, void* workspace);

// out (batches, columns, rows) = x (batches, rows, columns), by element size: 1, 2, 4 or 8.
struct TransposeProblem {
  std::size_t element_bytes;
  const void* x;
  void* out;
  std::int64_t batches, rows, columns;
};
Status EnqueueTranspose(const OpContext& context, const TransposeProblem& problem);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_REDUCE_H_
