#ifndef NODECUDA_OPS_MATMUL_PLAN_H_
#define NODECUDA_OPS_MATMUL_PLAN_H_

#include <cstdint>
#include <span>

#include "ops/ops.h"

namespace nodecuda {

// One of the tilings in cuda/matmul_simt.cu. A tuned variant is one more row of the table in
// matmul.cc.
struct MatmulVariant {
  Dtype dtype;
  std::int64_t tile_m, tile_n;  // of c, computed by one block
  std::uint32_t threads;
  // What one multiprocessor sustains when enough blocks are there to hide latencies; only the
  // relation between variants of one dtype matters. Estimates, until measured on a GPU.
  double multiply_adds_per_cycle;
  KernelId kernels[2][2];  // by transpose_a, transpose_b
};
std::span<const MatmulVariant> MatmulVariants();

struct MatmulPlan {
  const MatmulVariant* variant = nullptr;
  KernelId kernel{};
  std::uint64_t blocks = 0;
};

// The variant with the shortest modelled time. kInvalidValue for sizes that are not positive (k may
// be 0) or a dtype without a variant, kInvalidConfiguration for more tiles than a grid can have.
Status PlanMatmul(const MatmulProblem& problem, int multiprocessors, MatmulPlan* plan);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_MATMUL_PLAN_H_
