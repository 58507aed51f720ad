// The softmax kernels on the simulated device, through their host side.
#include <algorithm>

#include "ops/softmax/softmax.h"
#include "test/native/ops/kernels/device_array.h"
#include "test/native/ops/reduce/testing.h"

namespace nodecuda::test {
namespace {

struct SoftmaxRun {
  bool log = false;
  bool in_place = false;
  std::int64_t out_offset = 0;
  int multiprocessors = 132;
  SoftmaxPlan* plan = nullptr;
};

template <typename T>
std::vector<T> Softmax(const std::vector<T>& x, const ReduceShape& shape, const SoftmaxRun& run) {
  SimulatedKernels& kernels = SimulatedKernels::Of(90);
  const auto count = static_cast<std::size_t>(shape.outer * shape.axis * shape.inner);
  const auto skipped = static_cast<std::size_t>(run.out_offset);
  std::vector<T> blank(skipped + count + kGuard);
  std::memset(static_cast<void*>(blank.data()), 0x55, blank.size() * sizeof(T));
  DeviceArray<T> on_device(kernels, x), out(kernels, blank);
  SoftmaxProblem problem{};
  problem.dtype = kDtypeOf<T>;
  problem.x = {on_device.get() + shape.offset, shape.outer_stride, shape.axis_stride,
               shape.inner_stride};
  problem.out = run.in_place ? on_device.get() + shape.offset : out.get() + run.out_offset;
  problem.outer = shape.outer;
  problem.axis = shape.axis;
  problem.inner = shape.inner;
  problem.log = run.log;
  const SoftmaxPlan plan = PlanSoftmax(problem, run.multiprocessors);
  if (run.plan != nullptr) *run.plan = plan;
  DeviceArray<std::byte> workspace(kernels, std::vector<std::byte>(plan.workspace_bytes + 1));
  REQUIRE(EnqueueSoftmax(kernels.Context(Module::reduce), problem, plan, workspace.get()) ==
          Status::kSuccess);
  kernels.Synchronize();
  std::vector<T> results = run.in_place ? on_device.Read() : out.Read();
  if (run.in_place) {
    results.erase(results.begin(), results.begin() + shape.offset);
  } else {
    REQUIRE(std::memcmp(results.data() + skipped + count, blank.data() + skipped + count,
                        kGuard * sizeof(T)) == 0);
    REQUIRE(std::memcmp(results.data(), blank.data(), skipped * sizeof(T)) == 0);
    results.erase(results.begin(), results.begin() + run.out_offset);
  }
  results.resize(count);
  return results;
}

// The difference x - max is rounded, which changes its exponential by as much as it is large, and
// so do the roundings of the sum and those of exp, log and the products.
template <typename T>
void CheckSoftmax(const std::vector<T>& x, const ReduceShape& shape, const std::vector<T>& y,
                  bool log) {
  const double wide = sizeof(T) == 8 ? 0x1p-53 : 0x1p-24;
  constexpr double kDepth = 160;
  const double least = sizeof(T) == 2 && kRounding<T> == 0x1p-11 ? 0x1p-25 : 0x1p-126;
  ForResults(shape, [&](std::size_t, std::int64_t o, std::int64_t i) {
    double largest = -HUGE_VAL;
    long double sum = 0;
    const auto at = [&](std::int64_t a) {
      return static_cast<double>(x[static_cast<std::size_t>(shape.At(o, a, i))]);
    };
    for (std::int64_t a = 0; a < shape.axis; ++a) largest = std::max(largest, at(a));
    for (std::int64_t a = 0; a < shape.axis; ++a) {
      sum += std::exp(static_cast<long double>(at(a)) - largest);
    }
    for (std::int64_t a = 0; a < shape.axis; ++a) {
      const long double shifted = static_cast<long double>(at(a)) - largest;
      const double result = y[static_cast<std::size_t>((o * shape.axis + a) * shape.inner + i)];
      const long double distance = kDepth + std::abs(shifted);
      if (log) {
        const long double exact = shifted - std::log(sum);
        REQUIRE(std::abs(result - exact) <=
                distance * wide + 2 * kRounding<T> * std::abs(exact) + least);
      } else {
        const long double exact = std::exp(shifted) / sum;
        REQUIRE(std::abs(result - exact) <= (distance * wide + 2 * kRounding<T>)*exact + least);
      }
    }
  });
}

template <typename T>
std::vector<T> RandomScores(std::size_t count, double spread) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> distribution(-spread, spread);
  std::vector<T> values(count);
  for (T& value : values) value = T(distribution(random));
  return values;
}

}  // namespace

TEST_CASE_TEMPLATE("softmax: all shapes, and its logarithm", T, float, double, HostHalf,
                   HostBfloat) {
  std::vector<ReduceShape> shapes = AllShapes();
  // Around what registers hold, in vectors and in elements.
  for (const std::int64_t axis : {2048, 4096, 8192, 16384, 16400, 32768, 32776}) {
    shapes.push_back(ReduceShape::Contiguous(2, axis, 1));
  }
  for (const std::int64_t axis : {255, 257, 1023, 2049, 8193}) {
    shapes.push_back(ReduceShape::Contiguous(3, axis, 1, 1));
  }
  for (const ReduceShape& shape : shapes) {
    CAPTURE(shape);
    const auto x = RandomScores<T>(LengthFor(shape), 9);
    CheckSoftmax(x, shape, Softmax(x, shape, {}), false);
    CheckSoftmax(x, shape, Softmax(x, shape, {.log = true, .out_offset = 1}), true);
  }
}

TEST_CASE("softmax: scores that are far apart or large do not overflow, in any order") {
  for (const ReduceShape& shape :
       {ReduceShape::Contiguous(2, 1000, 1), ReduceShape::Contiguous(1, 50000, 1),
        ReduceShape::Contiguous(2, 300, 5)}) {
    CAPTURE(shape);
    auto x = RandomScores<float>(LengthFor(shape), 1000);
    CheckSoftmax(x, shape, Softmax(x, shape, {}), false);
    std::sort(x.begin(), x.end());
    CheckSoftmax(x, shape, Softmax(x, shape, {.log = true}), true);
    for (float& value : x) value = 3e38f;
    CheckSoftmax(x, shape, Softmax(x, shape, {}), false);
  }
}

TEST_CASE("softmax: each way of computing it") {
  SoftmaxPlan plan;
  const auto run = [&](const ReduceShape& shape, int multiprocessors) {
    const auto x = RandomScores<float>(LengthFor(shape), 5);
    CheckSoftmax(x, shape, Softmax(x, shape, {.multiprocessors = multiprocessors, .plan = &plan}),
                 false);
  };
  run(ReduceShape::Contiguous(2, 16384, 1), 132);  // held in registers
  CHECK(plan.kernel == KernelId::softmax_rows_float32);
  CHECK(plan.threads == 1024);
  run(ReduceShape::Contiguous(2, 16388, 1), 2);  // read twice
  CHECK(plan.kernel == KernelId::softmax_long_rows_float32);
  CHECK(plan.grid.splits == 1);
  run(ReduceShape::Contiguous(2, 33000, 1), 132);  // shared by several blocks
  CHECK(plan.kernel == KernelId::softmax_long_rows_float32);
  CHECK(plan.grid.splits > 1);
  run(ReduceShape::Contiguous(1, 300, 700), 1);
  CHECK(plan.kernel == KernelId::softmax_columns_float32);
  CHECK(plan.grid.splits == 1);
  run(ReduceShape::Contiguous(1, 3000, 70), 132);
  CHECK(plan.kernel == KernelId::softmax_columns_float32);
  CHECK(plan.grid.splits > 1);
}

TEST_CASE_TEMPLATE("softmax: in place", T, float, double, HostHalf, HostBfloat) {
  for (const ReduceShape& shape :
       {ReduceShape::Contiguous(5, 100, 1), ReduceShape::Contiguous(3, 101, 1, 1),
        ReduceShape::Contiguous(1, 70000, 1, 3), ReduceShape::Contiguous(2, 60, 6, 1),
        ReduceShape::Contiguous(1, 4000, 3)}) {
    CAPTURE(shape);
    const auto x = RandomScores<T>(LengthFor(shape), 4);
    CheckSoftmax(x, shape, Softmax(x, shape, {.in_place = true}), false);
  }
}

TEST_CASE_TEMPLATE("softmax: infinities and NaN", T, float, double, HostHalf, HostBfloat) {
  const double infinity = HUGE_VAL, nan = std::nan("");
  // Along and across the axis; held in registers, read twice, split.
  for (const ReduceShape& shape :
       {ReduceShape::Contiguous(2, 4, 1), ReduceShape::Contiguous(2, 600, 1, 1),
        ReduceShape::Contiguous(1, 70000, 1), ReduceShape::Contiguous(1, 40, 3),
        ReduceShape::Contiguous(1, 2000, 3)}) {
    CAPTURE(shape);
    const auto count = LengthFor(shape);
    const auto all_nan = [&](const std::vector<T>& x) {
      for (const bool log : {false, true}) {
        const auto y = Softmax(x, shape, {.log = log});
        for (std::size_t i = 0; i < y.size(); ++i) {
          REQUIRE(std::isnan(static_cast<double>(y[i])));
        }
      }
    };
    all_nan(std::vector<T>(count, T(-infinity)));
    all_nan(std::vector<T>(count, T(infinity)));
    all_nan(std::vector<T>(count, T(nan)));
    // One such element in each row or column.
    for (const double special : {infinity, nan}) {
      std::vector<T> x(count, T(1));
      ForResults(shape, [&](std::size_t, std::int64_t o, std::int64_t i) {
        x[static_cast<std::size_t>(shape.At(o, shape.axis - 1, i))] = T(special);
      });
      all_nan(x);
    }
    // A single finite one gets everything.
    std::vector<T> x(count, T(-infinity));
    ForResults(shape, [&](std::size_t, std::int64_t o, std::int64_t i) {
      x[static_cast<std::size_t>(shape.At(o, shape.axis / 2, i))] = T(-7);
    });
    const auto y = Softmax(x, shape, {});
    const auto log_y = Softmax(x, shape, {.log = true});
    ForResults(shape, [&](std::size_t, std::int64_t o, std::int64_t i) {
      for (std::int64_t a = 0; a < shape.axis; ++a) {
        const auto at = static_cast<std::size_t>((o * shape.axis + a) * shape.inner + i);
        REQUIRE(static_cast<double>(y[at]) == (a == shape.axis / 2 ? 1 : 0));
        REQUIRE(static_cast<double>(log_y[at]) == (a == shape.axis / 2 ? 0 : -infinity));
      }
    });
  }
}

}  // namespace nodecuda::test
