#ifndef NODECUDA_TEST_CUDART_PROGRAMS_REGISTRY_H_
#define NODECUDA_TEST_CUDART_PROGRAMS_REGISTRY_H_

#include <cuda_runtime_api.h>

#include <cstddef>

// What nvcc's code in a program has registered before main.
namespace nodecuda::cudart {

// The kernel that a host function stands for. A pointer that is none stays what it is.
cudaError_t FindKernel(const void** kernel);
// The memory on the current device of the variable that a host variable stands for.
cudaError_t FindSymbol(const void* symbol, void** pointer, std::size_t* bytes);

// What a call without `Async` does behind the same call with it.
inline cudaError_t Finished(cudaError_t error) {
  return error == cudaSuccess ? cudaStreamSynchronize(nullptr) : error;
}

}  // namespace nodecuda::cudart

#endif  // NODECUDA_TEST_CUDART_PROGRAMS_REGISTRY_H_
