#ifndef NODECUDA_OPS_KERNELS_BUILTIN_KERNELS_H_
#define NODECUDA_OPS_KERNELS_BUILTIN_KERNELS_H_

#include <array>
#include <span>

#include "ops/kernels/kernel_names.h"
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

// What an operation needs to enqueue itself. The operations turn shapes into a kernel variant and a
// grid and enqueue it on `stream`; none waits, allocates or checks ownership (a plan tells how much
// workspace it needs). Sizes are in elements and have been checked against the buffers. The status
// is that of cudaLaunchKernelExC. The caller has bound the device (SetDevice), loaded
// the operation's module and ordered the stream after earlier uses of the memory.
struct OpContext {
  Runtime& runtime;
  const BuiltinKernels& kernels;
  const DeviceProperties& properties;
  Stream stream;
};

}  // namespace nodecuda

#endif  // NODECUDA_OPS_KERNELS_BUILTIN_KERNELS_H_
