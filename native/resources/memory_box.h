#ifndef NODECUDA_RESOURCES_MEMORY_BOX_H_
#define NODECUDA_RESOURCES_MEMORY_BOX_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "resources/stream_box.h"

namespace nodecuda {

// What says that so much device memory is not to be had.
Failure OutOfMemory(PhysicalDevice& physical, const char* call, std::size_t bytes);

// Device memory, and which streams used it last. Uses on one stream need no ordering and cost a
// comparison; when another stream comes in, it is made to wait. Of an operation that reads and
// writes, the reads are told first. Freed, in stream order, when the
// last box is gone.
class MemoryBox {
 public:
  // `bytes` may be 0: then there is no memory and data() is null. Throws Failure; when memory is
  // short, first gives back what the pool holds. Does not wait for the device.
  MemoryBox(std::shared_ptr<DeviceBox> device, std::size_t bytes,
            const std::shared_ptr<StreamBox>& stream);
  // Memory that belongs to `owner`, which frees it behind the housekeeping stream.
  MemoryBox(std::shared_ptr<DeviceBox> device, void* data, std::size_t bytes,
            const std::shared_ptr<StreamBox>& stream, std::shared_ptr<const void> owner);
  ~MemoryBox();
  MemoryBox(const MemoryBox&) = delete;
  MemoryBox& operator=(const MemoryBox&) = delete;

  DeviceBox& device() const { return *device_; }
  std::byte* data() const { return static_cast<std::byte*>(data_); }
  std::size_t bytes() const { return bytes_; }

  // Call before enqueueing on `stream` what reads or writes the memory. Throw Failure.
  void BeforeRead(const std::shared_ptr<StreamBox>& stream) {
    if (writer_ != stream || (read_elsewhere_ && !marked_)) [[unlikely]] {
      OrderRead(stream);
    }
  }
  void BeforeWrite(const std::shared_ptr<StreamBox>& stream) {
    if (writer_ != stream || !readers_.empty() || marked_) [[unlikely]] {
      OrderWrite(stream);
    }
  }
  // Makes a stream wait for all uses so far, or waits for them itself.
  void OrderUsesBefore(Stream stream) noexcept;

 private:
  void OrderRead(const std::shared_ptr<StreamBox>& stream);
  void OrderWrite(const std::shared_ptr<StreamBox>& stream);
  void MarkWrite();

  std::shared_ptr<DeviceBox> device_;
  void* data_ = nullptr;
  std::size_t bytes_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<StreamBox> writer_;                // the stream of the last write
  std::vector<std::shared_ptr<StreamBox>> readers_;  // others that read since, ordered after it
  // A point of the writer's stream behind the last write, if `marked_`: other readers wait for
  // that, and not for what the writer's stream goes on to read. It costs a call: the writer's
  // stream makes one only for memory that was read elsewhere since the write before.
  std::unique_ptr<EventBox> mark_;
  bool marked_ = false;
  bool read_elsewhere_ = false;
};

// What a JavaScript DeviceBuffer names: a range of memory.
struct BufferView {
  std::shared_ptr<MemoryBox> memory;
  std::size_t offset = 0, bytes = 0;
  std::byte* data() const { return memory->data() + offset; }
};

// A copy of device memory on its way to the host.
struct ReadBox {
  explicit ReadBox(std::shared_ptr<DeviceBox> owner) : device(std::move(owner)) {}
  ~ReadBox() {
    if (block.memory != nullptr) {
      device->physical->staging().Release(block);
    }
  }
  ReadBox(const ReadBox&) = delete;
  ReadBox& operator=(const ReadBox&) = delete;

  std::shared_ptr<DeviceBox> device;
  StagingPool::Block block;  // its event follows the copy; none for an empty read
  std::size_t bytes = 0;
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_MEMORY_BOX_H_
