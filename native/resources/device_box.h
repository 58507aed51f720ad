#ifndef NODECUDA_RESOURCES_DEVICE_BOX_H_
#define NODECUDA_RESOURCES_DEVICE_BOX_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "resources/physical_device.h"

namespace nodecuda {

class EventBox;

// A JavaScript Device: somebody's own use of a physical device, with streams and buffers of its
// own. Belongs to one JavaScript thread, as all boxes do.
struct DeviceBox {
  struct Statistics {
    std::uint64_t current_bytes = 0, peak_bytes = 0, current_count = 0, total_count = 0;
  };

  explicit DeviceBox(std::shared_ptr<PhysicalDevice> device);

  // Streams may be closed while there is work on them: where it ends, until it has.
  void RememberEnd(std::shared_ptr<EventBox> end);
  const std::vector<std::shared_ptr<EventBox>>& PendingEnds();

  std::shared_ptr<PhysicalDevice> physical;
  Statistics memory;
  // Of a simulated device, for the launches of its kernels; null on a GPU.
  const std::shared_ptr<PrintfFifo> printf;

 private:
  std::vector<std::shared_ptr<EventBox>> ends_;
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_DEVICE_BOX_H_
