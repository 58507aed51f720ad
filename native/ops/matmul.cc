#include <algorithm>
#include <limits>

#include "ops/launch.h"
#include "ops/matmul_plan.h"

namespace nodecuda {
namespace {

#define NODECUDA_LAYOUTS(name)                    \
  {                                               \
    {KernelId::name##_nn, KernelId::name##_nt}, { \
      KernelId::name##_tn, KernelId::name##_tt    \
    }                                             \
  }
constexpr MatmulVariant kVariants[] = {
    {Dtype::kFloat32, 128, 128, 256, 100, NODECUDA_LAYOUTS(matmul_float32_128x128)},
    {Dtype::kFloat32, 64, 64, 128, 80, NODECUDA_LAYOUTS(matmul_float32_64x64)},
    {Dtype::kFloat64, 64, 64, 128, 50, NODECUDA_LAYOUTS(matmul_float64_64x64)},
};
#undef NODECUDA_LAYOUTS

// A grid is as slow as its busiest multiprocessor. Blocks that share one also share its
// arithmetic, so it takes as long as its tiles would one after the other.
double ModelledCycles(const MatmulVariant& variant, std::uint64_t blocks, std::int64_t k,
                      int multiprocessors) {
  constexpr double kFixedSteps = 32;  // start and end of a tile, in steps of k
  const double rounds =
      static_cast<double>(CeilDiv(blocks, static_cast<std::uint64_t>(multiprocessors)));
  const double tile = static_cast<double>(variant.tile_m * variant.tile_n);
  return rounds * tile * (static_cast<double>(k) + kFixedSteps) / variant.multiply_adds_per_cycle;
}

template <typename T>
Status LaunchPlan(const OpContext& context, const MatmulProblem& p, const MatmulPlan& plan) {
  return Launch(context, plan.kernel, plan.blocks, plan.variant->threads, p.m, p.n, p.k,
                static_cast<T>(p.alpha), p.a, p.lda, p.b, p.ldb, static_cast<T>(p.beta), p.c,
                p.ldc);
}

}  // namespace

std::span<const MatmulVariant> MatmulVariants() {
  return kVariants;
}

Status PlanMatmul(const MatmulProblem& problem, int multiprocessors, MatmulPlan* plan) {
  if (problem.m <= 0 || problem.n <= 0 || problem.k < 0) return Status::kInvalidValue;
  multiprocessors = std::max(multiprocessors, 1);

  Status status = Status::kInvalidValue;
  double best = std::numeric_limits<double>::infinity();
  for (const MatmulVariant& variant : kVariants) {
    if (variant.dtype != problem.dtype) continue;
    const std::uint64_t tiles_m = CeilDiv(problem.m, variant.tile_m);
    const std::uint64_t tiles_n = CeilDiv(problem.n, variant.tile_n);
    if (tiles_m > kMaxBlocks / tiles_n) {
      if (status != Status::kSuccess) status = Status::kInvalidConfiguration;
      continue;
    }
    const std::uint64_t blocks = tiles_m * tiles_n;
    const double cycles = ModelledCycles(variant, blocks, problem.k, multiprocessors);
    if (cycles >= best) continue;
    best = cycles;
    *plan = {&variant, variant.kernels[problem.transpose_a][problem.transpose_b], blocks};
    status = Status::kSuccess;
  }
  return status;
}

Status EnqueueMatmul(const OpContext& context, const MatmulProblem& problem) {
  if (problem.m == 0 || problem.n == 0) return Status::kSuccess;
  MatmulPlan plan;
  const Status status = PlanMatmul(problem, context.properties.multiprocessor_count, &plan);
  if (status != Status::kSuccess) return status;
  return problem.dtype == Dtype::kFloat64 ? LaunchPlan<double>(context, problem, plan)
                                          : LaunchPlan<float>(context, problem, plan);
}

}  // namespace nodecuda
