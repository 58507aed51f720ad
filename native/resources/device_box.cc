#include "resources/device_box.h"

#include <utility>

#include "resources/stream_box.h"
#include "runtime/printf_fifo.h"

namespace nodecuda {

DeviceBox::DeviceBox(std::shared_ptr<PhysicalDevice> device)
    : physical(std::move(device)),
      printf(physical->properties().simulated ? std::make_shared<PrintfFifo>() : nullptr) {}

void DeviceBox::RememberEnd(std::shared_ptr<EventBox> end) {
  PendingEnds();  // so that there are no more of them than there is work
  ends_.push_back(std::move(end));
}

const std::vector<std::shared_ptr<EventBox>>& DeviceBox::PendingEnds() {
  std::erase_if(ends_, [&](const std::shared_ptr<EventBox>& end) {
    return physical->runtime().EventQuery(end->handle()) == Status::kSuccess;
  });
  return ends_;
}

}  // namespace nodecuda
