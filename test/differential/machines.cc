#include "machines.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>

#include "../native/launch_runtime.h"
#include "host_kernels.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda {
namespace {

// One multiprocessor, so that sizes quick to simulate reach every variant of matmul.
DeviceProperties SmallDevice() {
  DeviceProperties properties;
  properties.multiprocessor_count = 1;
  return properties;
}

class Simulator {
 public:
  explicit Simulator(int capability) {
    simulator::SimulatedOptions options;
    options.memory_bytes = std::size_t{1} << 30;
    options.major = capability / 10;
    options.minor = capability % 10;
    runtime_ = simulator::MakeSimulatedRuntime(options);
    std::string log;
    REQUIRE(runtime_->SetDevice(0) == Status::kSuccess);
    const Status loaded = runtime_->LibraryLoadData(&library_, BuiltinImage(), &log);
    REQUIRE_MESSAGE(loaded == Status::kSuccess, log);
    for (std::size_t i = 0; i < kKernelCount; ++i) {
      CAPTURE(kKernelNames[i]);
      REQUIRE(runtime_->LibraryGetKernel(&kernels_[i], library_, kKernelNames[i]) ==
              Status::kSuccess);
    }
    REQUIRE(runtime_->MemPoolCreate(&pool_, 0) == Status::kSuccess);
    REQUIRE(runtime_->StreamCreateWithPriority(&stream_, kStreamNonBlocking, 0) ==
            Status::kSuccess);
  }

  void Run(std::vector<Bytes>& buffers, const Work& work) {
    REQUIRE(runtime_->SetDevice(0) == Status::kSuccess);
    std::vector<void*> pointers;
    for (const Bytes& buffer : buffers) {
      void*& pointer = pointers.emplace_back(nullptr);
      if (buffer.empty()) continue;
      REQUIRE(runtime_->MallocFromPoolAsync(&pointer, buffer.size(), pool_, stream_) ==
              Status::kSuccess);
      REQUIRE(runtime_->MemcpyAsync(pointer, buffer.data(), buffer.size(),
                                    MemcpyKind::kHostToDevice, stream_) == Status::kSuccess);
    }
    CHECK(work({*runtime_, kernels_, properties_, stream_}, pointers) == Status::kSuccess);
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      if (buffers[i].empty()) continue;
      CHECK(runtime_->MemcpyAsync(buffers[i].data(), pointers[i], buffers[i].size(),
                                  MemcpyKind::kDeviceToHost, stream_) == Status::kSuccess);
      CHECK(runtime_->FreeAsync(pointers[i], stream_) == Status::kSuccess);
    }
    const Status done = runtime_->StreamSynchronize(stream_);
    REQUIRE_MESSAGE(done == Status::kSuccess, runtime_->FaultReport(0));
  }

 private:
  std::unique_ptr<Runtime> runtime_;
  Library library_ = nullptr;
  MemPool pool_ = nullptr;
  Stream stream_ = nullptr;
  BuiltinKernels kernels_{};
  DeviceProperties properties_ = SmallDevice();
};

}  // namespace

std::vector<Bytes> RunOnSimulator(int capability, std::vector<Bytes> buffers, const Work& work) {
  static std::map<int, std::unique_ptr<Simulator>> simulators;
  std::unique_ptr<Simulator>& simulator = simulators[capability];
  if (!simulator) simulator = std::make_unique<Simulator>(capability);
  simulator->Run(buffers, work);
  return buffers;
}

std::vector<Bytes> RunOnHost(std::vector<Bytes> buffers, const Work& work) {
  static LaunchRuntime runtime(
      [](const LaunchConfig& config, KernelId kernel, void** arguments) -> Status {
        const bool in_step = RunOnHost(kernel, config.grid.x, config.block.x, arguments);
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
