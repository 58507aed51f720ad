#ifndef NODECUDA_RESOURCES_PLATFORM_H_
#define NODECUDA_RESOURCES_PLATFORM_H_

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "ops/kernels/builtin_kernels.h"
#include "resources/failure.h"
#include "runtime/runtime.h"

namespace nodecuda {

class PhysicalDevice;

// A runtime, the built-in kernels loaded into it, and its devices. Shared by all JavaScript
// environments of the process; every member may be called from any thread.
class Platform : public std::enable_shared_from_this<Platform> {
 public:
  explicit Platform(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  Runtime& runtime() { return *runtime_; }
  const std::shared_ptr<Runtime>& shared_runtime() const { return runtime_; }

  // The device with that index; the same object as long as somebody holds it, and for ever once it
  // had a fatal fault. Throws Failure (kCuda) if there is no such device.
  std::shared_ptr<PhysicalDevice> OpenDevice(int index);

  // The built-in kernels, of which those of `module` are loaded now if they were not; `device` is
  // current. Throws Failure.
  const BuiltinKernels& LoadModule(PhysicalDevice& device, Module module);
  // The same, for who has loaded the module.
  const BuiltinKernels& kernels() const { return kernels_; }

  // The first fatal failure of an opened device, kept with the runtime's report of it.
  void LatchFault(int index, Status status, const char* operation) noexcept;
  std::optional<Failure> FaultOf(int index) const;

 private:
  std::shared_ptr<Runtime> runtime_;
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<PhysicalDevice>> devices_;
  // The latch of each device outlives its PhysicalDevice: a dead device must not look alive to
  // those who open it again.
  std::vector<std::optional<Failure>> faults_;
  struct LoadedModule {
    std::mutex mutex;  // not the platform's: loading takes long
    Library library = nullptr;
    bool loaded = false;
  };
  std::array<LoadedModule, kModuleCount> modules_;
  BuiltinKernels kernels_{};  // those of a loaded module do not change any more
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_PLATFORM_H_
