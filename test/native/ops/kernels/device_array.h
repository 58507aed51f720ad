#ifndef NODECUDA_TEST_NATIVE_OPS_KERNELS_DEVICE_ARRAY_H_
#define NODECUDA_TEST_NATIVE_OPS_KERNELS_DEVICE_ARRAY_H_

#include <cstddef>
#include <vector>

#include "test/native/ops/kernels/builtin_module.h"

namespace nodecuda::test {

// Device memory that is freed with it.
template <typename T>
class DeviceArray {
 public:
  DeviceArray(SimulatedKernels& kernels, const std::vector<T>& values)
      : kernels_(kernels), pointer_(kernels.Upload(values)), count_(values.size()) {}
  ~DeviceArray() { kernels_.Free(pointer_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  T* get() const { return pointer_; }
  std::vector<T> Read() { return kernels_.Download(pointer_, count_); }

 private:
  SimulatedKernels& kernels_;
  T* pointer_;
  std::size_t count_;
};

// Beside a result lie elements that must stay as they are.
constexpr std::size_t kGuard = 8;

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_KERNELS_DEVICE_ARRAY_H_
