#include "ops/matmul/hopper.h"

#include <algorithm>

#include "ops/kernels/launch.h"

namespace nodecuda {
namespace {

// Of a stage's rows in shared memory, the width of the swizzle.
constexpr std::int64_t kRowBytes = 128;

std::int64_t ElementBytes(Dtype dtype) {
  return static_cast<std::int64_t>(ByteSize(dtype));
}

bool HasRests(const MatmulVariant& variant) {
  return variant.precision == MatmulPrecision::kFp32Fast;
}

// What has rests is rounded already, and infinities in the rests must stay what they are.
TensorMapDataType MapDataType(const MatmulVariant& variant) {
  switch (variant.dtype) {
    case Dtype::kBfloat16:
      return TensorMapDataType::kBfloat16;
    case Dtype::kFloat16:
      return TensorMapDataType::kFloat16;
    case Dtype::kInt8:
      return TensorMapDataType::kUint8;
    default:
      return HasRests(variant) ? TensorMapDataType::kFloat32 : TensorMapDataType::kTfloat32;
  }
}

// `extent` is of a box along k; the others are 128 bytes wide and as deep as a stage.
TensorMapTiled DescribeMap(const MatmulVariant& variant, const HopperOperand& operand,
                           const void* data, std::int64_t extent) {
  const auto bytes = static_cast<std::uint64_t>(ElementBytes(variant.dtype));
  const auto row_elements = static_cast<std::uint32_t>(kRowBytes / ElementBytes(variant.dtype));
  const auto size = static_cast<std::uint64_t>(operand.extent);
  const auto k = static_cast<std::uint64_t>(operand.k);
  const bool is_shared = operand.batch_stride == 0;

  TensorMapTiled map;
  map.data_type = MapDataType(variant);
  map.rank = 3;
  map.global_address = const_cast<void*>(data);
  map.global_dim[0] = operand.along_k ? k : size;
  map.global_dim[1] = operand.along_k ? size : k;
  map.global_dim[2] = is_shared ? 1 : static_cast<std::uint64_t>(operand.batches);
  map.global_strides[0] = static_cast<std::uint64_t>(operand.stride) * bytes;
  // Of a dimension of 1 the stride does not matter, but it is checked.
  map.global_strides[1] =
      is_shared ? map.global_strides[0] : static_cast<std::uint64_t>(operand.batch_stride) * bytes;
  map.box_dim[0] = row_elements;
  map.box_dim[1] = operand.along_k ? static_cast<std::uint32_t>(extent) : row_elements;
  map.box_dim[2] = 1;
  map.swizzle = TensorMapSwizzle::k128B;
  map.l2_promotion = TensorMapL2Promotion::k128B;
  return map;
}

// Blocks are persistent. No more than get busy, so that all have the same number of tiles or one
// less: what a smaller grid leaves of the multiprocessors would only have waited.
std::uint32_t GridSize(std::uint64_t tiles, std::uint32_t cluster, int splits,
                       int multiprocessors) {
  const std::uint64_t at_once =
      std::max<std::uint64_t>(static_cast<std::uint64_t>(std::max(multiprocessors, 1)) / cluster /
                                  static_cast<std::uint64_t>(std::max(splits, 1)),
                              1);
  return static_cast<std::uint32_t>(CeilDiv(tiles, CeilDiv(tiles, at_once))) * cluster;
}

// Enqueues what `plan` says into `results`; *operand becomes what is to be multiplied, *rests its
// rests.
Status EnqueuePack(const OpContext& context, const HopperPackPlan& plan, std::byte* results,
                   HopperOperand* operand, const void** rests) {
  if (!plan.needed) return Status::kSuccess;
  std::byte* const rest = plan.rest ? results + plan.result_bytes : nullptr;
  MatmulPackArguments arguments{};
  arguments.source = static_cast<const float*>(operand->data);
  arguments.rows = operand->along_k ? operand->extent : operand->k;
  arguments.columns = operand->along_k ? operand->k : operand->extent;
  arguments.source_stride = operand->stride;
  arguments.source_batch_stride = operand->batch_stride;
  arguments.copy = reinterpret_cast<float*>(results);
  arguments.rest = reinterpret_cast<float*>(rest);
  arguments.stride = plan.stride;
  arguments.batch_stride = plan.batch_stride;
  arguments.batches = plan.batches;

  constexpr std::uint64_t kTile = 32;
  constexpr std::int64_t kMostGridZ = 65535;
  const std::uint64_t blocks = CeilDiv(static_cast<std::uint64_t>(arguments.rows), kTile) *
                               CeilDiv(static_cast<std::uint64_t>(arguments.columns), kTile);
  if (blocks > kMaxBlocks) return Status::kInvalidConfiguration;
  LaunchConfig config;
  config.grid = {static_cast<std::uint32_t>(blocks), 1,
                 static_cast<std::uint32_t>(std::min(plan.batches, kMostGridZ))};
  config.block.x = kTile * 8;
  config.stream = context.stream;
  const KernelId kernel =
      plan.transpose ? KernelId::matmul_hopper_pack_transposed : KernelId::matmul_hopper_pack;
  const Status status = Launch(context, kernel, config, arguments);
  if (status != Status::kSuccess) return status;

  *rests = rest;
  operand->data = results;
  operand->along_k = true;
  operand->stride = plan.stride;
  operand->batch_stride = operand->batch_stride == 0 ? 0 : plan.batch_stride;
  return Status::kSuccess;
}

// As the kernels take them: one map, or two after each other.
struct TensorMaps {
  TensorMap a[2], b[2];
};

Status Encode(Runtime& runtime, const HopperLaunch& launch, TensorMaps* maps) {
  for (int i = 0; i < launch.maps; ++i) {
    Status status = runtime.TensorMapEncodeTiled(&maps->a[i], launch.a[i]);
    if (status == Status::kSuccess) status = runtime.TensorMapEncodeTiled(&maps->b[i], launch.b[i]);
    if (status != Status::kSuccess) return status;
  }
  return Status::kSuccess;
}

}  // namespace

// Of a single batch the stride does not matter, so it must not keep kernels from fetching it
// either.
HopperOperand HopperOperandA(const MatmulArguments& arguments) {
  const std::int64_t batch_stride = arguments.batches == 1 ? 0 : arguments.a_batch_stride;
  return {arguments.a,  arguments.transpose_a == 0, arguments.m, arguments.k, arguments.lda,
          batch_stride, arguments.batches};
}

HopperOperand HopperOperandB(const MatmulArguments& arguments) {
  const std::int64_t batch_stride = arguments.batches == 1 ? 0 : arguments.b_batch_stride;
  return {arguments.b,  arguments.transpose_b != 0, arguments.n, arguments.k, arguments.ldb,
          batch_stride, arguments.batches};
}

bool CanFetch(Dtype dtype, const HopperOperand& operand) {
  constexpr std::int64_t kAlignment = 16, kEndOfStrides = std::int64_t{1} << 40;
  const std::int64_t bytes = ElementBytes(dtype);
  if (!operand.along_k && bytes != 2) return false;
  for (const std::int64_t stride : {operand.stride, operand.batch_stride}) {
    if (stride < 0 || stride >= kEndOfStrides / bytes || stride * bytes % kAlignment != 0) {
      return false;
    }
  }
  return operand.stride > 0 && reinterpret_cast<std::uintptr_t>(operand.data) % kAlignment == 0;
}

MatmulUnfit HopperUnfit(const MatmulVariant& variant, const MatmulArguments& arguments) {
  // Coordinates go beyond the end by less than the tiles of a cluster, and there are up to three
  // walks over k.
  constexpr std::int64_t kEnd = 0x7fffffff - 512;
  if (arguments.m > kEnd || arguments.n > kEnd || arguments.k > kEnd / 3) {
    return MatmulUnfit::kGrid;
  }
  const std::uint64_t tiles =
      CeilDiv(static_cast<std::uint64_t>(arguments.m), static_cast<std::uint64_t>(variant.tile_m)) *
      CeilDiv(static_cast<std::uint64_t>(arguments.n), static_cast<std::uint64_t>(variant.tile_n));
  if (tiles > kMaxBlocks / 2 / static_cast<std::uint64_t>(arguments.batches)) {
    return MatmulUnfit::kGrid;
  }
  const HopperOperand a = HopperOperandA(arguments), b = HopperOperandB(arguments);
  // float32 operands can be packed.
  if (arguments.k > 0 && variant.dtype != Dtype::kFloat32 &&
      (!CanFetch(variant.dtype, a) || !CanFetch(variant.dtype, b))) {
    return MatmulUnfit::kAlignment;
  }
  // Each block of a cluster fetches its part of b, in boxes of 128 bytes if b is not along k.
  const std::int64_t part = variant.tile_n / variant.cluster;
  if (!b.along_k && variant.dtype != Dtype::kFloat32 &&
      part * ElementBytes(variant.dtype) < kRowBytes) {
    return MatmulUnfit::kLayout;
  }
  return MatmulUnfit::kFits;
}

HopperPackPlan PlanHopperPack(const MatmulVariant& variant, const HopperOperand& operand) {
  HopperPackPlan plan;
  if (variant.dtype != Dtype::kFloat32 || operand.k == 0) return plan;
  plan.transpose = !operand.along_k;
  plan.rest = HasRests(variant);
  plan.needed = plan.rest || !CanFetch(variant.dtype, operand);
  if (!plan.needed) return plan;
  plan.batches = operand.batch_stride == 0 ? 1 : operand.batches;
  plan.stride = (operand.k + 3) / 4 * 4;  // of 16 bytes
  std::size_t bytes = 0;
  constexpr std::size_t kTooMany = SIZE_MAX / 8;  // four of these still fit
  if (__builtin_mul_overflow(operand.extent, plan.stride, &plan.batch_stride) ||
      __builtin_mul_overflow(plan.batch_stride, plan.batches, &bytes) ||
      __builtin_mul_overflow(bytes, sizeof(float), &bytes) || bytes > kTooMany) {
    bytes = kTooMany;
  }
  plan.result_bytes = (bytes + 255) / 256 * 256;
  return plan;
}

std::size_t HopperPackBytes(const MatmulVariant& variant, const MatmulArguments& arguments) {
  return PlanHopperPack(variant, HopperOperandA(arguments)).bytes() +
         PlanHopperPack(variant, HopperOperandB(arguments)).bytes();
}

HopperLaunch DescribeHopper(const MatmulVariant& variant, const MatmulArguments& arguments,
                            const HopperOperand& a, const void* rests_a, const HopperOperand& b,
                            const void* rests_b, int multiprocessors) {
  const auto tile_m = static_cast<std::uint64_t>(variant.tile_m);
  const std::uint64_t tiles =
      CeilDiv(static_cast<std::uint64_t>(arguments.m), tile_m * variant.cluster) *
      CeilDiv(static_cast<std::uint64_t>(arguments.n), static_cast<std::uint64_t>(variant.tile_n)) *
      static_cast<std::uint64_t>(arguments.batches);
  HopperLaunch launch;
  launch.grid = GridSize(tiles, variant.cluster, arguments.splits, multiprocessors);
  launch.maps = arguments.k == 0 ? 0 : HasRests(variant) ? 2 : 1;  // without k nothing is fetched
  const std::int64_t b_extent = variant.tile_n / variant.cluster;
  const void* const a_data[] = {a.data, rests_a};
  const void* const b_data[] = {b.data, rests_b};
  for (int i = 0; i < launch.maps; ++i) {
    launch.a[i] = DescribeMap(variant, a, a_data[i], variant.tile_m);
    launch.b[i] = DescribeMap(variant, b, b_data[i], b_extent);
  }
  return launch;
}

Status EnqueueHopper(const OpContext& context, const MatmulVariant& variant,
                     const MatmulArguments& arguments, void* packs) {
  HopperOperand a = HopperOperandA(arguments), b = HopperOperandB(arguments);
  const HopperPackPlan pack_a = PlanHopperPack(variant, a), pack_b = PlanHopperPack(variant, b);
  const void *rests_a = nullptr, *rests_b = nullptr;
  auto* const memory = static_cast<std::byte*>(packs);
  Status status = EnqueuePack(context, pack_a, memory, &a, &rests_a);
  if (status != Status::kSuccess) return status;
  status = EnqueuePack(context, pack_b, memory + pack_a.bytes(), &b, &rests_b);
  if (status != Status::kSuccess) return status;

  const HopperLaunch launch = DescribeHopper(variant, arguments, a, rests_a, b, rests_b,
                                             context.properties.multiprocessor_count);
  TensorMaps maps{};
  status = Encode(context.runtime, launch, &maps);
  if (status != Status::kSuccess) return status;
  LaunchConfig config;
  config.grid = {launch.grid, static_cast<std::uint32_t>(std::max(arguments.splits, 1)), 1};
  config.block.x = variant.threads;
  config.dynamic_shared_bytes = variant.dynamic_shared_bytes;
  config.stream = context.stream;
  if (variant.cluster > 1) config.cluster = {static_cast<std::uint32_t>(variant.cluster), 1, 1};
  // The kernels read their arguments only.
  void* parameters[] = {const_cast<MatmulArguments*>(&arguments), maps.a, maps.b};
  const KernelId kernel = variant.kernels[arguments.transpose_a != 0][arguments.transpose_b != 0];
  return context.runtime.LaunchKernelExC(config, context.kernels[static_cast<std::size_t>(kernel)],
                                         parameters);
}

}  // namespace nodecuda
