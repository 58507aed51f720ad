#ifndef NODECUDA_TEST_NATIVE_OPS_KERNELS_BUILTIN_MODULE_H_
#define NODECUDA_TEST_NATIVE_OPS_KERNELS_BUILTIN_MODULE_H_

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ops/kernels/builtin_kernels.h"
#include "ops/kernels/launch.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda::test {

// The built-in kernels on a simulated device of one compute capability (90 for 9.0), for tests that
// launch them by name or through native/ops. What goes wrong fails the test that is running.
class SimulatedKernels {
 public:
  explicit SimulatedKernels(int capability, int workers = 1, bool late_copies = false) {
    simulator::SimulatedOptions options;
    options.memory_bytes = std::size_t{1} << 30;
    options.major = capability / 10;
    options.minor = capability % 10;
    options.workers = workers;
    options.late_copies = late_copies;
    runtime_ = simulator::MakeSimulatedRuntime(options);
    Must(runtime_->SetDevice(0));
    Must(runtime_->GetDeviceProperties(&properties_, 0));
    Must(runtime_->MemPoolCreate(&pool_, 0));
    Must(runtime_->StreamCreateWithPriority(&stream_, kStreamNonBlocking, 0));
  }

  // What the operations of native/ops take, with `module` loaded.
  OpContext Context(Module module) {
    Load(module);
    return {*runtime_, kernels_, properties_, stream_};
  }
  // Loads the kernel's module, enqueues and waits.
  template <typename... Arguments>
  void Launch(KernelId kernel, Dim3 grid, Dim3 block, std::size_t dynamic_shared_bytes,
              Arguments... values) {
    Must(runtime_->SetDevice(0));
    Load(kKernelModules[static_cast<std::size_t>(kernel)]);
    INFO(kKernelNames[static_cast<std::size_t>(kernel)]);
    void* arguments[] = {&values...};
    Must(runtime_->LaunchKernelExC({.grid = grid,
                                    .block = block,
                                    .dynamic_shared_bytes = dynamic_shared_bytes,
                                    .stream = stream_},
                                   kernels_[static_cast<std::size_t>(kernel)], arguments));
    Synchronize();
  }
  void Synchronize() {
    const Status done = runtime_->StreamSynchronize(stream_);
    REQUIRE_MESSAGE(done == Status::kSuccess, runtime_->FaultReport(0));
  }

  // Device memory with a copy of `values`; freed with Free.
  template <typename T>
  T* Upload(std::span<const T> values) {
    T* pointer = Allocate<T>(values.size());
    Must(runtime_->MemcpyAsync(pointer, values.data(), values.size_bytes(),
                               MemcpyKind::kHostToDevice, stream_));
    return pointer;
  }
  template <typename T>
  T* Upload(const std::vector<T>& values) {
    return Upload(std::span<const T>(values));
  }
  template <typename T>
  T* Allocate(std::size_t count) {
    Must(runtime_->SetDevice(0));
    void* pointer = nullptr;
    Must(runtime_->MallocFromPoolAsync(&pointer, count * sizeof(T), pool_, stream_));
    return static_cast<T*>(pointer);
  }
  template <typename T>
  std::vector<T> Download(const T* pointer, std::size_t count) {
    std::vector<T> values(count);
    Must(runtime_->MemcpyAsync(values.data(), pointer, count * sizeof(T), MemcpyKind::kDeviceToHost,
                               stream_));
    Synchronize();
    return values;
  }
  void Free(void* pointer) { Must(runtime_->FreeAsync(pointer, stream_)); }

  Runtime& runtime() { return *runtime_; }
  DeviceProperties& properties() { return properties_; }  // tests may pretend another size

  // One for each capability and time of copies (SimulatedOptions), made at its first use, for the
  // whole run.
  static SimulatedKernels& Of(int capability, bool late_copies = false);

 private:
  void Must(Status status) { REQUIRE_MESSAGE(status == Status::kSuccess, StatusName(status)); }
  void Load(Module module) {
    Library& library = libraries_[static_cast<std::size_t>(module)];
    if (library != nullptr) return;
    std::string log;
    const Status loaded = runtime_->LibraryLoadData(&library, BuiltinImage(module), &log);
    REQUIRE_MESSAGE(loaded == Status::kSuccess, log);
    for (std::size_t i = 0; i < kKernelCount; ++i) {
      if (kKernelModules[i] != module) continue;
      INFO(kKernelNames[i]);
      std::string log;
      Must(runtime_->LibraryGetKernel(&kernels_[i], library, kKernelNames[i], &log));
    }
  }

  std::unique_ptr<Runtime> runtime_;
  DeviceProperties properties_;
  std::array<Library, kModuleCount> libraries_{};
  BuiltinKernels kernels_{};
  MemPool pool_ = nullptr;
  Stream stream_ = nullptr;
};

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_KERNELS_BUILTIN_MODULE_H_
