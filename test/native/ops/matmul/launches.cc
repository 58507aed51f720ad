// The host side of the matmul kernels: which variant, which grid, which arguments.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "ops/matmul/matmul.h"
#include "ops/matmul/planner.h"
#include "test/native/ops/kernels/launch_recorder.h"
#include "test/native/ops/matmul/problems.h"

namespace nodecuda {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

const MatmulVariant& VariantNamed(std::string_view name) {
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (variant.name == name) return variant;
  }
  FAIL("no variant ", name);
  return MatmulVariants()[0];
}

TEST_CASE("matmul: a plan becomes one launch, or two if k is split") {
  MatmulProblem problem = Problem(100, 300, 7);
  problem.arguments.epilogue.alpha = 1.5;
  problem.arguments.batches = 3;
  const MatmulVariant& variant = VariantNamed("float32_64x64");
  for (const int splits : {1, 4}) {
    CAPTURE(splits);
    MatmulPlan plan;
    REQUIRE(PlanMatmul(problem, H200(), {&variant, splits}, &plan) == Status::kSuccess);
    CHECK(plan.splits == splits);
    CHECK(plan.tiles == 2 * 5);
    CHECK(plan.workspace_bytes == (splits == 1 ? 0 : std::size_t{4} * 3 * 100 * 300 * 4));
    std::vector<KernelId> kernels;
    Recorder recorder([&](const LaunchConfig& config, KernelId kernel, void** arguments) {
      kernels.push_back(kernel);
      const auto given = Argument<MatmulArguments>(arguments, 0);
      CHECK(given.splits == splits);
      CHECK(given.workspace == Pointer(0x900));
      CHECK(given.epilogue.alpha == 1.5);
      CHECK(config.grid.z == 3);
      if (kernels.size() == 1) {
        CHECK(config.grid.x == 10);
        CHECK(config.grid.y == static_cast<unsigned>(splits));
        CHECK(config.block.x == 128);
      } else {
        CHECK(config.grid.x == (300 / 4 * 100 + 255) / 256);
        CHECK(config.grid.y == 1);
        CHECK(config.block.x == 256);
      }
    });
    CHECK(EnqueueMatmul(recorder.context(), problem, plan, Pointer(0x900)) == Status::kSuccess);
    REQUIRE(kernels.size() == (splits == 1 ? 1 : 2));
    CHECK(kernels[0] == KernelId::matmul_float32_64x64);
    if (splits > 1) CHECK(kernels[1] == KernelId::matmul_split_sum_float32);
  }
}

TEST_CASE("matmul: batches beyond what a grid has are left to loops in the kernel") {
  MatmulProblem problem = Problem(4, 40, 40);
  problem.arguments.batches = 100'000;
  MatmulPlan plan;
  REQUIRE(PlanMatmul(problem, H200(), {}, &plan) == Status::kSuccess);
  Recorder recorder(
      [](const LaunchConfig& config, KernelId, void**) { CHECK(config.grid.z == 65535); });
  CHECK(EnqueueMatmul(recorder.context(), problem, plan, nullptr) == Status::kSuccess);
}

TEST_CASE("matmul: large problems take large tiles, small ones are spread over the GPU") {
  const auto plan = [](std::int64_t m, std::int64_t n, std::int64_t k) {
    MatmulPlan result;
    REQUIRE(PlanMatmul(Problem(m, n, k), H200(), {}, &result) == Status::kSuccess);
    return result;
  };
  CHECK(plan(8192, 8192, 8192).variant->tile_m * plan(8192, 8192, 8192).variant->tile_n >=
        128 * 128);
  const MatmulPlan small = plan(512, 512, 512);
  CHECK(small.tiles * static_cast<std::uint64_t>(small.splits) >= 132 / 2);
  // Few tiles and a long k: split until every multiprocessor has work.
  const MatmulPlan deep = plan(128, 128, 65536);
  CHECK(deep.splits > 1);
  CHECK(deep.tiles * static_cast<std::uint64_t>(deep.splits) >= 64);
  CHECK(plan(4096, 4096, 4096).splits == 1);
}

TEST_CASE("matmul: few rows or columns take the kernels that read the other operand once") {
  MatmulProblem problem = Problem(1, 4096, 4096);
  const auto family = [&] {
    MatmulPlan plan;
    REQUIRE(PlanMatmul(problem, H200(), {}, &plan) == Status::kSuccess);
    return plan.variant->family;
  };
  CHECK(family() == MatmulFamily::kSkinnyAxpy);  // b's rows, along n
  problem.arguments.transpose_b = 1;
  problem.arguments.ldb = 4096;
  CHECK(family() == MatmulFamily::kSkinnyDot);
  problem = Problem(4096, 1, 4096);
  CHECK(family() == MatmulFamily::kSkinnyDot);
  problem.arguments.transpose_a = 1;
  problem.arguments.lda = 4096;
  CHECK(family() == MatmulFamily::kSkinnyAxpy);
}

TEST_CASE("matmul: what a variant cannot do is said") {
  const auto unfit = [](std::string_view name, const MatmulProblem& problem,
                        const DeviceProperties& properties) {
    return PlanVariant(VariantNamed(name), problem, properties, {}).unfit;
  };
  CHECK(unfit("float32_64x64", Problem(4, 4, 4), H200()) == MatmulUnfit::kFits);
  CHECK(unfit("float32_64x64", Problem(4, 4, 0), H200()) == MatmulUnfit::kFits);
  CHECK(unfit("float32_64x64", Problem(0, 4, 4), H200()) == MatmulUnfit::kEmpty);
  CHECK(unfit("skinny_axpy4_float32", Problem(4, 0, 4), H200()) == MatmulUnfit::kEmpty);
  CHECK(unfit("float64_64x64", Problem(4, 4, 4), H200()) == MatmulUnfit::kDtype);
  CHECK(unfit("skinny_axpy4_float32", Problem(5, 8, 4), H200()) == MatmulUnfit::kShape);
  CHECK(unfit("skinny_dot4_float32", Problem(4, 8, 4), H200()) == MatmulUnfit::kLayout);
  CHECK(unfit("float32_64x64", Problem(kHuge, kHuge, 1), H200()) == MatmulUnfit::kGrid);

  // Whoever asks for less than IEEE arithmetic may get it; nobody gets less than asked for.
  MatmulProblem fast = Problem(4, 4, 4);
  fast.precision = MatmulPrecision::kTf32;
  CHECK(unfit("float32_64x64", fast, H200()) == MatmulUnfit::kFits);
}

TEST_CASE("matmul: alignment is that of the least aligned of all") {
  MatmulProblem problem = Problem(64, 64, 64);
  MatmulArguments& p = problem.arguments;
  p.a = Pointer(0x1000);
  p.b = Pointer(0x2000);
  CHECK(AlignmentOf(problem) == 128);
  p.a = Pointer(0x1010);
  CHECK(AlignmentOf(problem) == 16);
  p.lda = 66;
  CHECK(AlignmentOf(problem) == 8);
  p.b_batch_stride = 3;
  CHECK(AlignmentOf(problem) == 4);
}

TEST_CASE("matmul: sizes no grid can have are refused") {
  MatmulPlan plan;
  for (const MatmulProblem& problem : {Problem(kHuge, kHuge, 1), Problem(kHuge, 100, 0)}) {
    CHECK(PlanMatmul(problem, H200(), {}, &plan) == Status::kInvalidConfiguration);
  }
  for (const MatmulProblem& problem :
       {Problem(-1, 4, 4), Problem(4, -1, 4), Problem(4, 4, -1), Problem(0, 4, 4)}) {
    CHECK(PlanMatmul(problem, H200(), {}, &plan) == Status::kInvalidValue);
  }
  CHECK(PlanMatmul(Problem(4, 4, 4, Dtype::kInt16), H200(), {}, &plan) == Status::kInvalidValue);
  // What only the small tiles would take too many blocks for is left to the large ones.
  REQUIRE(PlanMatmul(Problem(std::int64_t{1} << 36, 100, 1), H200(), {}, &plan) ==
          Status::kSuccess);
  CHECK(plan.variant->tile_m >= 128);
}

TEST_CASE("matmul: a planner that remembers gives the plan that it would make anew") {
  MatmulPlanner planner;
  const DeviceProperties properties = H200();
  for (int round = 0; round < 2; ++round) {
    for (const Dtype dtype : {Dtype::kFloat32, Dtype::kFloat64}) {
      for (const std::int64_t size : {1, 17, 100, 1000, 5000}) {
        MatmulProblem problem = Problem(size, size, 64, dtype);
        MatmulPlan expected, got;
        REQUIRE(PlanMatmul(problem, properties, {}, &expected) == Status::kSuccess);
        REQUIRE(planner.Plan(problem, properties, {}, &got) == Status::kSuccess);
        CHECK(got.variant == expected.variant);
        CHECK(got.splits == expected.splits);
        CHECK(got.tiles == expected.tiles);
        CHECK(got.workspace_bytes == expected.workspace_bytes);
      }
    }
  }
  MatmulPlan plan;
  CHECK(planner.Plan(Problem(0, 1, 1), properties, {}, &plan) == Status::kInvalidValue);
}

}  // namespace
}  // namespace nodecuda
