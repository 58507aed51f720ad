// The host side of the built-in kernels: which kernel, which grid, which arguments.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "launch_runtime.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/matmul_planner.h"
#include "ops/ops.h"

namespace nodecuda {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

void* Pointer(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

template <typename T>
T Argument(void** arguments, int index) {
  return *static_cast<T*>(arguments[index]);
}

// Counts launches and shows each to `look`.
struct Recorder {
  using Look = std::function<void(const LaunchConfig&, KernelId, void**)>;
  explicit Recorder(Look look)
      : runtime([this, look](const LaunchConfig& config, KernelId kernel, void** arguments) {
          ++launches;
          look(config, kernel, arguments);
          return result;
        }) {
    properties.multiprocessor_count = 132;
  }
  OpContext context() {
    return {runtime, runtime.kernels(), properties, reinterpret_cast<Stream>(0x5)};
  }
  LaunchRuntime runtime;
  DeviceProperties properties;
  Status result = Status::kSuccess;
  int launches = 0;
};

MatmulProblem Problem(std::int64_t m, std::int64_t n, std::int64_t k,
                      Dtype dtype = Dtype::kFloat32) {
  MatmulProblem problem{};
  problem.dtype = dtype;
  MatmulArguments& p = problem.arguments;
  p.m = m;
  p.n = n;
  p.k = k;
  p.batches = 1;
  p.lda = k;
  p.ldb = p.ldc = n;
  return problem;
}

DeviceProperties H200() {
  DeviceProperties properties;
  properties.major = 9;
  properties.multiprocessor_count = 132;
  properties.clock_rate_khz = 1'980'000;
  properties.memory_clock_rate_khz = 3'201'000;
  properties.memory_bus_width_bits = 6144;
  properties.shared_memory_per_block_optin = 227 << 10;
  return properties;
}

const MatmulVariant& VariantNamed(std::string_view name) {
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (variant.name == name) return variant;
  }
  FAIL("no variant ", name);
  return MatmulVariants()[0];
}

ElementwiseProblem Sum(Dtype dtype, std::size_t length) {
  ElementwiseProblem problem{};
  problem.family = ElementwiseFamily::kBinary;
  problem.operation = kAdd;
  problem.source = problem.destination = dtype;
  problem.inputs[0] = Pointer(0x100);
  problem.inputs[1] = Pointer(0x200);
  problem.out = Pointer(0x300);
  problem.length = length;
  return problem;
}

TEST_CASE("elementwise: kernel, grid and arguments") {
  struct Case {
    Dtype dtype;
    std::size_t length;
    const char* kernel;
    std::uint32_t blocks;
  };
  for (const Case& c :
       {Case{Dtype::kFloat32, 1, "binary_float32", 1},
        Case{Dtype::kFloat32, 4096, "binary_float32", 1},
        Case{Dtype::kFloat32, 4097, "binary_float32", 2},
        Case{Dtype::kFloat64, 2049, "binary_float64", 2},
        Case{Dtype::kFloat16, 8192, "binary_float16", 1},
        Case{Dtype::kBfloat16, 8193, "binary_bfloat16", 2},
        Case{Dtype::kInt8, 16385, "binary_int8", 2}, Case{Dtype::kUint8, 16384, "binary_int8", 1},
        Case{Dtype::kInt16, 8193, "binary_int16", 2}, Case{Dtype::kUint16, 8192, "binary_int16", 1},
        Case{Dtype::kInt32, 4097, "binary_int32", 2}, Case{Dtype::kUint32, 4096, "binary_int32", 1},
        Case{Dtype::kInt64, 2049, "binary_int64", 2}, Case{Dtype::kUint64, 2048, "binary_int64", 1},
        // More elements than 32 bits count.
        Case{Dtype::kUint8, std::size_t{1} << 40, "binary_int8", 1u << 26}}) {
    CAPTURE(c.kernel);
    CAPTURE(c.length);
    Recorder recorder([&](const LaunchConfig& config, KernelId kernel, void** arguments) {
      CHECK(kKernelNames[static_cast<std::size_t>(kernel)] == std::string(c.kernel));
      CHECK(config.grid.x == c.blocks);
      CHECK(config.grid.y == 1);
      CHECK(config.grid.z == 1);
      CHECK(config.block.x == 256);
      CHECK(config.dynamic_shared_bytes == 0);
      CHECK(config.stream == reinterpret_cast<Stream>(0x5));
      const auto passed = Argument<ElementwiseArguments>(arguments, 0);
      CHECK(passed.inputs[0] == Pointer(0x100));
      CHECK(passed.inputs[1] == Pointer(0x200));
      CHECK(passed.out == Pointer(0x300));
      CHECK(passed.length == c.length);
      CHECK(passed.dimensions == 0);
      CHECK(passed.operation == kAdd);
      CHECK(passed.source == static_cast<int>(c.dtype));
    });
    CHECK(EnqueueElementwise(recorder.context(), Sum(c.dtype, c.length)) == Status::kSuccess);
    CHECK(recorder.launches == 1);
  }
}

TEST_CASE("elementwise: operations that a dtype does not have are refused without a launch") {
  Recorder recorder([](const LaunchConfig&, KernelId, void**) {});
  for (const auto& [family, dtype, operation, destination] :
       {std::tuple{ElementwiseFamily::kBinary, Dtype::kInt32, int{kPower}, Dtype::kInt32},
        std::tuple{ElementwiseFamily::kBinary, Dtype::kFloat32, int{kBinaryOperations},
                   Dtype::kFloat32},
        std::tuple{ElementwiseFamily::kBinary, Dtype::kFloat32, -1, Dtype::kFloat32},
        std::tuple{ElementwiseFamily::kBinary, Dtype::kFloat32, int{kAdd}, Dtype::kFloat64},
        std::tuple{ElementwiseFamily::kUnary, Dtype::kUint8, int{kSqrt}, Dtype::kUint8},
        std::tuple{ElementwiseFamily::kUnary, Dtype::kFloat16, int{kUnaryOperations},
                   Dtype::kFloat16}}) {
    ElementwiseProblem problem = Sum(dtype, 5);
    problem.family = family;
    problem.operation = operation;
    problem.destination = destination;
    CHECK(EnqueueElementwise(recorder.context(), problem) == Status::kInvalidValue);
  }
  CHECK(recorder.launches == 0);
}

TEST_CASE("elementwise: vectors along the innermost dimension where every operand allows them") {
  const auto access_of = [](ElementwiseProblem problem, std::uint64_t units) {
    OperandAccess access[3];
    Recorder recorder([&](const LaunchConfig&, KernelId, void** arguments) {
      const auto passed = Argument<ElementwiseArguments>(arguments, 0);
      CHECK(passed.length == units);
      for (int i = 0; i < 3; ++i) access[i] = passed.access[i];
    });
    CHECK(EnqueueElementwise(recorder.context(), problem) == Status::kSuccess);
    CHECK(recorder.launches == 1);
    return std::vector<OperandAccess>(access, access + 3);
  };
  using Accesses = std::vector<OperandAccess>;
  ElementwiseProblem problem = Sum(Dtype::kFloat32, 0);
  problem.dimensions = 2;
  const std::int64_t shape[] = {6, 8}, strides[3][2] = {{8, 1}, {12, 1}, {1, 0}};
  for (int d = 0; d < 2; ++d) {
    problem.shape[d] = shape[d];
    for (int i = 0; i < 3; ++i) problem.strides[i][d] = strides[i][d];
  }
  const Accesses by_element(3, kByElement);
  CHECK(access_of(problem, 12) == Accesses{kByVector, kByVector, kRepeated});
  ElementwiseProblem other = problem;
  other.shape[1] = 6;
  CHECK(access_of(other, 36) == by_element);
  other = problem;
  other.strides[1][0] = 13;
  CHECK(access_of(other, 48) == by_element);
  other = problem;
  other.inputs[0] = Pointer(0x104);
  CHECK(access_of(other, 48) == by_element);
  other = problem;
  other.inputs[1] = Pointer(0x204);  // repeated elements may be anywhere
  CHECK(access_of(other, 12) == Accesses{kByVector, kByVector, kRepeated});
  other = problem;
  other.inputs[0] = nullptr;
  CHECK(access_of(other, 12) == Accesses{kByVector, kRepeated, kRepeated});
  other = problem;
  other.strides[0][1] = 2;
  CHECK(access_of(other, 48) == by_element);
}

TEST_CASE("elementwise: more elements than a launch can index are done in slices") {
  for (const auto& [rows, columns, launches] :
       {std::tuple{std::int64_t{3}, kMaxStridedUnits, 3},
        std::tuple{std::int64_t{2}, 3 * kMaxStridedUnits + 1, 8},
        std::tuple{std::int64_t{5}, kMaxStridedUnits / 2, 3}}) {
    ElementwiseProblem problem = Sum(Dtype::kInt8, 0);
    problem.dimensions = 2;
    problem.shape[0] = rows;
    problem.shape[1] = columns;
    for (auto& strides : problem.strides) {
      strides[0] = 3 * columns;
      strides[1] = 2;
    }
    std::uint64_t elements = 0;
    std::vector<std::uintptr_t> starts;
    Recorder recorder([&](const LaunchConfig&, KernelId, void** arguments) {
      const auto passed = Argument<ElementwiseArguments>(arguments, 0);
      CHECK(passed.length <= static_cast<std::uint64_t>(kMaxStridedUnits));
      elements += passed.length;
      starts.push_back(reinterpret_cast<std::uintptr_t>(passed.out) - 0x300);
      CHECK(passed.inputs[0] == Pointer(0x100 + starts.back()));
    });
    CHECK(EnqueueElementwise(recorder.context(), problem) == Status::kSuccess);
    CHECK(recorder.launches == launches);
    CHECK(elements == static_cast<std::uint64_t>(rows * columns));
    // Each slice begins at an element, and none where another does.
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const auto row = static_cast<std::int64_t>(starts[i]) / (3 * columns);
      CHECK(row < rows);
      CHECK((static_cast<std::int64_t>(starts[i]) - row * 3 * columns) % 2 == 0);
      if (i > 0) CHECK(starts[i] > starts[i - 1]);
    }
  }
}

TEST_CASE("fill: the pattern is repeated up to eight bytes and cut to the element") {
  struct Case {
    std::size_t element_bytes;
    std::uint64_t pattern, expected;
  };
  for (const Case& c :
       {Case{1, 0xffffffffffffff7a, 0x7a7a7a7a7a7a7a7a}, Case{2, 0xabcd1234, 0x1234123412341234},
        Case{4, 0xffffffff89abcdef, 0x89abcdef89abcdef},
        Case{8, 0x0123456789abcdef, 0x0123456789abcdef}}) {
    CAPTURE(c.element_bytes);
    Recorder recorder([&](const LaunchConfig& config, KernelId kernel, void** arguments) {
      CHECK(kernel == KernelId::fill);
      CHECK(config.grid.x == (2000 * c.element_bytes + 16383) / 16384);
      CHECK(config.block.x == 256);
      CHECK(Argument<void*>(arguments, 0) == Pointer(0x700));
      CHECK(Argument<std::uint64_t>(arguments, 1) == c.expected);
      CHECK(Argument<std::uint64_t>(arguments, 2) == 2000 * c.element_bytes);
    });
    CHECK(EnqueueFill(recorder.context(), c.element_bytes, c.pattern, Pointer(0x700), 2000) ==
          Status::kSuccess);
    CHECK(recorder.launches == 1);
  }
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

TEST_CASE("nothing to do launches nothing") {
  Recorder recorder([](const LaunchConfig&, KernelId, void**) {});
  const OpContext context = recorder.context();
  CHECK(EnqueueElementwise(context, Sum(Dtype::kInt8, 0)) == Status::kSuccess);
  CHECK(EnqueueFill(context, 4, 1, nullptr, 0) == Status::kSuccess);
  CHECK(recorder.launches == 0);
}

TEST_CASE("bad sizes of add and fill are refused without a launch") {
  Recorder recorder([](const LaunchConfig&, KernelId, void**) {});
  const OpContext context = recorder.context();
  constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();
  CHECK(EnqueueElementwise(context, Sum(Dtype::kFloat64, kMax)) == Status::kInvalidConfiguration);
  CHECK(EnqueueFill(context, 8, 0, nullptr, kMax) == Status::kInvalidValue);
  CHECK(EnqueueFill(context, 1, 0, nullptr, kMax) == Status::kInvalidConfiguration);
  CHECK(EnqueueFill(context, 3, 0, nullptr, 1) == Status::kInvalidValue);
  CHECK(EnqueueFill(context, 0, 0, nullptr, 1) == Status::kInvalidValue);
  CHECK(recorder.launches == 0);
}

TEST_CASE("the status of the launch comes back") {
  Recorder recorder([](const LaunchConfig&, KernelId, void**) {});
  recorder.result = Status::kLaunchOutOfResources;
  const OpContext context = recorder.context();
  CHECK(EnqueueElementwise(context, Sum(Dtype::kInt8, 1)) == recorder.result);
  CHECK(EnqueueFill(context, 1, 0, nullptr, 1) == recorder.result);
  MatmulPlan plan;
  REQUIRE(PlanMatmul(Problem(1, 1, 1), H200(), {}, &plan) == Status::kSuccess);
  CHECK(EnqueueMatmul(context, Problem(1, 1, 1), plan, nullptr) == recorder.result);
}

}  // namespace
}  // namespace nodecuda
