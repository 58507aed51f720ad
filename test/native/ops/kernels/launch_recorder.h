#ifndef NODECUDA_TEST_NATIVE_OPS_KERNELS_LAUNCH_RECORDER_H_
#define NODECUDA_TEST_NATIVE_OPS_KERNELS_LAUNCH_RECORDER_H_

#include <cstdint>
#include <functional>

#include "test/native/ops/kernels/launch_runtime.h"

namespace nodecuda {

inline void* Pointer(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

template <typename T>
T Argument(void** arguments, int index) {
  return *static_cast<T*>(arguments[index]);
}

// Counts launches and shows each to `look`.
struct Recorder {
  using Look = std::function<void(const LaunchConfig&, KernelId, void**)>;
  explicit Recorder(Look look)
      : runtime([this, look](const LaunchConfig& config, KernelId kernel, void** arguments) {
          ++launches;
          look(config, kernel, arguments);
          return result;
        }) {
    properties.multiprocessor_count = 132;
  }
  OpContext context() {
    return {runtime, runtime.kernels(), properties, reinterpret_cast<Stream>(0x5)};
  }
  LaunchRuntime runtime;
  DeviceProperties properties;
  Status result = Status::kSuccess;
  int launches = 0;
};

}  // namespace nodecuda

#endif  // NODECUDA_TEST_NATIVE_OPS_KERNELS_LAUNCH_RECORDER_H_
