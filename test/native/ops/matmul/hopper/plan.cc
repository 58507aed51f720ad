// The host side of cuda/modules/matmul_hopper.cu: what its kernels can compute, and what they are
// given.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string_view>

#include "ops/kernels/launch.h"
#include "ops/matmul/hopper.h"
#include "ops/matmul/planner.h"
#include "test/native/ops/kernels/launch_runtime.h"

namespace nodecuda {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

const void* Address(std::uintptr_t address) {
  return reinterpret_cast<const void*>(address);
}

HopperOperand Operand(bool along_k, std::int64_t extent, std::int64_t k, std::int64_t stride) {
  return {Address(0x1000), along_k, extent, k, stride, 0, 1};
}

const MatmulVariant& Variant(std::string_view name) {
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (variant.name == name) return variant;
  }
  FAIL("no such variant");
  return MatmulVariants()[0];
}

MatmulArguments Arguments(std::int64_t m, std::int64_t n, std::int64_t k) {
  MatmulArguments arguments{};
  arguments.m = m;
  arguments.n = n;
  arguments.k = k;
  arguments.a = Address(0x10000);
  arguments.lda = k;
  arguments.b = Address(0x20000);
  arguments.ldb = n;
  arguments.batches = 1;
  arguments.splits = 1;
  return arguments;
}

HopperLaunch Describe(const MatmulVariant& variant, const MatmulArguments& arguments,
                      const void* rests = nullptr) {
  return DescribeHopper(variant, arguments, HopperOperandA(arguments), rests,
                        HopperOperandB(arguments), rests, 132);
}

TEST_CASE("hopper plan: which operands can be fetched") {
  const HopperOperand good = Operand(true, 100, 70, 72);
  CHECK(CanFetch(Dtype::kBfloat16, good));
  HopperOperand operand = good;
  operand.stride = 76;
  CHECK(!CanFetch(Dtype::kBfloat16, operand));
  CHECK(CanFetch(Dtype::kFloat32, operand));
  CHECK(!CanFetch(Dtype::kInt8, operand));
  operand = good;
  operand.data = Address(0x1008);
  CHECK(!CanFetch(Dtype::kFloat16, operand));
  operand = good;
  operand.batch_stride = 4;
  CHECK(!CanFetch(Dtype::kFloat16, operand));
  operand = good;
  operand.along_k = false;
  CHECK(CanFetch(Dtype::kFloat16, operand));
  CHECK(!CanFetch(Dtype::kInt8, operand));
  CHECK(!CanFetch(Dtype::kFloat32, operand));
  for (const std::int64_t stride : {kHuge, kHuge - 7, std::int64_t{-8}, std::int64_t{0}}) {
    operand = good;
    operand.stride = stride;
    CAPTURE(stride);
    CHECK(!CanFetch(Dtype::kBfloat16, operand));
  }
  operand = good;
  operand.batch_stride = std::int64_t{1} << 40;
  CHECK(!CanFetch(Dtype::kInt8, operand));
}

TEST_CASE("hopper plan: what does not fit") {
  const MatmulVariant& variant = Variant("wgmma_bfloat16_128x256");
  CHECK(HopperUnfit(variant, Arguments(64, 64, 64)) == MatmulUnfit::kFits);
  for (const std::int64_t size : {kHuge, std::int64_t{1} << 31}) {
    CAPTURE(size);
    CHECK(HopperUnfit(variant, Arguments(size, 64, 64)) == MatmulUnfit::kGrid);
    CHECK(HopperUnfit(variant, Arguments(64, size, 64)) == MatmulUnfit::kGrid);
    CHECK(HopperUnfit(variant, Arguments(64, 64, size)) == MatmulUnfit::kGrid);
    MatmulArguments batches = Arguments(64, 64, 64);
    batches.batches = size;
    CHECK(HopperUnfit(variant, batches) == MatmulUnfit::kGrid);
  }
  MatmulArguments many = Arguments(1 << 20, 1 << 20, 64);
  CHECK(HopperUnfit(variant, many) == MatmulUnfit::kFits);
  many.batches = 1 << 8;
  CHECK(HopperUnfit(variant, many) == MatmulUnfit::kGrid);
  CHECK(HopperUnfit(variant, Arguments(64, 63, 64)) == MatmulUnfit::kAlignment);
  MatmulArguments empty = Arguments(64, 63, 0);
  CHECK(HopperUnfit(variant, empty) == MatmulUnfit::kFits);  // nothing is fetched
  // Half of 64 columns is less than a box, unless b lies along k.
  MatmulVariant shared = Variant("wgmma_bfloat16_128x64");
  shared.cluster = 2;
  MatmulArguments arguments = Arguments(64, 64, 64);
  CHECK(HopperUnfit(shared, arguments) == MatmulUnfit::kLayout);
  arguments.transpose_b = 1;
  CHECK(HopperUnfit(shared, arguments) == MatmulUnfit::kFits);
}

TEST_CASE("hopper plan: no more blocks than get busy, in whole clusters") {
  const MatmulVariant& variant = Variant("wgmma_bfloat16_128x256");
  const MatmulVariant& cluster = Variant("wgmma_bfloat16_128x256_cluster2");
  CHECK(Describe(variant, Arguments(4096, 4096, 64)).grid == 128);  // 512 tiles in 4 rounds
  CHECK(Describe(cluster, Arguments(4096, 4096, 64)).grid == 128);
  CHECK(Describe(cluster, Arguments(129, 256, 64)).grid == 2);
  MatmulArguments split = Arguments(128, 10240, 640);
  split.splits = 4;
  CHECK(Describe(variant, split).grid == 20);  // 40 tiles, and 33 blocks at once for each split
  split.splits = 1000;
  CHECK(Describe(variant, split).grid == 1);
}

TEST_CASE("hopper plan: boxes and strides of each layout") {
  MatmulVariant variant = Variant("wgmma_float16_128x128");
  variant.cluster = 2;
  MatmulArguments arguments = Arguments(200, 304, 72);
  HopperLaunch launch = Describe(variant, arguments);
  CHECK(launch.maps == 1);
  CHECK(launch.a[0].data_type == TensorMapDataType::kFloat16);
  CHECK(launch.a[0].global_dim[0] == 72);
  CHECK(launch.a[0].global_dim[1] == 200);
  CHECK(launch.a[0].global_dim[2] == 1);
  CHECK(launch.a[0].global_strides[0] == 144);
  CHECK(launch.a[0].box_dim[0] == 64);
  CHECK(launch.a[0].box_dim[1] == 128);
  CHECK(launch.b[0].global_dim[0] == 304);
  CHECK(launch.b[0].global_dim[1] == 72);
  CHECK(launch.b[0].box_dim[0] == 64);
  CHECK(launch.b[0].box_dim[1] == 64);

  arguments.transpose_a = arguments.transpose_b = 1;
  arguments.lda = 200;
  arguments.ldb = 72;
  arguments.batches = 5;
  arguments.b_batch_stride = 304 * 72;
  launch = Describe(variant, arguments);
  CHECK(launch.a[0].global_dim[0] == 200);
  CHECK(launch.a[0].global_dim[2] == 1);  // all batches share it
  CHECK(launch.b[0].global_dim[0] == 72);
  CHECK(launch.b[0].global_dim[2] == 5);
  CHECK(launch.b[0].global_strides[1] == 304 * 72 * 2);
  CHECK(launch.b[0].box_dim[1] == 64);  // half of the columns for each block of the cluster
  CHECK(launch.b[0].swizzle == TensorMapSwizzle::k128B);
}

TEST_CASE("hopper plan: float32 operands are packed where they must be") {
  const MatmulVariant& tf32 = Variant("wgmma_tf32_128x128");
  const MatmulVariant& fast = Variant("wgmma_fp32fast_128x128");
  HopperOperand operand = Operand(true, 10, 70, 72);
  CHECK(!PlanHopperPack(tf32, operand).needed);
  CHECK(!PlanHopperPack(Variant("wgmma_bfloat16_128x128"), Operand(true, 10, 70, 71)).needed);
  HopperPackPlan plan = PlanHopperPack(fast, operand);
  CHECK(plan.needed);
  CHECK(plan.rest);
  CHECK(!plan.transpose);
  CHECK(plan.result_bytes == 3072);  // 10 x 72 x 4, in units of 256
  CHECK(plan.bytes() == 2 * 3072);

  operand.along_k = false;
  operand.batches = 3;
  operand.batch_stride = 720;
  plan = PlanHopperPack(tf32, operand);
  CHECK(plan.transpose);
  CHECK(!plan.rest);
  CHECK(plan.stride == 72);
  CHECK(plan.result_bytes == 3 * 10 * 72 * 4 / 256 * 256 + 256);
  plan = PlanHopperPack(fast, operand);
  CHECK(plan.bytes() == 2 * plan.result_bytes);

  // More than any device has, without overflowing.
  operand.batches = kHuge;
  operand.extent = operand.k = 0x7fffffff - 600;
  CHECK(PlanHopperPack(fast, operand).bytes() >= std::size_t{1} << 60);

  MatmulArguments arguments = Arguments(64, 64, 64);
  arguments.transpose_b = 1;
  const HopperLaunch launch = Describe(fast, arguments, Address(0x4000));
  CHECK(launch.maps == 2);
  CHECK(launch.a[1].global_address == Address(0x4000));
  CHECK(launch.a[0].data_type == TensorMapDataType::kFloat32);  // keeps the bits
}

TEST_CASE("hopper plan: a remembered plan is not taken for operands that lie differently") {
  DeviceProperties properties;
  properties.major = 9;
  properties.multiprocessor_count = 132;
  properties.shared_memory_per_block_optin = std::size_t{227} << 10;
  MatmulProblem problem{};
  problem.dtype = Dtype::kFloat32;
  problem.precision = MatmulPrecision::kTf32;
  problem.arguments = Arguments(256, 1024, 64);
  problem.arguments.transpose_b = 1;
  problem.arguments.ldb = 64;
  MatmulWish wish;
  wish.variant = &Variant("wgmma_tf32_128x128");
  wish.splits = 1;
  MatmulPlanner planner;
  MatmulPlan plan;
  const auto workspace = [&] {
    REQUIRE(planner.Plan(problem, properties, wish, &plan) == Status::kSuccess);
    return plan.workspace_bytes;
  };
  CHECK(workspace() == 0);
  problem.arguments.a = Address(0x10004);
  CHECK(workspace() == 256 * 64 * 4);
  problem.arguments.a = Address(0x10000);
  problem.arguments.b = Address(0x20004);
  CHECK(workspace() == 1024 * 64 * 4);
  problem.arguments.lda = 65;
  CHECK(workspace() == (1024 + 256) * 64 * 4);

  // A plan that is used for what it was not made for is refused before anything is written.
  problem.arguments.b = Address(0x20000);
  problem.arguments.lda = 64;
  CHECK(workspace() == 0);
  problem.arguments.a = Address(0x10004);
  int launches = 0;
  LaunchRuntime runtime([&](const LaunchConfig&, KernelId, void**) {
    ++launches;
    return Status::kSuccess;
  });
  const OpContext context{runtime, runtime.kernels(), properties, nullptr};
  CHECK(EnqueueMatmul(context, problem, plan, nullptr) == Status::kInvalidValue);
  CHECK(launches == 0);
}

TEST_CASE("hopper plan: unproven variants are for those who ask, and for the simulated device") {
  DeviceProperties properties;
  properties.major = 9;
  properties.multiprocessor_count = 132;
  properties.shared_memory_per_block_optin = std::size_t{227} << 10;
  MatmulProblem problem{};
  problem.dtype = Dtype::kBfloat16;
  problem.arguments = Arguments(4096, 4096, 4096);
  const MatmulVariant& variant = Variant("wgmma_bfloat16_128x256");
  CHECK(PlanVariant(variant, problem, properties, {}).unfit == MatmulUnfit::kUnproven);
  CHECK(PlanVariant(variant, problem, properties, {.variant = &variant}).unfit ==
        MatmulUnfit::kFits);
  properties.simulated = true;
  MatmulPlan plan;
  REQUIRE(PlanMatmul(problem, properties, {}, &plan) == Status::kSuccess);
  CHECK(plan.variant->family == MatmulFamily::kWgmma);
  properties.major = 10;
  CHECK(PlanVariant(variant, problem, properties, {}).unfit == MatmulUnfit::kCapability);
}

}  // namespace
}  // namespace nodecuda
