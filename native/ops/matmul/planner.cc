#include "ops/matmul/planner.h"

namespace nodecuda {

Status MatmulPlanner::Plan(const MatmulProblem& problem, const DeviceProperties& properties,
                           const MatmulWish& wish, MatmulPlan* plan) {
  const MatmulArguments& p = problem.arguments;
  const Key key{.m = p.m,
                .n = p.n,
                .k = p.k,
                .batches = p.batches,
                .lda = p.lda,
                .ldb = p.ldb,
                .a_batch_stride = p.a_batch_stride,
                .b_batch_stride = p.b_batch_stride,
                .a_offset = reinterpret_cast<std::uintptr_t>(p.a) % 16,
                .b_offset = reinterpret_cast<std::uintptr_t>(p.b) % 16,
                .variant = wish.variant,
                .alignment = AlignmentOf(problem),
                .splits = wish.splits,
                .capability = properties.major * 10 + properties.minor,
                .multiprocessors = properties.multiprocessor_count,
                .dtype = problem.dtype,
                .precision = problem.precision,
                .transpose_a = problem.arguments.transpose_a != 0,
                .transpose_b = problem.arguments.transpose_b != 0,
                .simulated = properties.simulated};
  // Neighbouring sizes get different places.
  const auto mix = static_cast<std::uint64_t>(p.m * 31 + p.n * 7 + p.k) +
                   (problem.arguments.transpose_a ? 1 : 0) +
                   (problem.arguments.transpose_b ? 2 : 0) +
                   static_cast<std::uint64_t>(problem.dtype) * 5;
  Entry& entry = entries_[mix % kEntries];
  if (entry.plan.variant != nullptr && entry.key == key) {
    *plan = entry.plan;
    return Status::kSuccess;
  }
  const Status status = PlanMatmul(problem, properties, wish, plan);
  if (status == Status::kSuccess) entry = {key, *plan};
  return status;
}

}  // namespace nodecuda
