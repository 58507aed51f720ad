#include "ops/softmax/softmax.h"

#include <algorithm>
#include <utility>

#include "ops/kernels/alignment.h"
#include "ops/kernels/launch.h"

namespace nodecuda {
namespace {

struct Kernels {
  KernelId rows, long_rows, columns, states;
  std::size_t state_bytes;
};

#define NODECUDA_KERNELS_OF(dtype, wide, bytes)                                            \
  {                                                                                        \
    KernelId::softmax_rows_##dtype, KernelId::softmax_long_rows_##dtype,                   \
        KernelId::softmax_columns_##dtype, KernelId::reduce_partials_softmax_##wide, bytes \
  }
constexpr Kernels kKernels[] = {
    NODECUDA_KERNELS_OF(float32, float32, 8), NODECUDA_KERNELS_OF(float64, float64, 16),
    NODECUDA_KERNELS_OF(float16, float32, 8), NODECUDA_KERNELS_OF(float16, float32, 8),  // bfloat16
};
#undef NODECUDA_KERNELS_OF

const Kernels& KernelsOf(Dtype dtype) {
  return kKernels[static_cast<std::size_t>(dtype)];
}

// Aligned rows that the registers of a block can hold.
bool PlanHeldRows(const SoftmaxProblem& p, SoftmaxPlan* plan) {
  const std::size_t bytes = ByteSize(p.dtype);
  const auto vector = static_cast<std::int64_t>(16 / bytes);
  const std::int64_t units = p.axis / vector;
  if (p.inner != 1 || p.x.axis_stride != 1 || p.axis % vector != 0 ||
      units > kSoftmaxHeld * kSoftmaxMaxThreads ||
      !AllAligned(p.x.data, bytes, 16, {p.outer == 1 ? 0 : p.x.outer_stride}) ||
      !AllAligned(p.out, bytes, 16, {})) {
    return false;
  }
  std::int64_t width = 1;
  while (width < 32 && width * 2 < units) width *= 2;
  if (units > 32 * kSoftmaxHeld) {
    width = kReduceThreads;
    while (width * kSoftmaxHeld < units) width *= 2;
  }
  plan->kernel = KernelsOf(p.dtype).rows;
  plan->threads = static_cast<std::uint32_t>(std::max<std::int64_t>(width, kReduceThreads));
  plan->grid.rows = plan->grid.vectorized = true;
  plan->grid.width = static_cast<int>(width);
  plan->grid.split_length = p.axis;
  plan->grid.blocks =
      CeilDiv(static_cast<std::uint64_t>(p.outer), plan->threads / static_cast<unsigned>(width));
  return true;
}

void PlanReread(const SoftmaxProblem& p, int multiprocessors, SoftmaxPlan* plan) {
  const ReduceExtents extents{p.outer, p.axis, p.inner};
  const std::size_t bytes = ByteSize(p.dtype);
  plan->threads = kReduceThreads;
  if (ByColumns(p.x, extents)) {
    const std::int64_t columns = bytes < 4 ? 4 / static_cast<std::int64_t>(bytes) : 1;
    const bool vectorized = columns > 1 && p.x.inner_stride == 1 && p.inner % columns == 0 &&
                            AllAligned(p.x.data, bytes, 4, {p.x.outer_stride, p.x.axis_stride}) &&
                            AllAligned(p.out, bytes, 4, {});
    plan->kernel = KernelsOf(p.dtype).columns;
    plan->grid = PlanColumns(extents, vectorized ? columns : 1, multiprocessors);
    return;
  }
  const bool contiguous = p.x.axis_stride == 1 && p.inner == 1;
  plan->kernel = KernelsOf(p.dtype).long_rows;
  plan->grid =
      PlanRows(extents, contiguous ? static_cast<std::int64_t>(16 / bytes) : 1, multiprocessors);
}

// The same work, by so many blocks that none has to wait for another's part of the axis.
void DoNotSplit(const SoftmaxProblem& p, ReduceGrid* grid) {
  grid->blocks /= static_cast<std::uint64_t>(grid->splits);
  grid->splits = 1;
  grid->split_length = p.axis;
}

}  // namespace

bool CanSoftmax(Dtype dtype) {
  return IsFloat(dtype);
}

SoftmaxPlan PlanSoftmax(const SoftmaxProblem& p, int multiprocessors) {
  SoftmaxPlan plan;
  if (p.axis == 0 || PlanHeldRows(p, &plan)) return plan;
  PlanReread(p, multiprocessors, &plan);
  // Splitting costs two more launches. It is for few results of a long axis, and for an axis that
  // 32 bits do not count.
  constexpr std::int64_t kLongest = std::int64_t{1} << 30;
  const auto blocks = plan.grid.blocks / static_cast<std::uint64_t>(plan.grid.splits);
  if (std::cmp_greater_equal(blocks, std::max(multiprocessors, 1)) && p.axis <= kLongest) {
    DoNotSplit(p, &plan.grid);
  }
  if (plan.grid.splits > 1) {
    const std::int64_t results = p.outer * p.inner;
    plan.combine_grid = PlanCombine(results, plan.grid.splits);
    plan.workspace_bytes = static_cast<std::size_t>(plan.grid.splits + 1) *
                           static_cast<std::size_t>(results) * KernelsOf(p.dtype).state_bytes;
  }
  return plan;
}

Status EnqueueSoftmax(const OpContext& context, const SoftmaxProblem& p, const SoftmaxPlan& plan,
                      void* workspace) {
  if (p.outer == 0 || p.axis == 0 || p.inner == 0) return Status::kSuccess;
  SoftmaxArguments a{};
  a.x = p.x;
  a.out = p.out;
  a.outer = p.outer;
  a.axis = p.axis;
  a.inner = p.inner;
  a.splits = plan.grid.splits;
  a.split_length = plan.grid.split_length;
  a.dtype = static_cast<int>(p.dtype);
  a.log = p.log;
  a.pass = kSoftmaxWhole;
  a.width = plan.grid.width;
  a.vectorized = plan.grid.vectorized;
  if (plan.grid.splits == 1) {
    return Launch(context, plan.kernel, plan.grid.blocks, plan.threads, a);
  }

  // [states of all][states of each piece]
  const Kernels& kernels = KernelsOf(p.dtype);
  const std::int64_t results = p.outer * p.inner;
  auto* of_all = static_cast<std::byte*>(workspace);
  auto* of_pieces = of_all + static_cast<std::size_t>(results) * kernels.state_bytes;
  a.pass = kSoftmaxStates;
  a.states = of_pieces;
  Status status = Launch(context, plan.kernel, plan.grid.blocks, plan.threads, a);
  if (status != Status::kSuccess) return status;

  ReduceArguments combine{};
  combine.operation = kReduceSoftmax;
  combine.dtype = static_cast<int>(p.dtype);
  combine.x = {of_pieces, 0, results, 1};
  combine.out = of_all;
  combine.outer = 1;
  combine.axis = combine.split_length = plan.grid.splits;
  combine.inner = results;
  combine.splits = 1;
  combine.width = plan.combine_grid.width;
  status = Launch(context, kernels.states, plan.combine_grid.blocks, kReduceThreads, combine);
  if (status != Status::kSuccess) return status;

  a.pass = kSoftmaxWrite;
  a.states = of_all;
  return Launch(context, plan.kernel, plan.grid.blocks, plan.threads, a);
}

}  // namespace nodecuda
