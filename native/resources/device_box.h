#ifndef NODECUDA_RESOURCES_DEVICE_BOX_H_
#define NODECUDA_RESOURCES_DEVICE_BOX_H_

#include <cstdint>
#include <memory>

#include "resources/physical_device.h"

namespace nodecuda {

class StreamBox;

// A JavaScript Device: somebody's own use of a physical device, with streams and buffers of its
// own. Belongs to one JavaScript thread, as all boxes do.
struct DeviceBox {
  struct Statistics {
    std::uint64_t current_bytes = 0, peak_bytes = 0, current_count = 0, total_count = 0;
  };

  explicit DeviceBox(std::shared_ptr<PhysicalDevice> device) : physical(std::move(device)) {}

  std::shared_ptr<PhysicalDevice> physical;
  Statistics memory;
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_DEVICE_BOX_H_
