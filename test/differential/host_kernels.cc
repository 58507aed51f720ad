// The modules of cuda/ that need no PTX of their own, compiled by g++.
#include "test/differential/host_kernels.h"

#include <cstddef>
#include <utility>

// The order matters: the shim makes the kernels C++.
// clang-format off
#include "test/differential/shim/cuda_shim.h"
#include "cuda/modules/elementwise.cu"
#include "cuda/modules/matmul_simt.cu"
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
// By KernelId; null for the modules that g++ cannot compile.
#define NODECUDA_ON_HOST(name) [](void* arguments) { Call(::name, static_cast<void**>(arguments)); }
#define NODECUDA_HOST_elementwise(name) NODECUDA_ON_HOST(name)
#define NODECUDA_HOST_reduce(name) nullptr
#define NODECUDA_HOST_matmul_simt(name) NODECUDA_ON_HOST(name)
#define NODECUDA_HOST_matmul_mma(name) nullptr
#define NODECUDA_HOST_matmul_mma_ampere(name) nullptr
#define NODECUDA_HOST_matmul_mma_float64(name) nullptr
#define NODECUDA_HOST_matmul_hopper(name) nullptr
constexpr HostKernel kHostKernels[] = {
#define NODECUDA_KERNEL(module, name) NODECUDA_HOST_##module(name),
    NODECUDA_KERNELS(NODECUDA_KERNEL)
#undef NODECUDA_KERNEL
};

}  // namespace

bool RunOnHost(KernelId kernel, Dim3 grid, unsigned threads, void** arguments) {
  return cuda_shim::RunGrid({grid.x, grid.y, grid.z}, threads,
                            kHostKernels[static_cast<std::size_t>(kernel)], arguments);
}

}  // namespace nodecuda
