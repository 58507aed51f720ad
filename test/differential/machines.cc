#include "test/differential/machines.h"

#include <doctest/doctest.h>

#include "test/differential/host_kernels.h"
#include "test/native/ops/kernels/builtin_module.h"
#include "test/native/ops/kernels/launch_runtime.h"

namespace nodecuda {
namespace {

// One multiprocessor, so that sizes quick to simulate reach every variant of matmul.
DeviceProperties SmallDevice() {
  DeviceProperties properties;
  properties.multiprocessor_count = 1;
  return properties;
}

}  // namespace

std::vector<Bytes> RunOnSimulator(int capability, Module module, std::vector<Bytes> buffers,
                                  const Work& work) {
  test::SimulatedKernels& device = test::SimulatedKernels::Of(capability);
  std::vector<void*> pointers;
  for (const Bytes& buffer : buffers) {
    pointers.push_back(buffer.empty() ? nullptr : device.Upload(buffer));
  }
  OpContext context = device.Context(module);
  const DeviceProperties properties = SmallDevice();
  CHECK(work({context.runtime, context.kernels, properties, context.stream}, pointers) ==
        Status::kSuccess);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].empty()) continue;
    using Byte = Bytes::value_type;
    buffers[i] = device.Download(static_cast<const Byte*>(pointers[i]), buffers[i].size());
    device.Free(pointers[i]);
  }
  return buffers;
}

std::vector<Bytes> RunOnHost(std::vector<Bytes> buffers, const Work& work) {
  static LaunchRuntime runtime(
      [](const LaunchConfig& config, KernelId kernel, void** arguments) -> Status {
        const bool in_step = RunOnHost(kernel, config.grid, config.block.x, arguments);
        CHECK_MESSAGE(in_step, "the threads of a block disagree about barriers");
        return Status::kSuccess;
      });
  const DeviceProperties properties = SmallDevice();
  std::vector<void*> pointers;
  for (Bytes& buffer : buffers) pointers.push_back(buffer.data());
  CHECK(work({runtime, runtime.kernels(), properties, nullptr}, pointers) == Status::kSuccess);
  return buffers;
}

}  // namespace nodecuda
