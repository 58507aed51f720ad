// The host side of the elementwise kernels: which kernel, which grid, which arguments.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "ops/elementwise/elementwise.h"
#include "test/native/ops/elementwise/problems.h"
#include "test/native/ops/kernels/launch_recorder.h"

namespace nodecuda {
namespace {

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

}  // namespace
}  // namespace nodecuda
