// The host side of the built-in kernels: which kernel, which grid, which arguments.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "launch_runtime.h"
#include "ops/matmul_plan.h"
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

MatmulProblem Problem(std::int64_t m, std::int64_t n, std::int64_t k) {
  MatmulProblem problem{};
  problem.dtype = Dtype::kFloat32;
  problem.m = m;
  problem.n = n;
  problem.k = k;
  return problem;
}

TEST_CASE("add: kernel, grid and arguments") {
  struct Case {
    Dtype dtype;
    std::size_t length;
    const char* kernel;
    std::uint32_t blocks;
  };
  for (const Case& c : {Case{Dtype::kFloat32, 1, "vector_add_float32", 1},
                        Case{Dtype::kFloat32, 4096, "vector_add_float32", 1},
                        Case{Dtype::kFloat32, 4097, "vector_add_float32", 2},
                        Case{Dtype::kFloat64, 2049, "vector_add_float64", 2},
                        Case{Dtype::kFloat16, 8192, "vector_add_float16", 1},
                        Case{Dtype::kBfloat16, 8193, "vector_add_bfloat16", 2},
                        Case{Dtype::kInt8, 16385, "vector_add_int8", 2},
                        Case{Dtype::kUint8, 16384, "vector_add_int8", 1},
                        Case{Dtype::kInt16, 8193, "vector_add_int16", 2},
                        Case{Dtype::kUint16, 8192, "vector_add_int16", 1},
                        Case{Dtype::kInt32, 4097, "vector_add_int32", 2},
                        Case{Dtype::kUint32, 4096, "vector_add_int32", 1},
                        Case{Dtype::kInt64, 2049, "vector_add_int64", 2},
                        Case{Dtype::kUint64, 2048, "vector_add_int64", 1},
                        // More elements than 32 bits count.
                        Case{Dtype::kUint8, std::size_t{1} << 40, "vector_add_int8", 1u << 26}}) {
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
      CHECK(Argument<void*>(arguments, 0) == Pointer(0x100));
      CHECK(Argument<void*>(arguments, 1) == Pointer(0x200));
      CHECK(Argument<void*>(arguments, 2) == Pointer(0x300));
      CHECK(Argument<std::uint64_t>(arguments, 3) == c.length);
    });
    CHECK(EnqueueAdd(recorder.context(), c.dtype, Pointer(0x100), Pointer(0x200), Pointer(0x300),
                     c.length) == Status::kSuccess);
    CHECK(recorder.launches == 1);
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

TEST_CASE("matmul: arguments are in the order and of the types of the kernels") {
  MatmulProblem problem = Problem(3, 5, 7);
  problem.transpose_b = true;
  problem.alpha = 1.5;
  problem.beta = -2;
  problem.a = Pointer(0x100);
  problem.lda = 8;
  problem.b = Pointer(0x200);
  problem.ldb = 9;
  problem.c = Pointer(0x300);
  problem.ldc = 6;
  for (const Dtype dtype : {Dtype::kFloat32, Dtype::kFloat64}) {
    problem.dtype = dtype;
    Recorder recorder([&](const LaunchConfig& config, KernelId kernel, void** arguments) {
      CHECK(config.grid.x == 1);
      CHECK(config.block.x == 128);
      CHECK(Argument<std::int64_t>(arguments, 0) == 3);
      CHECK(Argument<std::int64_t>(arguments, 1) == 5);
      CHECK(Argument<std::int64_t>(arguments, 2) == 7);
      CHECK(Argument<const void*>(arguments, 4) == Pointer(0x100));
      CHECK(Argument<std::int64_t>(arguments, 5) == 8);
      CHECK(Argument<const void*>(arguments, 6) == Pointer(0x200));
      CHECK(Argument<std::int64_t>(arguments, 7) == 9);
      CHECK(Argument<void*>(arguments, 9) == Pointer(0x300));
      CHECK(Argument<std::int64_t>(arguments, 10) == 6);
      if (dtype == Dtype::kFloat32) {
        CHECK(kernel == KernelId::matmul_float32_64x64_nt);
        CHECK(Argument<float>(arguments, 3) == 1.5f);
        CHECK(Argument<float>(arguments, 8) == -2.0f);
      } else {
        CHECK(kernel == KernelId::matmul_float64_64x64_nt);
        CHECK(Argument<double>(arguments, 3) == 1.5);
        CHECK(Argument<double>(arguments, 8) == -2.0);
      }
    });
    CHECK(EnqueueMatmul(recorder.context(), problem) == Status::kSuccess);
    CHECK(recorder.launches == 1);
  }
}

TEST_CASE("matmul: each layout has its kernel") {
  MatmulProblem problem = Problem(4, 4, 4);
  const KernelId expected[2][2] = {
      {KernelId::matmul_float32_64x64_nn, KernelId::matmul_float32_64x64_nt},
      {KernelId::matmul_float32_64x64_tn, KernelId::matmul_float32_64x64_tt}};
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      problem.transpose_a = transpose_a;
      problem.transpose_b = transpose_b;
      MatmulPlan plan;
      REQUIRE(PlanMatmul(problem, 132, &plan) == Status::kSuccess);
      CHECK(plan.kernel == expected[transpose_a][transpose_b]);
    }
  }
}

TEST_CASE("matmul: large problems take large tiles, problems that leave the GPU idle small ones") {
  const auto tile = [](std::int64_t size, int multiprocessors) {
    MatmulPlan plan;
    REQUIRE(PlanMatmul(Problem(size, size, size), multiprocessors, &plan) == Status::kSuccess);
    CHECK(plan.blocks == ((size + plan.variant->tile_m - 1) / plan.variant->tile_m) *
                             ((size + plan.variant->tile_n - 1) / plan.variant->tile_n));
    return plan.variant->tile_m;
  };
  CHECK(tile(1, 132) == 64);
  CHECK(tile(512, 132) == 64);
  CHECK(tile(4096, 132) == 128);
  CHECK(tile(8192, 132) == 128);
  CHECK(tile(512, 4) == 128);
  CHECK(tile(512, 0) == 128);  // an unknown number of multiprocessors does no harm
}

TEST_CASE("matmul: sizes no grid can have are refused without a launch") {
  Recorder recorder([](const LaunchConfig&, KernelId, void**) {});
  for (const MatmulProblem& problem : {Problem(kHuge, kHuge, 1), Problem(kHuge, 1, 0),
                                       Problem(std::int64_t{1} << 24, std::int64_t{1} << 24, 8)}) {
    CHECK(EnqueueMatmul(recorder.context(), problem) == Status::kInvalidConfiguration);
  }
  for (const MatmulProblem& problem :
       {Problem(-1, 4, 4), Problem(4, -1, 4), Problem(4, 4, -1), Problem(-kHuge, -kHuge, 1)}) {
    CHECK(EnqueueMatmul(recorder.context(), problem) == Status::kInvalidValue);
  }
  MatmulProblem half = Problem(4, 4, 4);
  half.dtype = Dtype::kFloat16;
  CHECK(EnqueueMatmul(recorder.context(), half) == Status::kInvalidValue);
  CHECK(recorder.launches == 0);

  // What only the small tiles would take too many blocks for is left to the large ones.
  MatmulPlan plan;
  REQUIRE(PlanMatmul(Problem(std::int64_t{1} << 36, 100, 1), 1, &plan) == Status::kSuccess);
  CHECK(plan.variant->tile_m == 128);
}

TEST_CASE("nothing to do launches nothing; k of 0 still writes c") {
  Recorder recorder([](const LaunchConfig&, KernelId, void**) {});
  const OpContext context = recorder.context();
  CHECK(EnqueueAdd(context, Dtype::kInt8, nullptr, nullptr, nullptr, 0) == Status::kSuccess);
  CHECK(EnqueueFill(context, 4, 1, nullptr, 0) == Status::kSuccess);
  CHECK(EnqueueMatmul(context, Problem(0, 5, 5)) == Status::kSuccess);
  CHECK(EnqueueMatmul(context, Problem(5, 0, 5)) == Status::kSuccess);
  CHECK(recorder.launches == 0);
  CHECK(EnqueueMatmul(context, Problem(5, 5, 0)) == Status::kSuccess);
  CHECK(recorder.launches == 1);
}

TEST_CASE("bad sizes of add and fill are refused without a launch") {
  Recorder recorder([](const LaunchConfig&, KernelId, void**) {});
  const OpContext context = recorder.context();
  constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();
  CHECK(EnqueueAdd(context, Dtype::kFloat64, nullptr, nullptr, nullptr, kMax) ==
        Status::kInvalidConfiguration);
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
  CHECK(EnqueueAdd(context, Dtype::kInt8, nullptr, nullptr, nullptr, 1) == recorder.result);
  CHECK(EnqueueFill(context, 1, 0, nullptr, 1) == recorder.result);
  CHECK(EnqueueMatmul(context, Problem(1, 1, 1)) == recorder.result);
}

}  // namespace
}  // namespace nodecuda
