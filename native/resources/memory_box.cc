#include "resources/memory_box.h"

#include <algorithm>

namespace nodecuda {
namespace {

Status Allocate(PhysicalDevice& physical, std::size_t bytes, Stream stream, void** data) {
  // More than there is can only fail: do not disturb anybody for it.
  if (bytes > physical.properties().total_memory) {
    return Status::kMemoryAllocation;
  }
  Runtime& runtime = physical.runtime();
  Status status = runtime.MallocFromPoolAsync(data, bytes, physical.pool(), stream);
  if (status != Status::kMemoryAllocation) {
    return status;
  }
  // Pieces that the pool holds may be too small, or wanted by other pools. What waits for work to
  // end stays with it, and nobody is made to wait for that here.
  physical.Check(runtime.MemPoolTrimTo(physical.pool(), 0), "cudaMemPoolTrimTo");
  return runtime.MallocFromPoolAsync(data, bytes, physical.pool(), stream);
}

}  // namespace

Failure OutOfMemory(PhysicalDevice& physical, const char* call, std::size_t bytes) {
  Failure failure(Failure::Kind::kCuda, call);
  failure.status = Status::kMemoryAllocation;
  failure.device = physical.index();
  std::size_t free = 0, total = 0;
  physical.Check(physical.runtime().MemGetInfo(&free, &total), "cudaMemGetInfo");
  failure.requested = bytes;
  failure.has_sizes = true;
  failure.free = free;
  failure.total = total;
  return failure;
}

MemoryBox::MemoryBox(std::shared_ptr<DeviceBox> device, std::size_t bytes,
                     const std::shared_ptr<StreamBox>& stream)
    : device_(std::move(device)), bytes_(bytes), writer_(stream) {
  PhysicalDevice& physical = *device_->physical;
  if (bytes_ > 0) {
    Status status = Allocate(physical, bytes_, stream->handle(), &data_);
    if (status == Status::kMemoryAllocation) {
      throw OutOfMemory(physical, "cudaMallocFromPoolAsync", bytes_);
    }
    physical.Check(status, "cudaMallocFromPoolAsync");
  }
  auto& statistics = device_->memory;
  statistics.current_bytes += bytes_;
  statistics.peak_bytes = std::max(statistics.peak_bytes, statistics.current_bytes);
  ++statistics.current_count;
  ++statistics.total_count;
}

MemoryBox::MemoryBox(std::shared_ptr<DeviceBox> device, void* data, std::size_t bytes,
                     const std::shared_ptr<StreamBox>& stream, std::shared_ptr<const void> owner)
    : device_(std::move(device)),
      data_(data),
      bytes_(bytes),
      owner_(std::move(owner)),
      writer_(stream) {}

MemoryBox::~MemoryBox() {
  if (owner_ == nullptr) {
    device_->memory.current_bytes -= bytes_;
    --device_->memory.current_count;
  }
  PhysicalDevice& physical = *device_->physical;
  if (data_ == nullptr || !physical.EnterQuietly()) {
    return;
  }
  Stream stream = writer_->handle();
  // An owner frees behind that stream.
  if (writer_->closed() || !readers_.empty() || owner_ != nullptr) {
    stream = physical.housekeeping_stream();
    OrderUsesBefore(stream);
  }
  if (owner_ == nullptr) {
    physical.Latch(Quietly([&] { return physical.runtime().FreeAsync(data_, stream); }),
                   "cudaFreeAsync");
  }
}

void MemoryBox::OrderUsesBefore(Stream stream) noexcept {
  try {
    writer_->OrderBefore(stream);
    for (const auto& reader : readers_) {
      reader->OrderBefore(stream);
    }
  } catch (...) {
    // Order could not be had; nobody may use the memory while others still write to it.
    PhysicalDevice& physical = *device_->physical;
    physical.Latch(Quietly([&] { return physical.runtime().DeviceSynchronize(); }),
                   "cudaDeviceSynchronize");
  }
}

void MemoryBox::MarkWrite() {
  PhysicalDevice& physical = *device_->physical;
  if (mark_ == nullptr) mark_ = std::make_unique<EventBox>(device_->physical);
  physical.Check(physical.runtime().EventRecord(mark_->handle(), writer_->handle()),
                 "cudaEventRecord");
  marked_ = true;
}

void MemoryBox::OrderRead(const std::shared_ptr<StreamBox>& stream) {
  if (stream == writer_) {
    MarkWrite();
    return;
  }
  if (std::find(readers_.begin(), readers_.end(), stream) != readers_.end()) {
    return;  // ordered after the last write when it first read
  }
  PhysicalDevice& physical = *device_->physical;
  if (!marked_ && !writer_->closed()) MarkWrite();
  if (marked_) {
    physical.Check(physical.runtime().StreamWaitEvent(stream->handle(), mark_->handle(), 0),
                   "cudaStreamWaitEvent");
  } else {
    writer_->OrderBefore(stream->handle());
  }
  readers_.push_back(stream);
  read_elsewhere_ = true;
}

void MemoryBox::OrderWrite(const std::shared_ptr<StreamBox>& stream) {
  if (writer_ != stream) {
    writer_->OrderBefore(stream->handle());
  }
  for (const auto& reader : readers_) {
    if (reader != stream) {
      reader->OrderBefore(stream->handle());
    }
  }
  writer_ = stream;
  read_elsewhere_ = !readers_.empty();
  readers_.clear();
  marked_ = false;
}

}  // namespace nodecuda
