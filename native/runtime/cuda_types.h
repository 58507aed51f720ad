#ifndef NODECUDA_RUNTIME_CUDA_TYPES_H_
#define NODECUDA_RUNTIME_CUDA_TYPES_H_

#include <cuda_runtime_api.h>

#include <algorithm>

#include "runtime/runtime.h"

// Our types as CUDA's. cuda_numbers.cc checks that the numbers are the same.
namespace nodecuda {

// Our handles hold the bits of CUDA's.
inline cudaStream_t Cuda(Stream stream) {
  return reinterpret_cast<cudaStream_t>(stream);
}
inline cudaEvent_t Cuda(Event event) {
  return reinterpret_cast<cudaEvent_t>(event);
}
inline cudaMemPool_t Cuda(MemPool pool) {
  return reinterpret_cast<cudaMemPool_t>(pool);
}
inline cudaLibrary_t Cuda(Library library) {
  return reinterpret_cast<cudaLibrary_t>(library);
}
inline cudaStream_t* Cuda(Stream* stream) {
  return reinterpret_cast<cudaStream_t*>(stream);
}
inline cudaEvent_t* Cuda(Event* event) {
  return reinterpret_cast<cudaEvent_t*>(event);
}
inline cudaMemPool_t* Cuda(MemPool* pool) {
  return reinterpret_cast<cudaMemPool_t*>(pool);
}
inline cudaLibrary_t* Cuda(Library* library) {
  return reinterpret_cast<cudaLibrary_t*>(library);
}
inline cudaKernel_t Cuda(Kernel kernel) {
  return reinterpret_cast<cudaKernel_t>(kernel);
}
inline cudaKernel_t* Cuda(Kernel* kernel) {
  return reinterpret_cast<cudaKernel_t*>(kernel);
}
inline dim3 Cuda(Dim3 d) {
  return {d.x, d.y, d.z};
}
inline cudaArray_t Cuda(DeviceArray array) {
  return reinterpret_cast<cudaArray_t>(array);
}
inline cudaExtent Cuda(const ArrayShape& shape) {
  return {shape.width, shape.height, shape.depth};
}
inline cudaChannelFormatDesc Cuda(const ChannelFormat& format) {
  const auto bits = [&](int channel) { return channel < format.channels ? format.bits : 0; };
  return {bits(0), bits(1), bits(2), bits(3), static_cast<cudaChannelFormatKind>(format.kind)};
}
inline cudaResourceDesc Cuda(const TextureResource& resource) {
  cudaResourceDesc described{};
  described.resType = static_cast<cudaResourceType>(resource.kind);
  switch (resource.kind) {
    case TextureResource::Kind::kArray:
      described.res.array.array = Cuda(resource.array);
      break;
    case TextureResource::Kind::kLinear:
      described.res.linear = {resource.memory, Cuda(resource.format),
                              resource.width * resource.format.bytes()};
      break;
    case TextureResource::Kind::kPitch2D:
      described.res.pitch2D = {resource.memory, Cuda(resource.format), resource.width,
                               resource.height, resource.pitch};
      break;
  }
  return described;
}
inline cudaTextureDesc Cuda(const TextureSampling& sampling) {
  cudaTextureDesc texture{};
  for (int axis = 0; axis < 3; ++axis) {
    texture.addressMode[axis] = static_cast<cudaTextureAddressMode>(sampling.address[axis]);
  }
  texture.filterMode = sampling.linear ? cudaFilterModeLinear : cudaFilterModePoint;
  texture.readMode = sampling.normalized ? cudaReadModeNormalizedFloat : cudaReadModeElementType;
  texture.normalizedCoords = sampling.normalized_coordinates;
  std::ranges::copy(sampling.border, texture.borderColor);
  return texture;
}

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_CUDA_TYPES_H_
