#ifndef NODECUDA_RESOURCES_AFTERWARDS_H_
#define NODECUDA_RESOURCES_AFTERWARDS_H_

#include <cstdint>
#include <memory>

#include "resources/physical_device.h"
#include "resources/stream_box.h"

namespace nodecuda {

// What may wait for the device is done by a thread of the process, for those who must not wait: it
// frees staging memory that is not worth keeping, and keeps the device until copies to and from it
// have ended, for ten seconds at most. Without a thread or memory to be had nothing is done:
// closing the device waits then.
void LookAfter(std::shared_ptr<PhysicalDevice> device) noexcept;
// Does so if staging memory is to be freed.
void TrimLater(const std::shared_ptr<PhysicalDevice>& device) noexcept;
// Does so if that is needed, when a JavaScript Device has been closed, with work on its streams or
// not.
void LetGo(const std::shared_ptr<PhysicalDevice>& device, bool had_work) noexcept;

// What gives a handle back to the runtime.
struct Release {
  Status (*call)(Runtime& runtime, std::uint64_t handle) = nullptr;
  std::uint64_t handle = 0;
};

// Does so, once `end` is reached if there is one: a thread waits for that, for ten seconds at most;
// after that the handle stays. The device must be current.
void ReleaseBehind(std::shared_ptr<PhysicalDevice> device, Release release,
                   std::shared_ptr<EventBox> end) noexcept;

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_AFTERWARDS_H_
