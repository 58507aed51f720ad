#include "resources/physical_device.h"

#include "ops/matmul/matmul.h"
#include "resources/shutdown.h"

namespace nodecuda {

PhysicalDevice::PhysicalDevice(std::shared_ptr<Platform> platform, int index)
    : platform_(std::move(platform)), index_(index) {
  lost_ = platform_->FaultOf(index_).has_value();
  Enter();
  try {
    Check(runtime().GetDeviceProperties(&properties_, index_), "cudaGetDeviceProperties");
    CreatePool();
    Check(runtime().StreamCreateWithPriority(&housekeeping_stream_, kStreamNonBlocking, 0),
          "cudaStreamCreateWithPriority");
  } catch (...) {
    if (pool_ != nullptr && EnterQuietly()) {
      Quietly([&] { return runtime().MemPoolDestroy(pool_); });
    }
    throw;
  }
}

void PhysicalDevice::CreatePool() {
  const Status status = properties_.memory_pools_supported ? runtime().MemPoolCreate(&pool_, index_)
                                                           : Status::kNotSupported;
  if (status == Status::kNotSupported) {
    Failure failure(Failure::Kind::kUnsupported,
                    "device " + std::to_string(index_) + ", " + properties_.name +
                        ", has no memory pools, which nodecuda allocates from. Virtual GPUs may "
                        "lack them: ask for a profile that has unified memory enabled, or for the "
                        "whole GPU");
    failure.status = status;
    failure.device = index_;
    throw failure;
  }
  Check(status, "cudaMemPoolCreate");
}

PhysicalDevice::~PhysicalDevice() {
  if (!EnterQuietly()) {
    return;
  }
  staging_.Clear();
  Quietly([&] { return runtime().StreamDestroy(housekeeping_stream_); });
  Quietly([&] { return runtime().MemPoolDestroy(pool_); });
}

void PhysicalDevice::Enter() {
  if (Exiting()) [[unlikely]] {
    throw Failure(Failure::Kind::kShutdown, "the process is exiting");
  }
  if (lost_.load(std::memory_order_relaxed)) [[unlikely]] {
    Failure failure = *Fault();
    failure.kind = Failure::Kind::kLost;
    throw failure;
  }
  Check(runtime().SetDevice(index_), "cudaSetDevice");
}

void PhysicalDevice::MakeReady(Module module) {
  const BuiltinKernels& kernels = platform_->LoadModule(*this, module);
  Check(AllowDynamicShared(runtime(), kernels, module, properties_, index_),
        "cudaKernelSetAttributeForDevice");
  ready_modules_.fetch_or(1u << static_cast<unsigned>(module), std::memory_order_release);
}

void PhysicalDevice::Preload(Module module, const std::atomic<bool>& stop) {
  for (std::size_t i = 0; i < kKernelCount && !stop; ++i) {
    if (kKernelModules[i] != module) continue;
    // One at a time, so that a process which wants to exit is not kept from it for long.
    const BackgroundCalls calls;
    Enter();
    FunctionAttributes attributes;
    Check(runtime().FuncGetAttributes(&attributes, Kernels(module)[i]), "cudaFuncGetAttributes");
  }
}

bool PhysicalDevice::EnterQuietly() noexcept {
  return !Exiting() && !lost_.load() &&
         Quietly([&] { return runtime().SetDevice(index_); }) == Status::kSuccess;
}

void PhysicalDevice::Throw(Status status, const char* operation, std::string_view report) {
  Latch(status, operation);
  Failure failure(Failure::Kind::kCuda, operation, std::string(report));
  failure.status = status;
  failure.device = index_;
  if (IsFatal(status)) {
    failure.report = Fault()->report;
  }
  throw failure;
}

void PhysicalDevice::Latch(Status status, const char* operation) noexcept {
  if (!IsFatal(status)) {
    return;
  }
  platform_->LatchFault(index_, status, operation);
  lost_ = true;
}

std::optional<Failure> PhysicalDevice::Fault() const {
  return platform_->FaultOf(index_);
}

}  // namespace nodecuda
