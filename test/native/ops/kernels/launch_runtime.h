#ifndef NODECUDA_TEST_NATIVE_OPS_KERNELS_LAUNCH_RUNTIME_H_
#define NODECUDA_TEST_NATIVE_OPS_KERNELS_LAUNCH_RUNTIME_H_

#include <functional>
#include <utility>

#include "ops/kernels/builtin_kernels.h"

namespace nodecuda {

// A Runtime that can launch kernels and nothing else: a launch is a call of the function given.
class LaunchRuntime : public Runtime {
 public:
  using Launch = std::function<Status(const LaunchConfig&, KernelId, void** arguments)>;
  explicit LaunchRuntime(Launch launch) : launch_(std::move(launch)) {
    for (std::size_t i = 0; i < kKernelCount; ++i) {
      kernels_[i] = reinterpret_cast<Kernel>(i + 1);
    }
  }
  const BuiltinKernels& kernels() const { return kernels_; }

  Status LaunchKernelExC(const LaunchConfig& config, Kernel kernel, void** arguments) override {
    return launch_(config, static_cast<KernelId>(reinterpret_cast<std::uintptr_t>(kernel) - 1),
                   arguments);
  }

  Status DriverGetVersion(int*) override { return kNone; }
  Status RuntimeGetVersion(int*) override { return kNone; }
  Status GetDeviceCount(int*) override { return kNone; }
  Status GetDeviceProperties(DeviceProperties*, int) override { return kNone; }
  Status SetDevice(int) override { return kNone; }
  Status DeviceSynchronize() override { return kNone; }
  Status DeviceGetStreamPriorityRange(int*, int*) override { return kNone; }
  Status GetLastError() override { return kNone; }
  Status MemGetInfo(std::size_t*, std::size_t*) override { return kNone; }
  Status MemPoolCreate(MemPool*, int) override { return kNone; }
  Status MemPoolDestroy(MemPool) override { return kNone; }
  Status MemPoolTrimTo(MemPool, std::size_t) override { return kNone; }
  Status MallocFromPoolAsync(void**, std::size_t, MemPool, Stream) override { return kNone; }
  Status FreeAsync(void*, Stream) override { return kNone; }
  Status HostAlloc(void**, std::size_t, unsigned) override { return kNone; }
  Status FreeHost(void*) override { return kNone; }
  Status MemcpyAsync(void*, const void*, std::size_t, MemcpyKind, Stream) override { return kNone; }
  Status MemsetAsync(void*, int, std::size_t, Stream) override { return kNone; }
  Status StreamCreateWithPriority(Stream*, unsigned, int) override { return kNone; }
  Status StreamDestroy(Stream) override { return kNone; }
  Status StreamQuery(Stream) override { return kNone; }
  Status StreamSynchronize(Stream) override { return kNone; }
  Status StreamWaitEvent(Stream, Event, unsigned) override { return kNone; }
  Status EventCreateWithFlags(Event*, unsigned) override { return kNone; }
  Status EventDestroy(Event) override { return kNone; }
  Status EventRecord(Event, Stream) override { return kNone; }
  Status EventQuery(Event) override { return kNone; }
  Status EventSynchronize(Event) override { return kNone; }
  Status EventElapsedTime(float*, Event, Event) override { return kNone; }
  Status LibraryLoadData(Library*, const ModuleImage&, std::string*) override { return kNone; }
  Status LibraryUnload(Library) override { return kNone; }
  Status LibraryGetKernel(Kernel*, Library, const char*, std::string*) override { return kNone; }
  Status LibraryGetGlobal(void**, std::size_t*, Library, const char*) override { return kNone; }
  Status KernelSetAttributeForDevice(Kernel, KernelAttribute, int, int) override { return kNone; }
  Status FuncGetAttributes(FunctionAttributes*, Kernel) override { return kNone; }
  Status OccupancyMaxActiveBlocksPerMultiprocessor(int*, Kernel, int, std::size_t) override {
    return kNone;
  }
  Status Malloc3DArray(DeviceArray*, const ChannelFormat&, const ArrayShape&) override {
    return kNone;
  }
  Status FreeArray(DeviceArray) override { return kNone; }
  Status Memcpy3DAsync(const ArrayCopy&, Stream) override { return kNone; }
  Status CreateTextureObject(TextureObject*, const TextureResource&,
                             const TextureSampling&) override {
    return kNone;
  }
  Status DestroyTextureObject(TextureObject) override { return kNone; }
  Status CreateSurfaceObject(SurfaceObject*, DeviceArray) override { return kNone; }
  Status DestroySurfaceObject(SurfaceObject) override { return kNone; }
  Status TensorMapEncodeTiled(TensorMap*, const TensorMapTiled&) override { return kNone; }
  std::string FaultReport(int) override { return {}; }

 private:
  static constexpr Status kNone = Status::kNotSupported;
  Launch launch_;
  BuiltinKernels kernels_{};
};

}  // namespace nodecuda

#endif  // NODECUDA_TEST_NATIVE_OPS_KERNELS_LAUNCH_RUNTIME_H_
