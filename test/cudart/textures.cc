#include <algorithm>

#include "default_stream.h"
#include "double.h"
#include "order.h"

using namespace nodecuda;
using namespace nodecuda::cudart;

namespace {

const void* Pointer(unsigned long long object) {
  return reinterpret_cast<const void*>(object);
}

ChannelFormat FormatOf(const cudaChannelFormatDesc& from) {
  const int bits[] = {from.x, from.y, from.z, from.w};
  const int channels = static_cast<int>(std::ranges::count_if(bits, [](int b) { return b != 0; }));
  for (int i = 0; i < 4; ++i) {
    if (bits[i] != (i < channels ? from.x : 0)) Violation("a channel format", "channels differ");
  }
  return {static_cast<ChannelKind>(from.f), from.x, channels};
}

TextureResource ResourceOf(const char* call, const cudaResourceDesc& from) {
  TextureResource to;
  to.kind = static_cast<TextureResource::Kind>(from.resType);
  switch (from.resType) {
    case cudaResourceTypeArray:
      Need(call, Kind::kArray, from.res.array.array);
      to.array = Cast<DeviceArray>(from.res.array.array);
      break;
    case cudaResourceTypeLinear:
      to.format = FormatOf(from.res.linear.desc);
      to.memory = from.res.linear.devPtr;
      to.width = from.res.linear.sizeInBytes / to.format.bytes();
      NeedMemory(call, to.memory, from.res.linear.sizeInBytes);
      break;
    case cudaResourceTypePitch2D:
      to.format = FormatOf(from.res.pitch2D.desc);
      to.memory = from.res.pitch2D.devPtr;
      to.width = from.res.pitch2D.width;
      to.height = from.res.pitch2D.height;
      to.pitch = from.res.pitch2D.pitchInBytes;
      NeedMemory(call, to.memory, (to.height - 1) * to.pitch + to.width * to.format.bytes());
      break;
    default:
      Violation(call, "the double does not know this kind of resource");
  }
  return to;
}

TextureSampling SamplingOf(const cudaTextureDesc& from) {
  TextureSampling to;
  for (int i = 0; i < 3; ++i) to.address[i] = static_cast<AddressMode>(from.addressMode[i]);
  to.linear = from.filterMode == cudaFilterModeLinear;
  to.normalized = from.readMode == cudaReadModeNormalizedFloat;
  to.normalized_coordinates = from.normalizedCoords != 0;
  std::copy_n(from.borderColor, 4, to.border);
  return to;
}

}  // namespace

cudaError_t cudaMalloc3DArray(cudaArray_t* array, const cudaChannelFormatDesc* format,
                              cudaExtent extent, unsigned flags) {
  return Call("cudaMalloc3DArray", [&] {
    NeedDevice("cudaMalloc3DArray");
    const Status status =
        Simulated().Malloc3DArray(Cast<DeviceArray*>(array), FormatOf(*format),
                                  {extent.width, extent.height, extent.depth, flags});
    if (status == Status::kSuccess) Made(Kind::kArray, *array);
    return status;
  });
}

cudaError_t cudaFreeArray(cudaArray_t array) {
  return Call("cudaFreeArray", [&] {
    Take("cudaFreeArray", Kind::kArray, array);
    return Simulated().FreeArray(Cast<DeviceArray>(array));
  });
}

// All of one array, from or to memory without gaps.
cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* parameters, cudaStream_t stream) {
  return Call("cudaMemcpy3DAsync", [&] {
    const auto& [from_array, from_at, from, to_array, to_at, to, extent, kind] = *parameters;
    const bool is_write = to_array != nullptr;
    const cudaArray_t array = is_write ? to_array : from_array;
    const cudaPitchedPtr memory = is_write ? from : to;
    if (kind != cudaMemcpyDeviceToDevice || (from_array != nullptr) == is_write ||
        (is_write ? to : from).ptr != nullptr || from_at.x + to_at.x != 0)
      Violation("cudaMemcpy3DAsync", "not a copy between all of an array and device memory");
    stream = NeedOrdered("cudaMemcpy3DAsync", stream);
    Need("cudaMemcpy3DAsync", Kind::kArray, array);
    NeedMemory("cudaMemcpy3DAsync", memory.ptr, memory.pitch * extent.height * extent.depth);
    if (memory.xsize != extent.width || memory.ysize != extent.height || extent.width == 0)
      return Status::kInvalidValue;
    const std::size_t element = memory.pitch / extent.width;
    const ArrayCopy copy{Cast<DeviceArray>(array),
                         {extent.width, extent.height, extent.depth, 0},
                         {ChannelKind::kUnsigned, 8, static_cast<int>(element)},
                         memory.ptr,
                         is_write};
    return Simulated().Memcpy3DAsync(copy, Cast<Stream>(stream));
  });
}

cudaError_t cudaCreateTextureObject(cudaTextureObject_t* object, const cudaResourceDesc* resource,
                                    const cudaTextureDesc* texture,
                                    const cudaResourceViewDesc* view) {
  return Call("cudaCreateTextureObject", [&] {
    NeedDevice("cudaCreateTextureObject");
    if (view != nullptr) Violation("cudaCreateTextureObject", "the double knows no views");
    TextureObject made = 0;
    const Status status = Simulated().CreateTextureObject(
        &made, ResourceOf("cudaCreateTextureObject", *resource), SamplingOf(*texture));
    if (status == Status::kSuccess) Made(Kind::kTexture, Pointer(made));
    *object = made;
    return status;
  });
}

cudaError_t cudaDestroyTextureObject(cudaTextureObject_t object) {
  return Call("cudaDestroyTextureObject", [&] {
    Take("cudaDestroyTextureObject", Kind::kTexture, Pointer(object));
    return Simulated().DestroyTextureObject(object);
  });
}

cudaError_t cudaCreateSurfaceObject(cudaSurfaceObject_t* object, const cudaResourceDesc* resource) {
  return Call("cudaCreateSurfaceObject", [&] {
    NeedDevice("cudaCreateSurfaceObject");
    SurfaceObject made = 0;
    const TextureResource of = ResourceOf("cudaCreateSurfaceObject", *resource);
    const Status status = Simulated().CreateSurfaceObject(&made, of.array);
    if (status == Status::kSuccess) Made(Kind::kSurface, Pointer(made));
    *object = made;
    return status;
  });
}

cudaError_t cudaDestroySurfaceObject(cudaSurfaceObject_t object) {
  return Call("cudaDestroySurfaceObject", [&] {
    Take("cudaDestroySurfaceObject", Kind::kSurface, Pointer(object));
    return Simulated().DestroySurfaceObject(object);
  });
}
