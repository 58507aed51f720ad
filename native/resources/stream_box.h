#ifndef NODECUDA_RESOURCES_STREAM_BOX_H_
#define NODECUDA_RESOURCES_STREAM_BOX_H_

#include <memory>

#include "resources/device_box.h"

namespace nodecuda {

// An event that is destroyed with its box.
class EventBox {
 public:
  // Creates it with the device current. Throws Failure.
  explicit EventBox(std::shared_ptr<PhysicalDevice> device, bool timing = false);
  ~EventBox();
  EventBox(const EventBox&) = delete;
  EventBox& operator=(const EventBox&) = delete;

  Event handle() const { return handle_; }
  PhysicalDevice& device() const { return *device_; }

 private:
  std::shared_ptr<PhysicalDevice> device_;
  Event handle_ = nullptr;
};

// A stream. Closing it lets its pending work finish; memory that it used remembers the box, which
// then stands for the point where that work ends.
class StreamBox {
 public:
  StreamBox(std::shared_ptr<DeviceBox> device, int priority);  // throws Failure
  ~StreamBox();
  StreamBox(const StreamBox&) = delete;
  StreamBox& operator=(const StreamBox&) = delete;

  DeviceBox& device() const { return *device_; }
  const std::shared_ptr<DeviceBox>& shared_device() const { return device_; }
  Stream handle() const { return handle_; }
  bool closed() const { return handle_ == nullptr; }
  void Close() noexcept;

  // Makes what is enqueued on `waiter` from now on wait for all that is enqueued here so far.
  // Throws Failure.
  void OrderBefore(Stream waiter);
  // Records an event of its own behind everything enqueued so far. Throws Failure.
  std::shared_ptr<EventBox> Mark();

 private:
  std::shared_ptr<DeviceBox> device_;
  Stream handle_ = nullptr;
  std::shared_ptr<EventBox> tail_;  // made when first needed
};

// What a JavaScript CudaEvent names. Unlike the events above, it may be recorded again and again.
class RecordableEvent {
 public:
  RecordableEvent(std::shared_ptr<DeviceBox> device, bool timing);  // throws Failure

  DeviceBox& device() const { return *device_; }
  bool timing() const { return timing_; }
  bool recorded() const { return recorded_; }
  // The latest recording. Whoever waits holds the box, and then goes on waiting for that one.
  const std::shared_ptr<EventBox>& box() const { return box_; }
  void Record(Stream stream);  // throws Failure, and is then as before

 private:
  std::shared_ptr<DeviceBox> device_;
  std::shared_ptr<EventBox> box_;
  bool timing_;
  bool recorded_ = false;
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_STREAM_BOX_H_
