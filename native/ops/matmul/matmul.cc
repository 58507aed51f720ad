#include "ops/matmul/matmul.h"

#include <algorithm>
#include <cstdint>

#include "ops/kernels/launch.h"
#include "ops/matmul/hopper.h"

namespace nodecuda {
namespace {

// More splits than this were never modelled to be of use: the sums would outweigh the work.
constexpr int kMostSplits = 32;
constexpr std::uint64_t kMostGridZ = 65535;

bool IsSkinny(const MatmulVariant& variant) {
  return variant.family == MatmulFamily::kSkinnyDot || variant.family == MatmulFamily::kSkinnyAxpy;
}

struct GridTiles {
  std::uint64_t m, n;
};
GridTiles TilesOf(const MatmulVariant& variant, const MatmulArguments& p) {
  if (IsSkinny(variant)) return {1, CeilDiv(std::max(p.m, p.n), variant.tile_n)};
  return {CeilDiv(p.m, variant.tile_m), CeilDiv(p.n, variant.tile_n)};
}

// float32 arithmetic serves whoever asked for less.
bool IsPreciseEnough(MatmulPrecision offered, MatmulPrecision asked) {
  return offered == asked || offered == MatmulPrecision::kIeee;
}

bool IsForCapability(const MatmulVariant& variant, const DeviceProperties& properties) {
  const int capability = properties.major * 10 + properties.minor;
  return capability >= variant.least_capability &&
         (variant.greatest_capability == 0 || capability <= variant.greatest_capability);
}

bool IsChosenFrom(const MatmulVariant& variant, const DeviceProperties& properties) {
  return variant.proven || properties.simulated;
}

MatmulUnfit Fit(const MatmulVariant& variant, const MatmulProblem& problem,
                const DeviceProperties& properties, const MatmulWish& wish) {
  const MatmulArguments& p = problem.arguments;
  if (p.m <= 0 || p.n <= 0 || p.k < 0 || p.batches <= 0) return MatmulUnfit::kEmpty;
  if (variant.dtype != problem.dtype || !IsPreciseEnough(variant.precision, problem.precision)) {
    return MatmulUnfit::kDtype;
  }
  if (!IsForCapability(variant, properties)) return MatmulUnfit::kCapability;
  if (variant.dynamic_shared_bytes > properties.shared_memory_per_block_optin) {
    return MatmulUnfit::kSharedMemory;
  }
  if (variant.kernels[p.transpose_a][p.transpose_b] == kNoKernel) return MatmulUnfit::kLayout;
  if (AlignmentOf(problem) < variant.alignment) return MatmulUnfit::kAlignment;
  if (IsSkinny(variant)) {
    if (std::min(p.m, p.n) > variant.tile_m) return MatmulUnfit::kShape;
    // Which operand is the large one, and whether it is contiguous along k.
    const bool is_dot = p.m <= p.n ? p.transpose_b != 0 : p.transpose_a == 0;
    if (is_dot != (variant.family == MatmulFamily::kSkinnyDot)) return MatmulUnfit::kLayout;
  }
  const GridTiles tiles = TilesOf(variant, p);
  if (tiles.m > kMaxBlocks / tiles.n) return MatmulUnfit::kGrid;
  if (variant.family == MatmulFamily::kWgmma) {
    const MatmulUnfit unfit = HopperUnfit(variant, p);
    if (unfit != MatmulUnfit::kFits) return unfit;
  }
  if (!IsChosenFrom(variant, properties) && wish.variant != &variant) {
    return MatmulUnfit::kUnproven;
  }
  return MatmulUnfit::kFits;
}

std::size_t SplitBytes(const MatmulProblem& problem, int splits) {
  if (splits <= 1) return 0;
  const MatmulArguments& p = problem.arguments;
  std::size_t bytes;
  // What does not fit an address does not fit a device either.
  if (__builtin_mul_overflow(static_cast<std::size_t>(p.m), p.n, &bytes) ||
      __builtin_mul_overflow(bytes, p.batches, &bytes) ||
      __builtin_mul_overflow(bytes, splits * ByteSize(AccumulatorOf(problem.dtype)), &bytes)) {
    return SIZE_MAX;
  }
  return bytes;
}

// The workspace: what splits sum up, then what operands are packed into.
std::size_t PackOffset(const MatmulProblem& problem, int splits) {
  constexpr std::size_t kAlignment = 256;
  const std::size_t bytes = SplitBytes(problem, splits);
  return bytes > SIZE_MAX - kAlignment ? SIZE_MAX
                                       : (bytes + kAlignment - 1) / kAlignment * kAlignment;
}
std::size_t WorkspaceBytes(const MatmulVariant& variant, const MatmulProblem& problem, int splits) {
  if (variant.family != MatmulFamily::kWgmma) return SplitBytes(problem, splits);
  std::size_t bytes;
  const bool too_many = __builtin_add_overflow(PackOffset(problem, splits),
                                               HopperPackBytes(variant, problem.arguments), &bytes);
  return too_many ? SIZE_MAX : bytes;
}

// The splits worth considering: as many as give every multiprocessor a block, and no more than
// there are steps along k.
int MostSplits(const MatmulVariant& variant, const MatmulProblem& problem,
               const DeviceProperties& properties, std::uint64_t tiles) {
  if (!variant.can_split) return 1;
  const std::uint64_t room =
      static_cast<std::uint64_t>(std::max(properties.multiprocessor_count, 1)) *
      variant.blocks_per_multiprocessor;
  const std::uint64_t blocks = tiles * std::min<std::uint64_t>(problem.arguments.batches, room);
  const std::uint64_t steps = CeilDiv(problem.arguments.k, variant.tile_k);
  return static_cast<int>(std::max<std::uint64_t>(
      1, std::min({room / std::max<std::uint64_t>(blocks, 1), steps, std::uint64_t{kMostSplits}})));
}

}  // namespace

std::size_t AlignmentOf(const MatmulProblem& problem) {
  const MatmulArguments& p = problem.arguments;
  constexpr std::size_t kMost = 128;
  const auto elements =
      static_cast<std::uint64_t>(p.lda | p.ldb | p.a_batch_stride | p.b_batch_stride);
  const std::uint64_t bits = reinterpret_cast<std::uintptr_t>(p.a) |
                             reinterpret_cast<std::uintptr_t>(p.b) |
                             elements * ByteSize(problem.dtype) | kMost;
  return bits & (~bits + 1);  // the lowest bit that is set
}

Dtype AccumulatorOf(Dtype dtype) {
  if (dtype == Dtype::kFloat64) return Dtype::kFloat64;
  return dtype == Dtype::kInt8 ? Dtype::kInt32 : Dtype::kFloat32;
}

KernelId SplitSumKernel(Dtype dtype) {
  switch (AccumulatorOf(dtype)) {
    case Dtype::kFloat64:
      return KernelId::matmul_split_sum_float64;
    case Dtype::kInt32:
      return KernelId::matmul_split_sum_int32;
    default:
      return KernelId::matmul_split_sum_float32;
  }
}

std::vector<Module> MatmulModules(const DeviceProperties& properties) {
  std::vector<Module> modules;
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (!IsForCapability(variant, properties) || !IsChosenFrom(variant, properties)) continue;
    for (const auto& row : variant.kernels) {
      for (const KernelId kernel : row) {
        if (kernel == kNoKernel) continue;
        const Module module = kKernelModules[static_cast<std::size_t>(kernel)];
        if (std::ranges::find(modules, module) == modules.end()) modules.push_back(module);
      }
    }
  }
  return modules;
}

Status AllowDynamicShared(Runtime& runtime, const BuiltinKernels& kernels, Module module,
                          const DeviceProperties& properties, int device) {
  constexpr std::size_t kAlwaysAllowed = std::size_t{48} << 10;
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (variant.dynamic_shared_bytes <= kAlwaysAllowed ||
        variant.dynamic_shared_bytes > properties.shared_memory_per_block_optin) {
      continue;
    }
    for (const auto& row : variant.kernels) {
      for (const KernelId kernel : row) {
        if (kernel == kNoKernel) continue;
        const auto index = static_cast<std::size_t>(kernel);
        if (kKernelModules[index] != module) continue;
        const Status status = runtime.KernelSetAttributeForDevice(
            kernels[index], KernelAttribute::kMaxDynamicSharedMemorySize,
            static_cast<int>(variant.dynamic_shared_bytes), device);
        if (status != Status::kSuccess) return status;
      }
    }
  }
  return Status::kSuccess;
}

MatmulPlan PlanVariant(const MatmulVariant& variant, const MatmulProblem& problem,
                       const DeviceProperties& properties, const MatmulWish& wish) {
  MatmulPlan plan;
  plan.variant = &variant;
  plan.unfit = Fit(variant, problem, properties, wish);
  if (plan.unfit != MatmulUnfit::kFits) return plan;
  plan.kernel = variant.kernels[problem.arguments.transpose_a][problem.arguments.transpose_b];
  const GridTiles tiles = TilesOf(variant, problem.arguments);
  plan.tiles = tiles.m * tiles.n;
  const auto consider = [&](int splits) {
    const double seconds = ModelledSeconds(variant, problem, properties, plan.tiles, splits);
    if (plan.modelled_seconds != 0 && seconds >= plan.modelled_seconds) return;
    plan.splits = splits;
    plan.modelled_seconds = seconds;
  };
  if (wish.splits > 0) {
    consider(variant.can_split ? wish.splits : 1);
  } else {
    const int most = MostSplits(variant, problem, properties, plan.tiles);
    for (int splits = 1; splits < most; splits *= 2) consider(splits);
    consider(most);
  }
  plan.workspace_bytes = WorkspaceBytes(variant, problem, plan.splits);
  return plan;
}

Status PlanMatmul(const MatmulProblem& problem, const DeviceProperties& properties,
                  const MatmulWish& wish, MatmulPlan* plan) {
  const MatmulArguments& p = problem.arguments;
  if (p.m <= 0 || p.n <= 0 || p.k < 0 || p.batches <= 0) return Status::kInvalidValue;
  *plan = {};
  Status status = Status::kInvalidValue;
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (wish.variant != nullptr && wish.variant != &variant) continue;
    const MatmulPlan candidate = PlanVariant(variant, problem, properties, wish);
    if (candidate.unfit == MatmulUnfit::kGrid && plan->variant == nullptr) {
      status = Status::kInvalidConfiguration;
    }
    if (candidate.unfit != MatmulUnfit::kFits) continue;
    if (plan->variant != nullptr && candidate.modelled_seconds >= plan->modelled_seconds) continue;
    *plan = candidate;
    status = Status::kSuccess;
  }
  return status;
}

Status EnqueueMatmul(const OpContext& context, const MatmulProblem& problem, const MatmulPlan& plan,
                     void* workspace) {
  // A plan of another problem must not make kernels write past the workspace.
  if (WorkspaceBytes(*plan.variant, problem, plan.splits) > plan.workspace_bytes) {
    return Status::kInvalidValue;
  }
  MatmulArguments arguments = problem.arguments;
  arguments.splits = plan.splits;
  arguments.workspace = workspace;
  LaunchConfig config;
  config.grid = {
      static_cast<std::uint32_t>(plan.tiles), static_cast<std::uint32_t>(plan.splits),
      static_cast<std::uint32_t>(std::min<std::uint64_t>(arguments.batches, kMostGridZ))};
  config.block.x = plan.variant->threads;
  config.dynamic_shared_bytes = plan.variant->dynamic_shared_bytes;
  config.stream = context.stream;
  const Status status =
      plan.variant->family == MatmulFamily::kWgmma
          ? EnqueueHopper(context, *plan.variant, arguments,
                          static_cast<std::byte*>(workspace) + PackOffset(problem, plan.splits))
          : Launch(context, plan.kernel, config, arguments);
  if (status != Status::kSuccess || plan.splits == 1) return status;
  // As in cuda/matmul/split_sum.cuh: a thread for each run of 16 bytes in a row.
  constexpr std::uint64_t kSumThreads = 256;
  const std::uint64_t run = 16 / ByteSize(AccumulatorOf(problem.dtype));
  const std::uint64_t runs = CeilDiv(arguments.n, run) * static_cast<std::uint64_t>(arguments.m);
  config.grid = {static_cast<std::uint32_t>(CeilDiv(runs, kSumThreads)), 1, config.grid.z};
  config.block.x = kSumThreads;
  config.dynamic_shared_bytes = 0;
  return Launch(context, SplitSumKernel(problem.dtype), config, arguments);
}

}  // namespace nodecuda
