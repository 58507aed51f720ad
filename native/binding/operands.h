#ifndef NODECUDA_BINDING_OPERANDS_H_
#define NODECUDA_BINDING_OPERANDS_H_

#include "binding/call.h"
#include "ops/builtin_kernels.h"
#include "ops/dtype.h"
#include "resources/memory_box.h"

// Checks that the operands of an operation must pass before anything is enqueued: the last line
// of defence for memory that is not the caller's. All throw Failure.
namespace nodecuda {

inline constexpr const char* kLaunch = "cudaLaunchKernelExC";

inline void RequireSameDevice(const PhysicalDevice& device, const StreamBox& stream) {
  if (stream.device().physical.get() != &device) {
    throw Failure(Failure::Kind::kWrongDevice, "the stream belongs to another device");
  }
}

inline void RequireSameDevice(const PhysicalDevice& device, const BufferView& buffer) {
  if (buffer.memory->device().physical.get() != &device) {
    throw Failure(Failure::Kind::kWrongDevice, "the buffer belongs to another device");
  }
}

inline void RequireSameDevice(const PhysicalDevice& device, const RecordableEvent& event) {
  if (event.device().physical.get() != &device) {
    throw Failure(Failure::Kind::kWrongDevice, "the event belongs to another device");
  }
}

inline void RequireRange(const BufferView& buffer, std::size_t offset, std::size_t bytes) {
  if (offset > buffer.bytes || bytes > buffer.bytes - offset) {
    throw Failure(Failure::Kind::kArgumentRange, "the range is outside the buffer");
  }
}

inline void RequireAligned(const BufferView& buffer, std::size_t element_bytes) {
  if (buffer.offset % element_bytes != 0) {
    throw Failure(Failure::Kind::kArgumentRange, "the view is not aligned to its element type");
  }
}

inline Dtype DtypeOf(const Call& call, std::size_t index) {
  return static_cast<Dtype>(call.Integer(index, 0, kDtypeCount - 1));
}

inline void RequireElements(const BufferView& buffer, Dtype dtype, std::size_t length) {
  std::size_t element_bytes = ByteSize(dtype);
  RequireAligned(buffer, element_bytes);
  if (length > buffer.bytes / element_bytes) {
    throw Failure(Failure::Kind::kArgumentRange, "the buffer is too short");
  }
}

// For an operation whose kernels are in `module`, which is loaded if it is not yet.
inline OpContext ContextOf(PhysicalDevice& device, const StreamBox& stream, Module module) {
  return {device.runtime(), device.Kernels(module), device.properties(), stream.handle()};
}

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_OPERANDS_H_
