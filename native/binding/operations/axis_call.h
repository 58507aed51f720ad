#ifndef NODECUDA_BINDING_OPERATIONS_AXIS_CALL_H_
#define NODECUDA_BINDING_OPERATIONS_AXIS_CALL_H_

#include "binding/abi/reduce.h"
#include "binding/call.h"
#include "binding/operands.h"
#include "ops/reduce/reduce.h"

namespace nodecuda {

// What a reduction and a softmax have in common: (outer, axis, inner) and an operand of that shape,
// with numbers at the same places of the argument block.
struct AxisCall {
  using enum abi::reduce::Slot;
  using enum abi::reduce::OperandSlot;

  explicit AxisCall(const Call& call)
      : dtype(DtypeOf(call, kDtype)),
        out_dtype(DtypeOf(call, kOutDtype)),
        out(*call.Buffer(kOut)),
        extents{ExtentAt(call, kOuter), ExtentAt(call, kAxis), ExtentAt(call, kInner)},
        stream(call.Stream(kStream)),
        device(*out.memory->device().physical) {
    RequireSameDevice(device, *stream);
    length = ElementCount(extents);
    // Also of an empty axis there are that many results.
    const std::int64_t others[2] = {extents[0], extents[2]};
    results = ElementCount(others);
  }

  // An operand whose first element is at `slot`, for reading.
  const BufferView& Input(const Call& call, std::size_t slot, ReduceOperand* operand,
                          Reach* reach) const {
    const BufferView& buffer = *call.Buffer(slot + kHandle);
    RequireSameDevice(device, buffer);
    const std::size_t offset = call.Size(slot + kOffset);
    const std::int64_t strides[3] = {call.Signed(slot + kOuterStride),
                                     call.Signed(slot + kAxisStride),
                                     call.Signed(slot + kInnerStride)};
    *reach = ReachOf(buffer, dtype, offset, extents, strides);
    *operand = {reach->empty() ? nullptr : buffer.data() + offset * ByteSize(dtype), strides[0],
                strides[1], strides[2]};
    return buffer;
  }

  // `count` contiguous elements from the given offset of `out`.
  std::byte* Output(const Call& call, std::size_t count, Reach* reach) const {
    const std::size_t offset = call.Size(kOutOffset);
    const auto extent = static_cast<std::int64_t>(count);
    const std::int64_t stride = 1;
    *reach = ReachOf(out, out_dtype, offset, {&extent, 1}, {&stride, 1});
    return reach->empty() ? nullptr : out.data() + offset * ByteSize(out_dtype);
  }

  Dtype dtype, out_dtype;
  const BufferView& out;
  std::int64_t extents[3];
  std::size_t length, results;  // elements before and after the reduction
  const std::shared_ptr<StreamBox>& stream;
  PhysicalDevice& device;
};

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_OPERATIONS_AXIS_CALL_H_
