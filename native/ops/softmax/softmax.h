#ifndef NODECUDA_OPS_SOFTMAX_SOFTMAX_H_
#define NODECUDA_OPS_SOFTMAX_SOFTMAX_H_

#include <cstddef>
#include <cstdint>

#include "cuda/softmax/arguments.h"
#include "ops/kernels/builtin_kernels.h"
#include "ops/kernels/dtype.h"
#include "ops/reduce/grid.h"

namespace nodecuda {

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

}  // namespace nodecuda

#endif  // NODECUDA_OPS_SOFTMAX_SOFTMAX_H_
