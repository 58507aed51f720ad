#include "resources/platform.h"

#include "resources/physical_device.h"
#include "resources/shutdown.h"

namespace nodecuda {

Platform::~Platform() {
  if (library_ != nullptr && !Exiting()) {
    runtime_->LibraryUnload(library_);
  }
}

std::shared_ptr<PhysicalDevice> Platform::OpenDevice(int index) {
  {
    std::lock_guard lock(mutex_);
    if (static_cast<std::size_t>(index) < devices_.size()) {
      if (auto device = devices_[index].lock()) {
        return device;
      }
    }
  }
  // Made without the lock: opening can take long and may latch a fault, which locks. Of two that
  // are made at once, the first to be entered is kept.
  auto made = std::make_shared<PhysicalDevice>(shared_from_this(), index);
  std::shared_ptr<PhysicalDevice> kept;
  {
    std::lock_guard lock(mutex_);
    if (static_cast<std::size_t>(index) >= devices_.size()) {
      devices_.resize(index + 1);
    }
    kept = devices_[index].lock();
    if (kept == nullptr) {
      devices_[index] = made;
      kept = made;
    }
  }
  return kept;
}

const BuiltinKernels& Platform::Kernels(PhysicalDevice& device) {
  std::lock_guard lock(mutex_);
  if (kernels_) {
    return *kernels_;
  }
  std::string log;
  if (library_ == nullptr) {
    Status status = runtime_->LibraryLoadData(&library_, BuiltinImage(), &log);
    if (status != Status::kSuccess) {
      library_ = nullptr;
      Failure failure(Failure::Kind::kCuda, "cudaLibraryLoadData", log);
      failure.status = status;
      failure.device = device.index();
      throw failure;
    }
  }
  BuiltinKernels kernels{};
  for (std::size_t i = 0; i < kKernelCount; ++i) {
    Status status = runtime_->LibraryGetKernel(&kernels[i], library_, kKernelNames[i]);
    if (status != Status::kSuccess) {
      Failure failure(Failure::Kind::kCuda, "cudaLibraryGetKernel", kKernelNames[i]);
      failure.status = status;
      failure.device = device.index();
      throw failure;
    }
  }
  kernels_ = kernels;
  return *kernels_;
}

}  // namespace nodecuda
