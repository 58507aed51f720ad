// cuda/builtin.cu, compiled by g++.
#include "host_kernels.h"

#include <cstddef>
#include <utility>

// The order matters: the shim makes the kernels C++.
// clang-format off
#include "cuda_shim.h"
#include "../../cuda/builtin.cu"
// clang-format on

namespace nodecuda {
namespace {

template <typename... Parameters, std::size_t... kIndices>
void Call(void (*kernel)(Parameters...), void** arguments, std::index_sequence<kIndices...>) {
  kernel(*static_cast<Parameters*>(arguments[kIndices])...);
}

template <typename... Parameters>
void Call(void (*kernel)(Parameters...), void** arguments) {
  Call(kernel, arguments, std::index_sequence_for<Parameters...>());
}

using HostKernel = void (*)(void*);
constexpr HostKernel kHostKernels[] = {
#define NODECUDA_KERNEL(name) [](void* arguments) { Call(::name, static_cast<void**>(arguments)); },
    NODECUDA_KERNELS(NODECUDA_KERNEL)
#undef NODECUDA_KERNEL
};

}  // namespace

bool RunOnHost(KernelId kernel, unsigned blocks, unsigned threads, void** arguments) {
  return cuda_shim::RunGrid(blocks, threads, kHostKernels[static_cast<std::size_t>(kernel)],
                            arguments);
}

}  // namespace nodecuda
