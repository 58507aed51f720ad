#ifndef NODECUDA_OPS_MATMUL_MATMUL_H_
#define NODECUDA_OPS_MATMUL_MATMUL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/matmul/arguments.h"
#include "ops/kernels/builtin_kernels.h"
#include "ops/kernels/dtype.h"

namespace nodecuda {

// c = activation(alpha row_scale column_scale op(a) op(b) + bias + beta c), row-major, in batches.
// op(a) is (m, k), op(b) (k, n), c (m, n). a is stored (m, k) with rows lda apart, or (k, m) if
// transpose_a is 1; likewise b. With beta 0, c is not read. c must not overlap an input.
struct MatmulProblem {
  Dtype dtype;  // of a and b: float32, float64, float16, bfloat16 or int8
  MatmulPrecision precision;
  MatmulArguments arguments;  // but for splits and workspace, which are the plan's
};

enum class MatmulFamily : std::uint8_t {
  kSimt,        // no tensor cores, through shared memory
  kSkinnyDot,   // few rows or columns; vectors of the large operand are contiguous
  kSkinnyAxpy,  // few rows or columns; elements of the same k are contiguous
  kMma,         // tensor cores, mma.sync
  kWgmma,       // tensor cores of compute capability 9.0, wgmma and TMA
};

// One set of kernels, for the four layouts. A tuned variant is one more row in variants.cc.
struct MatmulVariant {
  const char* name;
  MatmulFamily family;
  Dtype dtype;
  MatmulPrecision precision;
  // Of c, computed by one block, and its step along k. Skinny: at most tile_m rows or columns, and
  // tile_n of the other.
  std::int64_t tile_m, tile_n, tile_k;
  std::uint32_t threads;
  std::size_t dynamic_shared_bytes;
  int blocks_per_multiprocessor;  // as registers and shared memory allow
  std::uint32_t cluster = 1;      // blocks that share what they fetch (kWgmma)
  std::size_t alignment;          // bytes: of bases, rows and batches of a and b
  int least_capability;           // 80 for 8.0
  int greatest_capability;        // 0: none
  bool can_split;                 // along k
  // Part of what the family sustains (model.cc) when all multiprocessors are full. An
  // estimate from the sources in docs/kernels.md, until measured.
  double efficiency;
  // Chosen by default on GPUs. The others run on the simulated device, or when asked for by name.
  bool proven;
  KernelId kernels[2][2];  // by transpose_a, transpose_b; kNoKernel where there is none
};
inline constexpr KernelId kNoKernel{0xffff};

std::span<const MatmulVariant> MatmulVariants();

// Why a variant cannot, or is not to, compute a problem.
enum class MatmulUnfit : std::uint8_t {
  kFits,
  kEmpty,
  kDtype,         // of another dtype, or less precise than asked for
  kCapability,    // not for this GPU
  kSharedMemory,  // more than this GPU has
  kLayout,        // not for this combination of transposes
  kAlignment,     // bases, rows or batches are not aligned
  kShape,         // too many rows or columns
  kGrid,          // more tiles than a grid can have
  kUnproven,      // has not run on such a GPU yet
};

struct MatmulPlan {
  const MatmulVariant* variant = nullptr;
  MatmulUnfit unfit = MatmulUnfit::kFits;
  KernelId kernel = kNoKernel;
  int splits = 1;
  std::uint64_t tiles = 0;          // of c, in one batch
  std::size_t workspace_bytes = 0;  // device memory needed while it runs
  double modelled_seconds = 0;
};

// What overrides the choice, for the bench and for measuring.
struct MatmulWish {
  const MatmulVariant* variant = nullptr;  // null: any
  int splits = 0;                          // 0: any
};

// How one variant would compute the problem, in the way that is modelled to be the fastest, or why
// it does not. The sizes must be positive (k may be 0).
MatmulPlan PlanVariant(const MatmulVariant& variant, const MatmulProblem& problem,
                       const DeviceProperties& properties, const MatmulWish& wish);

// The plan with the shortest modelled time. kInvalidValue for a dtype without a variant or a wish
// that does not fit, kInvalidConfiguration for more tiles than a grid can have.
Status PlanMatmul(const MatmulProblem& problem, const DeviceProperties& properties,
                  const MatmulWish& wish, MatmulPlan* plan);

// The modules of all variants that are chosen from on such a device.
std::vector<Module> MatmulModules(const DeviceProperties& properties);

// Enqueues a plan. `workspace` has plan.workspace_bytes, used until the work is done. Sizes have
// been checked against the buffers; the module of plan.kernel is loaded, and that of
// SplitSumKernel, if there are splits.
Status EnqueueMatmul(const OpContext& context, const MatmulProblem& problem, const MatmulPlan& plan,
                     void* workspace);

// The power of two, up to 128, that all bases, rows and batches of a and b are aligned to, in
// bytes.
std::size_t AlignmentOf(const MatmulProblem& problem);

// What sums are kept in: float32, float64 or int32.
Dtype AccumulatorOf(Dtype dtype);
// The kernel that adds up splits and runs the epilogue.
KernelId SplitSumKernel(Dtype dtype);

// Seconds that a plan takes, from published figures of each architecture: model.cc.
double ModelledSeconds(const MatmulVariant& variant, const MatmulProblem& problem,
                       const DeviceProperties& properties, std::uint64_t tiles, int splits);

// Lets the kernels of a loaded module have the dynamic shared memory that they are launched with,
// as far as the device has it: beyond 48 KiB CUDA wants to be told, once for each device.
Status AllowDynamicShared(Runtime& runtime, const BuiltinKernels& kernels, Module module,
                          const DeviceProperties& properties, int device);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_MATMUL_MATMUL_H_
