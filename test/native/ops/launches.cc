// What the host sides of all families do alike.
#include <doctest/doctest.h>

#include <cstddef>
#include <limits>

#include "ops/elementwise/elementwise.h"
#include "ops/fill/fill.h"
#include "ops/matmul/matmul.h"
#include "test/native/ops/elementwise/problems.h"
#include "test/native/ops/kernels/launch_recorder.h"
#include "test/native/ops/matmul/problems.h"

namespace nodecuda {
namespace {

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
