#include "ops/reduce/reduce.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "ops/kernels/alignment.h"
#include "ops/kernels/launch.h"

namespace nodecuda {
namespace {

struct Kernels {
  KernelId rows, columns, partials;
  std::size_t state_bytes;  // of a partial result
};

#define NODECUDA_KERNELS_OF(name, partials, bytes)                 \
  {                                                                \
    KernelId::reduce_rows_##name, KernelId::reduce_columns_##name, \
        KernelId::reduce_partials_##partials, bytes                \
  }
// By Dtype.
constexpr Kernels kSums[kDtypeCount] = {
    NODECUDA_KERNELS_OF(sum_float32, sum_float32, 4),
    NODECUDA_KERNELS_OF(sum_float64, sum_float64, 8),
    NODECUDA_KERNELS_OF(sum_float16, sum_float32, 4),
    NODECUDA_KERNELS_OF(sum_float16, sum_float32, 4),
    NODECUDA_KERNELS_OF(sum_integer8, sum_integer, 8),
    NODECUDA_KERNELS_OF(sum_integer8, sum_integer, 8),
    NODECUDA_KERNELS_OF(sum_integer16, sum_integer, 8),
    NODECUDA_KERNELS_OF(sum_integer16, sum_integer, 8),
    NODECUDA_KERNELS_OF(sum_integer32, sum_integer, 8),
    NODECUDA_KERNELS_OF(sum_integer32, sum_integer, 8),
    NODECUDA_KERNELS_OF(sum_integer64, sum_integer, 8),
    NODECUDA_KERNELS_OF(sum_integer64, sum_integer, 8),
};
// By Dtype, of the floats: three sums.
constexpr Kernels kNorms[] = {NODECUDA_KERNELS_OF(norm_float32, norm_float32, 16),
                              NODECUDA_KERNELS_OF(norm_float64, norm_float64, 32),
                              NODECUDA_KERNELS_OF(norm_float16, norm_float32, 16),
                              NODECUDA_KERNELS_OF(norm_float16, norm_float32, 16)};
// By the logarithm of the element size: keys, and keys with an index of 64 bits.
constexpr Kernels kExtremes[] = {
    NODECUDA_KERNELS_OF(extreme_8, extreme_8, 4), NODECUDA_KERNELS_OF(extreme_16, extreme_16, 4),
    NODECUDA_KERNELS_OF(extreme_32, extreme_32, 4), NODECUDA_KERNELS_OF(extreme_64, extreme_64, 8)};
constexpr Kernels kIndices[] = {
    NODECUDA_KERNELS_OF(index_8, index_32, 16), NODECUDA_KERNELS_OF(index_16, index_32, 16),
    NODECUDA_KERNELS_OF(index_32, index_32, 16), NODECUDA_KERNELS_OF(index_64, index_64, 16)};
#undef NODECUDA_KERNELS_OF

const Kernels& KernelsOf(const ReduceProblem& problem) {
  const auto size_log2 = static_cast<std::size_t>(std::countr_zero(ByteSize(problem.dtype)));
  switch (problem.operation) {
    case kReduceMax:
    case kReduceMin:
      return kExtremes[size_log2];
    case kReduceArgmax:
    case kReduceArgmin:
      return kIndices[size_log2];
    case kReduceNorm:
      if (IsFloat(problem.dtype)) return kNorms[static_cast<std::size_t>(problem.dtype)];
      [[fallthrough]];
    default:
      return kSums[static_cast<std::size_t>(problem.dtype)];
  }
}

// Sums of integers are exact modulo 2^64. Where that may not be enough for a result in floats, they
// are taken in float64.
bool InFloat64(const ReduceProblem& problem) {
  if (IsFloat(problem.dtype) || !IsFloat(problem.out_dtype)) return false;
  const std::size_t bytes = ByteSize(problem.dtype);
  const bool is_long = problem.axis > std::int64_t{1} << 31;
  switch (problem.operation) {
    case kReduceProduct:
      return true;
    case kReduceNorm:
    case kReduceDot:
      return bytes >= 4 || (bytes == 2 && is_long);
    default:
      return bytes == 8 || (bytes == 4 && is_long);
  }
}

// The code for several elements at a time knows sums of products and extremes only.
bool InVectors(const ReduceProblem& problem, bool in_float64) {
  return problem.operation != kReduceProduct && !in_float64;
}

bool CanVectorizeColumns(const ReduceOperand& operand, const ReduceExtents& extents,
                         std::size_t element_bytes) {
  return (extents.inner == 1 || operand.inner_stride == 1) &&
         extents.inner % (4 / static_cast<std::int64_t>(element_bytes)) == 0 &&
         AllAligned(operand.data, element_bytes, 4, {operand.outer_stride, operand.axis_stride});
}

// A result of one row, stored side by side with those of the other rows, is a column.
void PutNeighboursInside(ReduceProblem* p) {
  if (p->inner != 1 || p->outer == 1) return;
  const auto swap = [](ReduceOperand& operand) {
    std::swap(operand.outer_stride, operand.inner_stride);
  };
  swap(p->x);
  swap(p->y);
  std::swap(p->outer, p->inner);
  if (!ByColumns(p->x, {p->outer, p->axis, p->inner})) {
    swap(p->x);
    swap(p->y);
    std::swap(p->outer, p->inner);
  }
}

}  // namespace

bool CanReduce(ReduceOperation operation, Dtype dtype, Dtype out_dtype) {
  switch (operation) {
    case kReduceMax:
    case kReduceMin:
      return out_dtype == dtype;
    case kReduceArgmax:
    case kReduceArgmin:
      return out_dtype == Dtype::kInt32 || out_dtype == Dtype::kInt64;
    case kReduceSum:
    case kReduceProduct:
    case kReduceMean:
    case kReduceNorm:
    case kReduceDot:
      break;
    default:
      return false;
  }
  // What is added up in float32 is not given out as float64.
  if (IsFloat(dtype)) {
    return IsFloat(out_dtype) && (dtype == Dtype::kFloat64 || out_dtype != Dtype::kFloat64);
  }
  if (operation == kReduceMean || operation == kReduceNorm) return IsFloat(out_dtype);
  return out_dtype == Dtype::kFloat64 ||
         out_dtype == (IsUnsigned(dtype) ? Dtype::kUint64 : Dtype::kInt64) ||
         out_dtype == (IsUnsigned(dtype) ? Dtype::kUint32 : Dtype::kInt32);
}

ReducePlan PlanReduce(const ReduceProblem& given, int multiprocessors) {
  ReduceProblem problem = given;
  PutNeighboursInside(&problem);
  const ReduceExtents extents{problem.outer, problem.axis, problem.inner};
  const Kernels& kernels = KernelsOf(problem);
  const std::size_t bytes = ByteSize(problem.dtype);
  const bool has_y = problem.operation == kReduceDot;
  ReducePlan plan;
  plan.in_float64 = InFloat64(problem);
  const bool in_vectors = InVectors(problem, plan.in_float64);
  if (ByColumns(problem.x, extents)) {
    const bool vectorized = bytes < 4 && in_vectors &&
                            CanVectorizeColumns(problem.x, extents, bytes) &&
                            (!has_y || CanVectorizeColumns(problem.y, extents, bytes));
    plan.kernel = kernels.columns;
    plan.grid = PlanColumns(extents, vectorized ? 4 / static_cast<std::int64_t>(bytes) : 1,
                            multiprocessors);
  } else {
    const bool contiguous = problem.x.axis_stride == 1 && (!has_y || problem.y.axis_stride == 1);
    const std::size_t vector = bytes == 1 ? 8 : 16 / bytes;  // as in cuda/reduce/elements.cuh
    plan.kernel = kernels.rows;
    plan.grid = PlanRows(extents, contiguous && in_vectors ? static_cast<std::int64_t>(vector) : 1,
                         multiprocessors);
  }
  if (plan.grid.splits > 1) {
    plan.combine = kernels.partials;
    plan.combine_grid = PlanCombine(extents.results(), plan.grid.splits);
    plan.workspace_bytes = static_cast<std::size_t>(plan.grid.splits) *
                           static_cast<std::size_t>(extents.results()) * kernels.state_bytes;
  }
  return plan;
}

Status EnqueueReduce(const OpContext& context, const ReduceProblem& given, const ReducePlan& plan,
                     void* workspace) {
  ReduceProblem problem = given;
  PutNeighboursInside(&problem);
  if (problem.outer == 0 || problem.inner == 0) return Status::kSuccess;
  ReduceArguments a{};
  a.x = problem.x;
  a.y = problem.y;
  a.out = problem.out;
  a.outer = problem.outer;
  a.axis = a.count = problem.axis;
  a.inner = problem.inner;
  a.operation = problem.operation;
  a.dtype = static_cast<int>(problem.dtype);
  a.out_dtype = static_cast<int>(problem.out_dtype);
  a.in_float64 = plan.in_float64;
  a.partials = plan.grid.splits > 1 ? workspace : nullptr;
  a.splits = plan.grid.splits;
  a.split_length = plan.grid.split_length;
  a.width = plan.grid.width;
  a.vectorized = plan.grid.vectorized;
  const Status status = Launch(context, plan.kernel, plan.grid.blocks, kReduceThreads, a);
  if (status != Status::kSuccess || plan.grid.splits == 1) return status;

  const std::int64_t results = problem.outer * problem.inner;
  a.x = {workspace, 0, results, 1};
  a.partials = nullptr;
  a.axis = plan.grid.splits;
  a.outer = 1;
  a.inner = results;
  a.splits = 1;
  a.split_length = a.axis;
  a.width = plan.combine_grid.width;
  a.vectorized = 0;
  return Launch(context, plan.combine, plan.combine_grid.blocks, kReduceThreads, a);
}

}  // namespace nodecuda
