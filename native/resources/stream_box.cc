#include "resources/stream_box.h"

namespace nodecuda {

EventBox::EventBox(std::shared_ptr<PhysicalDevice> device, bool timing)
    : device_(std::move(device)) {
  unsigned flags = timing ? kEventDefault : kEventDisableTiming;
  device_->Check(device_->runtime().EventCreateWithFlags(&handle_, flags),
                 "cudaEventCreateWithFlags");
}

EventBox::~EventBox() {
  if (device_->EnterQuietly()) {
    Quietly([&] { return device_->runtime().EventDestroy(handle_); });
  }
}

StreamBox::StreamBox(std::shared_ptr<DeviceBox> device, int priority) : device_(std::move(device)) {
  PhysicalDevice& physical = *device_->physical;
  physical.Check(
      physical.runtime().StreamCreateWithPriority(&handle_, kStreamNonBlocking, priority),
      "cudaStreamCreateWithPriority");
}

StreamBox::~StreamBox() {
  Close();
}

void StreamBox::Close() noexcept {
  if (closed()) {
    return;
  }
  PhysicalDevice& physical = *device_->physical;
  if (physical.EnterQuietly()) {
    // Memory that this stream used may be used elsewhere or freed later: leave a mark to wait for.
    try {
      tail_ = Mark();
      device_->RememberEnd(tail_);
    } catch (...) {
      // Without the mark, waiting for the work itself keeps the order.
      tail_ = nullptr;
      physical.Latch(Quietly([&] { return physical.runtime().StreamSynchronize(handle_); }),
                     "cudaStreamSynchronize");
    }
    physical.Latch(Quietly([&] { return physical.runtime().StreamDestroy(handle_); }),
                   "cudaStreamDestroy");
  }
  handle_ = nullptr;
}

void StreamBox::OrderBefore(Stream waiter) {
  PhysicalDevice& physical = *device_->physical;
  if (!closed()) {
    if (tail_ == nullptr) {
      tail_ = std::make_shared<EventBox>(device_->physical);
    }
    physical.Check(physical.runtime().EventRecord(tail_->handle(), handle_), "cudaEventRecord");
  }
  if (tail_ != nullptr) {
    physical.Check(physical.runtime().StreamWaitEvent(waiter, tail_->handle(), 0),
                   "cudaStreamWaitEvent");
  }
}

std::shared_ptr<EventBox> StreamBox::Mark() {
  auto event = std::make_shared<EventBox>(device_->physical);
  PhysicalDevice& physical = *device_->physical;
  physical.Check(physical.runtime().EventRecord(event->handle(), handle_), "cudaEventRecord");
  return event;
}

RecordableEvent::RecordableEvent(std::shared_ptr<DeviceBox> device, bool timing)
    : device_(std::move(device)),
      box_(std::make_shared<EventBox>(device_->physical, timing)),
      timing_(timing) {}

void RecordableEvent::Record(Stream stream) {
  PhysicalDevice& physical = *device_->physical;
  // If somebody waits for the last recording, this one gets an event of its own.
  bool waited_for = box_.use_count() > 1;
  auto box = waited_for ? std::make_shared<EventBox>(device_->physical, timing_) : box_;
  physical.Check(physical.runtime().EventRecord(box->handle(), stream), "cudaEventRecord");
  box_ = std::move(box);
  recorded_ = true;
}

}  // namespace nodecuda
