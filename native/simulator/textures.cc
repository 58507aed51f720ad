#include "simulator/textures.h"

#include <algorithm>
#include <utility>

namespace nodecuda::simulator {
namespace {

Status FaultOf(const SimulatedDevice* device) {
  return device == nullptr ? Status::kInvalidDevice : device->fault();
}

bool IsValid(const ChannelFormat& format) {
  const bool is_float = format.kind == ChannelKind::kFloat;
  return (format.channels == 1 || format.channels == 2 || format.channels == 4) &&
         (format.bits == 16 || format.bits == 32 || (format.bits == 8 && !is_float));
}

// The limits of 7.5 and all later capabilities, where they agree.
bool IsValid(const ArrayShape& shape) {
  const auto [width, height, depth, flags] = shape;
  const bool layered = (flags & kArrayLayered) != 0, cubemap = (flags & kArrayCubemap) != 0;
  const bool gather = (flags & kArrayGather) != 0;
  if (width == 0 || flags > kAllArrayFlags) return false;
  if (gather && (height == 0 || layered || cubemap || (depth != 0))) return false;
  if (cubemap) {
    return width == height && width <= 32768 && depth % 6 == 0 &&
           (layered ? depth != 0 && depth <= 2046 : depth == 6);
  }
  if (layered) return width <= 32768 && height <= 32768 && depth != 0 && depth <= 2048;
  if (depth != 0) return height != 0 && width <= 16384 && height <= 16384 && depth <= 16384;
  const std::size_t most = gather ? 32768 : 131072;
  return width <= most && height <= (gather ? 32768 : 65536);
}

bool IsValid(const TextureSampling& sampling, const ChannelFormat& format) {
  const bool is_float = format.kind == ChannelKind::kFloat;
  if (sampling.normalized && (is_float || format.bits == 32)) return false;
  return !sampling.linear || is_float || sampling.normalized;
}

}  // namespace

Status Textures::MakeArray(SimulatedDevice* device, const ChannelFormat& format,
                           const ArrayShape& shape, DeviceArray* array) {
  *array = nullptr;
  if (const Status status = FaultOf(device); status != Status::kSuccess) return status;
  if (!IsValid(format) || !IsValid(shape)) return Status::kInvalidValue;
  ArrayState state{device, device->CreateStream(0), nullptr, format, shape};
  const Status status =
      device->Allocate(shape.elements() * format.bytes(), *state.stream, &state.memory);
  if (status != Status::kSuccess) {
    device->DestroyStream(state.stream);
    return status;
  }
  *array = arrays_.Add(std::make_shared<ArrayState>(std::move(state)));
  return Status::kSuccess;
}

Status Textures::FreeArray(DeviceArray array) {
  const auto state = arrays_.Remove(array);
  if (!state) return Status::kInvalidResourceHandle;
  const Status freed = state->device->Free(state->memory, state->stream);
  state->device->DestroyStream(state->stream);
  return freed;
}

Status Textures::Copy(const Transfers& transfers, const std::shared_ptr<StreamState>& queue,
                      const ArrayCopy& copy) const {
  const auto state = arrays_.Find(copy.array);
  if (!state) return Status::kInvalidResourceHandle;
  const std::size_t bytes = state->shape.elements() * state->format.bytes();
  if (copy.shape.elements() * copy.format.bytes() != bytes) return Status::kInvalidValue;
  void* const to = copy.to_array ? state->memory : copy.memory;
  void* const from = copy.to_array ? copy.memory : state->memory;
  return transfers.Copy(queue, to, from, bytes, MemcpyKind::kDeviceToDevice);
}

Texture Textures::TextureOf(const ArrayState& array) const {
  Texture texture;
  texture.address = reinterpret_cast<std::uintptr_t>(array.memory);
  texture.format = array.format;
  texture.shape = array.shape;
  texture.pitch = array.shape.width * array.format.bytes();
  return texture;
}

Status Textures::MakeTexture(SimulatedDevice* device, const TextureResource& resource,
                             const TextureSampling& sampling, TextureObject* object) const {
  *object = 0;
  if (const Status status = FaultOf(device); status != Status::kSuccess) return status;
  Texture texture;
  if (resource.kind == TextureResource::Kind::kArray) {
    const auto array = arrays_.Find(resource.array);
    if (!array) return Status::kInvalidResourceHandle;
    if (array->device != device) return Status::kInvalidValue;
    texture = TextureOf(*array);
  } else {
    const bool is_line = resource.kind == TextureResource::Kind::kLinear;
    const std::size_t row = resource.width * resource.format.bytes();
    const bool fits = is_line ? resource.width <= kMaxLinearTexture
                              : resource.width <= 131072 && resource.height != 0 &&
                                    resource.height <= 65000 && row <= resource.pitch &&
                                    resource.pitch % kTexturePitchAlignment == 0;
    texture.address = reinterpret_cast<std::uintptr_t>(resource.memory);
    texture.kind = resource.kind;
    texture.format = resource.format;
    texture.shape = {.width = resource.width, .height = is_line ? 0 : resource.height};
    texture.pitch = is_line ? row : resource.pitch;
    if (!fits || resource.width == 0 || !IsValid(resource.format) ||
        texture.address % kTextureAlignment != 0 ||
        !device->Usable(resource.memory, texture.bytes()))
      return Status::kInvalidValue;
  }
  if (!IsValid(sampling, texture.format)) return Status::kInvalidValue;
  texture.sampling = sampling;
  *object = NextHandleValue();
  device->memory().textures().Add(*object, texture);
  return Status::kSuccess;
}

Status Textures::MakeSurface(SimulatedDevice* device, DeviceArray array,
                             SurfaceObject* object) const {
  *object = 0;
  if (const Status status = FaultOf(device); status != Status::kSuccess) return status;
  const auto state = arrays_.Find(array);
  if (!state) return Status::kInvalidResourceHandle;
  if (state->device != device || (state->shape.flags & kArraySurface) == 0)
    return Status::kInvalidValue;
  Texture texture = TextureOf(*state);
  texture.is_surface = true;
  *object = NextHandleValue();
  device->memory().textures().Add(*object, texture);
  return Status::kSuccess;
}

Status Textures::Destroy(SimulatedDevice* device, std::uint64_t object, bool is_surface) {
  if (device == nullptr) return Status::kInvalidDevice;
  return device->memory().textures().Remove(object, is_surface) ? device->fault()
                                                                : Status::kInvalidValue;
}

}  // namespace nodecuda::simulator
