#ifndef NODECUDA_OPS_MATMUL_PLANNER_H_
#define NODECUDA_OPS_MATMUL_PLANNER_H_

#include <array>
#include <cstdint>

#include "ops/matmul/matmul.h"

namespace nodecuda {

// PlanMatmul with a memory: a program multiplies the same shapes again and again. For one thread.
class MatmulPlanner {
 public:
  Status Plan(const MatmulProblem& problem, const DeviceProperties& properties,
              const MatmulWish& wish, MatmulPlan* plan);

 private:
  // All that a plan depends on.
  struct Key {
    std::int64_t m = 0, n = 0, k = 0, batches = 0;
    // What is packed, and how large that is, depends on where each operand lies.
    std::int64_t lda = 0, ldb = 0, a_batch_stride = 0, b_batch_stride = 0;
    std::uintptr_t a_offset = 0, b_offset = 0;  // from the last multiple of 16 bytes
    const MatmulVariant* variant = nullptr;
    std::size_t alignment = 0;
    int splits = 0, capability = 0, multiprocessors = 0;
    Dtype dtype{};
    MatmulPrecision precision{};
    bool transpose_a = false, transpose_b = false, simulated = false;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    MatmulPlan plan;  // of a key that is in use, one that succeeded
  };
  static constexpr std::size_t kEntries = 64;
  std::array<Entry, kEntries> entries_;
};

}  // namespace nodecuda

#endif  // NODECUDA_OPS_MATMUL_PLANNER_H_
