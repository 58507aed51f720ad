#ifndef NODECUDA_BINDING_OPERANDS_H_
#define NODECUDA_BINDING_OPERANDS_H_

#include <span>

#include "binding/call.h"
#include "ops/kernels/builtin_kernels.h"
#include "ops/kernels/dtype.h"
#include "resources/memory_box.h"

// Checks that the operands of an operation must pass before anything is enqueued: the last line
// of defence for memory that is not the caller's. All throw Failure.
namespace nodecuda {

inline constexpr const char* kLaunch = "cudaLaunchKernelExC";

[[noreturn]] inline void Refuse(const char* why) {
  throw Failure(Failure::Kind::kArgumentRange, why);
}

inline void RequireSameDevice(const PhysicalDevice& device, const StreamBox& stream) {
  if (stream.device().physical.get() != &device) {
    throw Failure(Failure::Kind::kWrongDevice, "the stream belongs to another device");
  }
}

inline void RequireSameDevice(const PhysicalDevice& device, const MemoryBox& memory) {
  if (memory.device().physical.get() != &device) {
    throw Failure(Failure::Kind::kWrongDevice, "the memory belongs to another device");
  }
}

inline void RequireSameDevice(const PhysicalDevice& device, const BufferView& buffer) {
  RequireSameDevice(device, *buffer.memory);
}

inline void RequireSameDevice(const PhysicalDevice& device, const RecordableEvent& event) {
  if (event.device().physical.get() != &device) {
    throw Failure(Failure::Kind::kWrongDevice, "the event belongs to another device");
  }
}

inline void RequireRange(const BufferView& buffer, std::size_t offset, std::size_t bytes) {
  if (offset > buffer.bytes || bytes > buffer.bytes - offset) {
    Refuse("the range is outside the buffer");
  }
}

inline void RequireAligned(const BufferView& buffer, std::size_t element_bytes) {
  if (buffer.offset % element_bytes != 0) {
    Refuse("the view is not aligned to its element type");
  }
}

inline Dtype DtypeOf(const Call& call, std::size_t index) {
  return static_cast<Dtype>(call.Integer(index, 0, kDtypeCount - 1));
}

inline void RequireElements(const BufferView& buffer, Dtype dtype, std::size_t length) {
  std::size_t element_bytes = ByteSize(dtype);
  RequireAligned(buffer, element_bytes);
  if (length > buffer.bytes / element_bytes) {
    Refuse("the buffer is too short");
  }
}

inline bool Overlap(const BufferView& a, const BufferView& b) {
  return a.memory == b.memory && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

inline std::int64_t ExtentAt(const Call& call, std::size_t index) {
  return static_cast<std::int64_t>(call.Size(index));
}

// Of a shape whose extents are 0 to 2^53 - 1.
inline std::size_t ElementCount(std::span<const std::int64_t> shape) {
  for (const std::int64_t extent : shape) {
    if (extent == 0) return 0;
  }
  std::size_t count = 1;
  for (const std::int64_t extent : shape) {
    if (__builtin_mul_overflow(count, extent, &count) || (count >> 53) != 0) {
      Refuse("the shape has too many elements");
    }
  }
  return count;
}

// The memory from the first to the last element that an operand reaches; empty if it has none.
struct Reach {
  const MemoryBox* memory;
  std::size_t begin, end;  // bytes

  bool empty() const { return begin == end; }
  bool Meets(const Reach& other) const {
    return memory == other.memory && begin < other.end && other.begin < end;
  }
};

// That of an array in a buffer, `offset` and `strides` in elements. Throws unless it is within.
inline Reach ReachOf(const BufferView& buffer, Dtype dtype, std::size_t offset,
                     std::span<const std::int64_t> shape, std::span<const std::int64_t> strides) {
  const std::size_t element_bytes = ByteSize(dtype);
  RequireAligned(buffer, element_bytes);
  // No sum of eight products of two numbers below 2^53 overflows.
  __int128 first = static_cast<__int128>(offset), last = first;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0) return {buffer.memory.get(), 0, 0};
    const __int128 distance = static_cast<__int128>(shape[d] - 1) * strides[d];
    (distance < 0 ? first : last) += distance;
  }
  if (first < 0 || last >= static_cast<__int128>(buffer.bytes / element_bytes)) {
    Refuse("an operand reaches beyond its buffer");
  }
  return {buffer.memory.get(), buffer.offset + static_cast<std::size_t>(first) * element_bytes,
          buffer.offset + static_cast<std::size_t>(last + 1) * element_bytes};
}

// For an operation whose kernels are in `module`, which is loaded if it is not yet.
inline OpContext ContextOf(PhysicalDevice& device, const StreamBox& stream, Module module) {
  return {device.runtime(), device.Kernels(module), device.properties(), stream.handle()};
}

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_OPERANDS_H_
