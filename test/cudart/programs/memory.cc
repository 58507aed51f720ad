#include <cuda_runtime_api.h>

#include <map>
#include <mutex>

#include "../double.h"
#include "../order.h"
#include "registry.h"

using namespace nodecuda::cudart;

namespace {

constexpr size_t kPitchAlignment = 512;

cudaMemPool_t PoolOf(int device) {
  static auto* mutex = new std::mutex;
  static auto* pools = new std::map<int, cudaMemPool_t>;
  std::lock_guard lock(*mutex);
  cudaMemPool_t& pool = (*pools)[device];
  if (pool != nullptr) return pool;
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = {cudaMemLocationTypeDevice, device};
  return cudaMemPoolCreate(&pool, &properties) == cudaSuccess ? pool : nullptr;
}

}  // namespace

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  *pool = PoolOf(device);
  return *pool != nullptr ? cudaSuccess : LastError();
}

cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t stream) {
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  const cudaMemPool_t pool = PoolOf(NeedDevice("cudaMallocAsync"));
  return pool != nullptr ? cudaMallocFromPoolAsync(pointer, bytes, pool, stream) : LastError();
}

// For all streams at once: what the default stream may have to wait for is over.
cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return Finished(cudaMallocAsync(pointer, bytes, nullptr));
}

// Device memory is the host's too.
cudaError_t cudaMallocManaged(void** pointer, size_t bytes, unsigned) {
  return cudaMalloc(pointer, bytes);
}

cudaError_t cudaMemPrefetchAsync(const void*, size_t, cudaMemLocation, unsigned, cudaStream_t) {
  return cudaSuccess;
}

cudaError_t cudaMemAdvise(const void*, size_t, cudaMemoryAdvise, cudaMemLocation) {
  return cudaSuccess;
}

// As CUDA's, behind all that may use the memory.
cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  const cudaError_t error = cudaDeviceSynchronize();
  return error == cudaSuccess ? cudaFreeAsync(pointer, nullptr) : error;
}

cudaError_t cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t height) {
  *pitch = (width + kPitchAlignment - 1) / kPitchAlignment * kPitchAlignment;
  return cudaMalloc(pointer, *pitch * height);
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault);
}

cudaError_t cudaMemcpy(void* destination, const void* source, size_t bytes, cudaMemcpyKind kind) {
  return Finished(cudaMemcpyAsync(destination, source, bytes, kind, nullptr));
}

cudaError_t cudaMemcpy2DAsync(void* destination, size_t destination_pitch, const void* source,
                              size_t source_pitch, size_t width, size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  if (width > destination_pitch || width > source_pitch) return End(cudaErrorInvalidPitchValue);
  cudaError_t error = cudaSuccess;
  for (size_t row = 0; row < height && error == cudaSuccess; ++row) {
    error =
        cudaMemcpyAsync(static_cast<char*>(destination) + row * destination_pitch,
                        static_cast<const char*>(source) + row * source_pitch, width, kind, stream);
  }
  return error;
}

cudaError_t cudaMemcpy2D(void* destination, size_t destination_pitch, const void* source,
                         size_t source_pitch, size_t width, size_t height, cudaMemcpyKind kind) {
  return Finished(cudaMemcpy2DAsync(destination, destination_pitch, source, source_pitch, width,
                                    height, kind, nullptr));
}

cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return cudaMemsetAsync(pointer, value, bytes, nullptr);
}

cudaError_t cudaMemset2D(void* pointer, size_t pitch, int value, size_t width, size_t height) {
  cudaError_t error = cudaSuccess;
  for (size_t row = 0; row < height && error == cudaSuccess; ++row) {
    error = cudaMemset(static_cast<char*>(pointer) + row * pitch, value, width);
  }
  return error;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  *attributes = {};
  attributes->device = NeedDevice("cudaPointerGetAttributes");
  if (IsMemory(pointer, 1)) {
    attributes->type = cudaMemoryTypeDevice;
    attributes->devicePointer = const_cast<void*>(pointer);
  } else {
    attributes->type = IsPinned(pointer) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    attributes->hostPointer = const_cast<void*>(pointer);
  }
  return cudaSuccess;
}
