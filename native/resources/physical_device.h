#ifndef NODECUDA_RESOURCES_PHYSICAL_DEVICE_H_
#define NODECUDA_RESOURCES_PHYSICAL_DEVICE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>

#include "resources/failure.h"
#include "resources/platform.h"
#include "resources/staging.h"
#include "runtime/runtime.h"

namespace nodecuda {

// One device of a platform: what all Device objects for it share. Any thread may call.
class PhysicalDevice {
 public:
  PhysicalDevice(std::shared_ptr<Platform> platform, int index);  // throws Failure
  ~PhysicalDevice();
  PhysicalDevice(const PhysicalDevice&) = delete;
  PhysicalDevice& operator=(const PhysicalDevice&) = delete;

  Runtime& runtime() { return platform_->runtime(); }
  int index() const { return index_; }
  const DeviceProperties& properties() const { return properties_; }
  MemPool pool() const { return pool_; }
  StagingPool& staging() { return staging_; }
  // For freeing memory that several streams, or a stream that is gone, have used.
  Stream housekeeping_stream() const { return housekeeping_stream_; }

  // The guarded call, everywhere: Enter() refuses a device that is lost or a process that is
  // exiting and makes the device current; Check() turns a status into a thrown Failure; `report`
  // has more about it, for people.
  void Enter();
  void Check(Status status, const char* operation, std::string_view report = {}) {
    if (status != Status::kSuccess) [[unlikely]] {
      Throw(status, operation, report);
    }
  }
  // For freeing: true, with the device current, if CUDA may be called at all.
  bool EnterQuietly() noexcept;
  // Keeps the first fatal status for ever, with the runtime's report of it. Others are ignored.
  void Latch(Status status, const char* operation) noexcept;
  // The fatal failure, if there was one.
  std::optional<Failure> Fault() const;

  // The built-in kernels, those of `module` ready to be launched here. Throws Failure.
  const BuiltinKernels& Kernels(Module module) {
    const unsigned ready = ready_modules_.load(std::memory_order_acquire);
    if ((ready >> static_cast<unsigned>(module) & 1) == 0) [[unlikely]] {
      MakeReady(module);
    }
    return platform_->kernels();
  }
  // The same, with the code of each kernel loaded, which its first launch would do. For threads
  // other than JavaScript's. Ends early if it is told to. Throws Failure.
  void Preload(Module module, const std::atomic<bool>& stop);

 private:
  void CreatePool();
  [[noreturn]] void Throw(Status status, const char* operation, std::string_view report);
  void MakeReady(Module module);

  std::shared_ptr<Platform> platform_;
  int index_;
  DeviceProperties properties_;
  MemPool pool_ = nullptr;
  Stream housekeeping_stream_ = nullptr;
  std::atomic<unsigned> ready_modules_{0};  // a bit each
  std::atomic<bool> lost_{false};
  StagingPool staging_{*this};
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_PHYSICAL_DEVICE_H_
