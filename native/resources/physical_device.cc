#include "resources/physical_device.h"

#include "ops/matmul/matmul.h"
#include "resources/shutdown.h"

namespace nodecuda {

PhysicalDevice::PhysicalDevice(std::shared_ptr<Platform> platform, int index)
    : platform_(std::move(platform)), index_(index) {
  lost_ = Fault().has_value();
  Enter();
  try {
    Check(runtime().GetDeviceProperties(&properties_, index_), "cudaGetDeviceProperties");
    Check(runtime().MemPoolCreate(&pool_, index_), "cudaMemPoolCreate");
    Check(runtime().StreamCreateWithPriority(&housekeeping_stream_, kStreamNonBlocking, 0),
          "cudaStreamCreateWithPriority");
  } catch (const Failure&) {
    if (pool_ != nullptr && EnterQuietly()) {
      runtime().MemPoolDestroy(pool_);
    }
    throw;
  }
}

PhysicalDevice::~PhysicalDevice() {
  if (!EnterQuietly()) {
    return;
  }
  staging_.Clear();
  runtime().StreamDestroy(housekeeping_stream_);
  runtime().MemPoolDestroy(pool_);
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

bool PhysicalDevice::EnterQuietly() noexcept {
  return !Exiting() && !lost_.load() && runtime().SetDevice(index_) == Status::kSuccess;
}

void PhysicalDevice::Throw(Status status, const char* operation) {
  Latch(status, operation);
  Failure failure(Failure::Kind::kCuda, operation);
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
  Failure failure(Failure::Kind::kCuda, operation, runtime().FaultReport(index_));
  failure.status = status;
  failure.device = index_;
  std::lock_guard lock(platform_->mutex_);
  auto& faults = platform_->faults_;
  if (faults.size() <= static_cast<std::size_t>(index_)) {
    faults.resize(index_ + 1);
  }
  if (!faults[index_]) {
    faults[index_] = std::move(failure);
  }
  lost_ = true;
}

std::optional<Failure> PhysicalDevice::Fault() const {
  std::lock_guard lock(platform_->mutex_);
  const auto& faults = platform_->faults_;
  return static_cast<std::size_t>(index_) < faults.size() ? faults[index_] : std::nullopt;
}

}  // namespace nodecuda
