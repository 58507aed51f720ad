#include "resources/texture_box.h"

#include <utility>

#include "resources/afterwards.h"

namespace nodecuda {
namespace {

// Behind what the housekeeping stream waits for; null, and nobody can tell when that is, where no
// event is to be had.
std::shared_ptr<EventBox> MarkHousekeeping(const std::shared_ptr<PhysicalDevice>& physical) {
  try {
    auto end = std::make_shared<EventBox>(physical);
    physical->Check(physical->runtime().EventRecord(end->handle(), physical->housekeeping_stream()),
                    "cudaEventRecord");
    return end;
  } catch (...) {
    return nullptr;
  }
}

// The owner of an array's memory.
struct OwnedArray {
  std::shared_ptr<PhysicalDevice> physical;
  DeviceArray array = nullptr;

  OwnedArray(std::shared_ptr<PhysicalDevice> device, DeviceArray its_array)
      : physical(std::move(device)), array(its_array) {}
  OwnedArray(const OwnedArray&) = delete;
  OwnedArray& operator=(const OwnedArray&) = delete;
  // The memory has ordered its uses before the housekeeping stream.
  ~OwnedArray() {
    if (!physical->EnterQuietly()) return;
    if (auto end = MarkHousekeeping(physical)) {
      const auto free = [](Runtime& runtime, std::uint64_t handle) {
        return runtime.FreeArray(reinterpret_cast<DeviceArray>(handle));
      };
      ReleaseBehind(physical, {free, reinterpret_cast<std::uintptr_t>(array)}, std::move(end));
    }
  }
};

std::shared_ptr<MemoryBox> MakeArray(std::shared_ptr<DeviceBox> device, const ChannelFormat& format,
                                     const ArrayShape& shape,
                                     const std::shared_ptr<StreamBox>& stream) {
  const std::shared_ptr<PhysicalDevice> physical = device->physical;
  Runtime& runtime = physical->runtime();
  const std::size_t bytes = shape.elements() * format.bytes();
  DeviceArray array = nullptr;
  Status status = runtime.Malloc3DArray(&array, format, shape);
  if (status == Status::kMemoryAllocation) {
    physical->Check(runtime.MemPoolTrimTo(physical->pool(), 0), "cudaMemPoolTrimTo");
    status = runtime.Malloc3DArray(&array, format, shape);
  }
  if (status == Status::kMemoryAllocation) {
    throw OutOfMemory(*physical, "cudaMalloc3DArray", bytes);
  }
  physical->Check(status, "cudaMalloc3DArray");
  auto owner = std::make_shared<OwnedArray>(physical, array);
  return std::make_shared<MemoryBox>(std::move(device), array, bytes, stream, std::move(owner));
}

}  // namespace

ArrayBox::ArrayBox(std::shared_ptr<DeviceBox> device, const ChannelFormat& format,
                   const ArrayShape& shape, const std::shared_ptr<StreamBox>& stream)
    : format_(format),
      shape_(shape),
      memory_(MakeArray(std::move(device), format, shape, stream)) {}

TextureBox::TextureBox(std::shared_ptr<MemoryBox> memory, const TextureResource& resource,
                       const TextureSampling& sampling)
    : memory_(std::move(memory)), is_surface_(false) {
  PhysicalDevice& physical = *memory_->device().physical;
  physical.Check(physical.runtime().CreateTextureObject(&object_, resource, sampling),
                 "cudaCreateTextureObject");
}

TextureBox::TextureBox(const ArrayBox& array) : memory_(array.memory()), is_surface_(true) {
  PhysicalDevice& physical = *memory_->device().physical;
  physical.Check(physical.runtime().CreateSurfaceObject(&object_, array.handle()),
                 "cudaCreateSurfaceObject");
}

TextureBox::~TextureBox() {
  const std::shared_ptr<PhysicalDevice> physical = memory_->device().physical;
  if (!physical->EnterQuietly()) return;
  memory_->OrderUsesBefore(physical->housekeeping_stream());
  auto end = MarkHousekeeping(physical);
  if (end == nullptr) return;
  const auto destroy_texture = [](Runtime& runtime, std::uint64_t object) {
    return runtime.DestroyTextureObject(object);
  };
  const auto destroy_surface = [](Runtime& runtime, std::uint64_t object) {
    return runtime.DestroySurfaceObject(object);
  };
  Release release{destroy_texture, object_};
  if (is_surface_) release.call = destroy_surface;
  ReleaseBehind(physical, release, std::move(end));
}

}  // namespace nodecuda
