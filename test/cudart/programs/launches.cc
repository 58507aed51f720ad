// Kernels that are named by host functions: cudaLaunchKernelExC and what else takes one is the
// double's.
#include <cuda_runtime_api.h>

#include <vector>

#include "../double.h"
#include "../order.h"
#include "registry.h"

using namespace nodecuda::cudart;

namespace {

thread_local std::vector<cudaLaunchConfig_t> configurations;  // of `<<<...>>>` under way

cudaError_t Launch(const void* kernel, dim3 grid, dim3 block, void** arguments, size_t shared,
                   cudaStream_t stream, bool cooperative) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = 1;
  const cudaLaunchConfig_t config{grid, block, shared, stream, &attribute, cooperative ? 1u : 0u};
  return cudaLaunchKernelExC(&config, kernel, arguments);
}

}  // namespace

extern "C" {

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, CUstream_st* stream) {
  configurations.push_back({grid, block, shared, stream, nullptr, 0});
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared, void* stream) {
  if (configurations.empty()) return cudaErrorMissingConfiguration;
  const cudaLaunchConfig_t& last = configurations.back();
  *grid = last.gridDim;
  *block = last.blockDim;
  *shared = last.dynamicSmemBytes;
  *static_cast<cudaStream_t*>(stream) = last.stream;
  configurations.pop_back();
  return cudaSuccess;
}

// The host function does as a handle, and is looked up by the launch, which can fail.
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                               size_t shared, cudaStream_t stream) {
  return Launch(kernel, grid, block, arguments, shared, stream, false);
}

}  // extern "C"

cudaError_t cudaLaunchKernel(const void* kernel, dim3 grid, dim3 block, void** arguments,
                             size_t shared, cudaStream_t stream) {
  return Launch(kernel, grid, block, arguments, shared, stream, false);
}

cudaError_t cudaLaunchCooperativeKernel(const void* kernel, dim3 grid, dim3 block, void** arguments,
                                        size_t shared, cudaStream_t stream) {
  return Launch(kernel, grid, block, arguments, shared, stream, true);
}

cudaError_t cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  const cudaError_t error = FindKernel(&function);
  if (error == cudaSuccess) *kernel = static_cast<cudaKernel_t>(const_cast<void*>(function));
  return End(error);
}

// How the multiprocessor's memory is shared out is a hint.
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
  const cudaError_t error = FindKernel(&kernel);
  if (error != cudaSuccess) return End(error);
  return cudaKernelSetAttributeForDevice(static_cast<cudaKernel_t>(const_cast<void*>(kernel)),
                                         attribute, value, NeedDevice("cudaFuncSetAttribute"));
}

cudaError_t cudaFuncSetCacheConfig(const void*, cudaFuncCache) {
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* kernel,
                                                                   int threads, size_t shared,
                                                                   unsigned) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, threads, shared);
}
