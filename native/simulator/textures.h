#ifndef NODECUDA_SIMULATOR_TEXTURES_H_
#define NODECUDA_SIMULATOR_TEXTURES_H_

#include <memory>

#include "runtime/runtime.h"
#include "simulator/handle_table.h"
#include "simulator/simulated_device.h"
#include "simulator/transfers.h"

namespace nodecuda::simulator {

// Arrays of a runtime's devices, and the textures and surfaces of them and of device memory.
// Without a device it is kInvalidDevice. All members may be called from any thread.
class Textures {
 public:
  // An array is device memory without gaps, freed behind a stream of its own.
  Status MakeArray(SimulatedDevice* device, const ChannelFormat& format, const ArrayShape& shape,
                   DeviceArray* array);
  Status FreeArray(DeviceArray array);
  Status Copy(const Transfers& transfers, const std::shared_ptr<StreamState>& queue,
              const ArrayCopy& copy) const;

  Status MakeTexture(SimulatedDevice* device, const TextureResource& resource,
                     const TextureSampling& sampling, TextureObject* object) const;
  Status MakeSurface(SimulatedDevice* device, DeviceArray array, SurfaceObject* object) const;
  static Status Destroy(SimulatedDevice* device, std::uint64_t object, bool is_surface);

 private:
  struct ArrayState {
    SimulatedDevice* device;
    std::shared_ptr<StreamState> stream;
    void* memory;
    ChannelFormat format;
    ArrayShape shape;
  };
  Texture TextureOf(const ArrayState& array) const;

  HandleTable<DeviceArray, ArrayState> arrays_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_TEXTURES_H_
