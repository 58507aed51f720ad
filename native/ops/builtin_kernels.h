#ifndef NODECUDA_OPS_BUILTIN_KERNELS_H_
#define NODECUDA_OPS_BUILTIN_KERNELS_H_

#include <array>
#include <span>

#include "ops/kernel_names.h"
#include "runtime/runtime.h"

namespace nodecuda {

// The device code of cuda/, embedded in the addon by cmake/kernels.cmake.
ModuleImage BuiltinImage(Module module);
// The targets of its images, ascending: 75 for sm_75.
std::span<const int> BuiltinTargets();
// CUDA_VERSION of the toolkit that compiled it: 13000 for 13.0.
int BuiltinCudaVersion();

// The built-in kernels of one runtime, by KernelId: those of the modules that are loaded.
using BuiltinKernels = std::array<Kernel, kKernelCount>;

// Lets the kernels of a loaded module have the dynamic shared memory that they are launched with,
// as far as the device has it: beyond 48 KiB CUDA wants to be told, once for each device.
Status AllowDynamicShared(Runtime& runtime, const BuiltinKernels& kernels, Module module,
                          const DeviceProperties& properties, int device);

// What an operation needs to enqueue itself. The caller has bound the device (SetDevice), loaded
// the operation's module and ordered the stream after earlier uses of the memory.
struct OpContext {
  Runtime& runtime;
  const BuiltinKernels& kernels;
  const DeviceProperties& properties;
  Stream stream;
};

}  // namespace nodecuda

#endif  // NODECUDA_OPS_BUILTIN_KERNELS_H_
