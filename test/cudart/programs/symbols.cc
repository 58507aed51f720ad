// Variables that are named by their host twins.
#include <cuda_runtime_api.h>

#include "../double.h"
#include "registry.h"

using namespace nodecuda::cudart;

namespace {

// Where in the variable that is; null and *error where it is not.
char* At(const void* symbol, size_t offset, size_t bytes, cudaError_t* error) {
  void* pointer = nullptr;
  size_t size = 0;
  *error = FindSymbol(symbol, &pointer, &size);
  if (*error == cudaSuccess && (offset > size || bytes > size - offset)) {
    *error = End(cudaErrorInvalidValue);
  }
  return *error == cudaSuccess ? static_cast<char*>(pointer) + offset : nullptr;
}

}  // namespace

cudaError_t cudaGetSymbolAddress(void** pointer, const void* symbol) {
  size_t bytes = 0;
  return FindSymbol(symbol, pointer, &bytes);
}

cudaError_t cudaGetSymbolSize(size_t* bytes, const void* symbol) {
  void* pointer = nullptr;
  return FindSymbol(symbol, &pointer, bytes);
}

cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* source, size_t bytes,
                                    size_t offset, cudaMemcpyKind kind, cudaStream_t stream) {
  cudaError_t error = cudaSuccess;
  char* const to = At(symbol, offset, bytes, &error);
  return to != nullptr ? cudaMemcpyAsync(to, source, bytes, kind, stream) : error;
}

cudaError_t cudaMemcpyFromSymbolAsync(void* destination, const void* symbol, size_t bytes,
                                      size_t offset, cudaMemcpyKind kind, cudaStream_t stream) {
  cudaError_t error = cudaSuccess;
  const char* const from = At(symbol, offset, bytes, &error);
  return from != nullptr ? cudaMemcpyAsync(destination, from, bytes, kind, stream) : error;
}

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* source, size_t bytes, size_t offset,
                               cudaMemcpyKind kind) {
  return Finished(cudaMemcpyToSymbolAsync(symbol, source, bytes, offset, kind, nullptr));
}

cudaError_t cudaMemcpyFromSymbol(void* destination, const void* symbol, size_t bytes, size_t offset,
                                 cudaMemcpyKind kind) {
  return Finished(cudaMemcpyFromSymbolAsync(destination, symbol, bytes, offset, kind, nullptr));
}
