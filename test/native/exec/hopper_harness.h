#ifndef NODECUDA_TEST_NATIVE_EXEC_HOPPER_HARNESS_H_
#define NODECUDA_TEST_NATIVE_EXEC_HOPPER_HARNESS_H_

#include <string>
#include <utility>
#include <vector>

#include "simulator/exec/memory/tensor_map.h"
#include "test/native/exec/engine_harness.h"

// What the tests of sm_90a share: kernels with a tensor map among their parameters, and clusters.
namespace nodecuda::simulator {

struct HopperHarness : EngineHarness {
  // A module with one kernel `k`: a tensor map, then three u64 parameters a, b, c.
  static std::string Kernel(const std::string& body, const std::string& module_variables = "",
                            const std::string& directives = "") {
    return ".version 9.0\n.target sm_90a\n.address_size 64\n" + module_variables +
           "\n.visible .entry k(.param .align 64 .b8 map[128], .param .u64 a, .param .u64 b, "
           ".param .u64 c)\n" +
           directives +
           "{\n.reg .pred %p<10>;\n.reg .b16 %h<10>;\n.reg .b32 %r<30>;\n.reg .b64 %d<20>;\n" +
           body + "\n}\n";
  }

  struct Shape {
    Dim3 grid = {}, block{128}, cluster = {};
    std::size_t dynamic_shared_bytes = 0;
    int workers = 1;
  };

  Outcome Run(const Shape& shape, const TensorMap& map, std::vector<std::uint64_t> arguments) {
    Launch launch;
    launch.program = program;
    launch.kernel = FindKernel(*program, "k");
    REQUIRE(launch.kernel != nullptr);
    launch.grid = shape.grid;
    launch.block = shape.block;
    launch.cluster = shape.cluster;
    launch.explicit_cluster = shape.cluster.x * shape.cluster.y * shape.cluster.z > 1;
    launch.dynamic_shared_bytes = shape.dynamic_shared_bytes;
    arguments.resize(3);
    launch.parameters.resize(launch.kernel->parameter_bytes);
    REQUIRE(launch.parameters.size() == sizeof map + 3 * sizeof arguments[0]);
    std::memcpy(launch.parameters.data(), &map, sizeof map);
    std::memcpy(launch.parameters.data() + sizeof map, arguments.data(), 3 * sizeof arguments[0]);
    return MakeEngine(shape.workers)->Run(launch, memory, stop);
  }

  void RunOk(const Shape& shape, const TensorMap& map, std::vector<std::uint64_t> arguments) {
    const Outcome outcome = Run(shape, map, std::move(arguments));
    INFO(outcome.report);
    REQUIRE(outcome.status == Status::kSuccess);
  }
  void RunOk(const Shape& shape, std::vector<std::uint64_t> arguments) {
    RunOk(shape, TensorMap{}, std::move(arguments));
  }

  // The launch must fault with `status`, and its report must contain `words`.
  void RunFaults(const Shape& shape, const TensorMap& map, std::vector<std::uint64_t> arguments,
                 Status status, const std::string& words) {
    const Outcome outcome = Run(shape, map, std::move(arguments));
    INFO(outcome.report);
    CHECK(outcome.status == status);
    CHECK(outcome.report.find(words) != std::string::npos);
  }
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_TEST_NATIVE_EXEC_HOPPER_HARNESS_H_
