#include "resources/platform.h"

#include "resources/physical_device.h"
#include "resources/shutdown.h"

namespace nodecuda {

Platform::~Platform() {
  for (const LoadedModule& module : modules_) {
    if (module.library != nullptr && !Exiting()) {
      Quietly([&] { return runtime_->LibraryUnload(module.library); });
    }
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
    if (static_cast<std::size_t>(index) >= faults_.size()) {
      faults_.resize(index + 1);  // so that latching needs no memory
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

void Platform::LatchFault(int index, Status status, const char* operation) noexcept {
  Failure failure(Failure::Kind::kCuda, "CUDA");
  try {
    failure = Failure(Failure::Kind::kCuda, operation, runtime_->FaultReport(index));
  } catch (...) {
    // There was no memory for the words.
  }
  failure.status = status;
  failure.device = index;
  std::lock_guard lock(mutex_);
  if (!faults_[index]) {
    faults_[index] = std::move(failure);
  }
}

std::optional<Failure> Platform::FaultOf(int index) const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(index) < faults_.size() ? faults_[index] : std::nullopt;
}

const BuiltinKernels& Platform::LoadModule(PhysicalDevice& device, Module module) {
  auto& [mutex, library, loaded] = modules_[static_cast<std::size_t>(module)];
  std::lock_guard lock(mutex);
  if (loaded) {
    return kernels_;
  }
  if (library == nullptr) {
    std::string log;
    Status status = runtime_->LibraryLoadData(&library, BuiltinImage(module), &log);
    if (status != Status::kSuccess) {
      library = nullptr;
    }
    device.Check(status, "cudaLibraryLoadData", log);
  }
  for (std::size_t i = 0; i < kKernelCount; ++i) {
    if (kKernelModules[i] == module) {
      std::string log;
      device.Check(runtime_->LibraryGetKernel(&kernels_[i], library, kKernelNames[i], &log),
                   "cudaLibraryGetKernel", kKernelNames[i]);
    }
  }
  loaded = true;
  return kernels_;
}

}  // namespace nodecuda
