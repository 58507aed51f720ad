#ifndef NODECUDA_OPS_MATMUL_HOPPER_H_
#define NODECUDA_OPS_MATMUL_HOPPER_H_

#include <cstddef>
#include <cstdint>

#include "cuda/matmul/hopper/pack_arguments.h"
#include "ops/matmul/matmul.h"
#include "runtime/tensor_map.h"

// The host side of cuda/modules/matmul_hopper.cu, the variants of MatmulFamily::kWgmma: what they
// can compute and what their launches need. Everything here but Enqueue is arithmetic.
namespace nodecuda {

// One operand as it lies in memory: `extent` is m for a, n for b.
struct HopperOperand {
  const void* data;
  bool along_k;  // neighbours in memory are neighbours in k: a is not transposed, b is
  std::int64_t extent, k, stride, batch_stride, batches;
};
HopperOperand HopperOperandA(const MatmulArguments& arguments);
HopperOperand HopperOperandB(const MatmulArguments& arguments);

// Whether kernels can fetch the operand from where it is: with an address and strides that are
// multiples of 16 bytes, and along k if it is not of a 16-bit type.
bool CanFetch(Dtype dtype, const HopperOperand& operand);

// Why kernels cannot compute the problem, as far as Fit in matmul.cc does not know it.
MatmulUnfit HopperUnfit(const MatmulVariant& variant, const MatmulArguments& arguments);

// What must be done to a float32 operand before: copied along k, or taken apart into numbers of
// tf32 and the rests (for MatmulPrecision::kFp32Fast).
struct HopperPackPlan {
  bool needed = false, transpose = false, rest = false;
  std::int64_t stride = 0, batch_stride = 0, batches = 0;  // of each result
  std::size_t result_bytes = 0;  // of each, a multiple of 256; the rests lie after the copy
  std::size_t bytes() const { return rest ? 2 * result_bytes : result_bytes; }
};
HopperPackPlan PlanHopperPack(const MatmulVariant& variant, const HopperOperand& operand);

// Device memory that both operands are packed into; SIZE_MAX if no device has as much.
std::size_t HopperPackBytes(const MatmulVariant& variant, const MatmulArguments& arguments);

// A launch but for its tensor maps, which are yet to be encoded.
struct HopperLaunch {
  std::uint32_t grid = 0;  // blocks for each split
  int maps = 1;            // of each operand: 2 with rests
  TensorMapTiled a[2], b[2];
};
// For operands that can be fetched; `rests` are null where there are none.
HopperLaunch DescribeHopper(const MatmulVariant& variant, const MatmulArguments& arguments,
                            const HopperOperand& a, const void* rests_a, const HopperOperand& b,
                            const void* rests_b, int multiprocessors);

// Packs the operands into `packs` (HopperPackBytes, 256-byte aligned) and multiplies them. With
// arguments.splits the sums are left in arguments.workspace.
Status EnqueueHopper(const OpContext& context, const MatmulVariant& variant,
                     const MatmulArguments& arguments, void* packs);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_MATMUL_HOPPER_H_
