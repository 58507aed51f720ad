#include <optional>

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "ops/reduce.h"

namespace nodecuda {
namespace {

// Where the numbers are in the argument block: Slot in lib/reductions.ts.
// (outer, axis, inner) and an operand of that shape are what reductions and softmax share.
enum Slot : std::size_t {
  kOperation,  // of a reduction: ReduceOperation. of a softmax: whether its logarithm is wanted
  kDtype,
  kOutDtype,
  kStream,
  kOut,
  kOutOffset,
  kOuter,
  kAxis,
  kInner,
  kX,       // handle, offset and three strides of each
  kY = 14,  // handle 0: none
};
enum OperandSlot : std::size_t { kHandle, kOffset, kOuterStride, kAxisStride, kInnerStride };
// Of a transposition: TransposeSlot in lib/softmax.ts.
enum TransposeSlot : std::size_t {
  kElementBytes,
  kBatches,
  kRows,
  kColumns,
  kSource,
  kDestination,
  kTransposeStream,
};

// What a reduction and a softmax have in common.
struct AxisCall {
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

// Device memory for the partial results, from the pool of the buffers; freed in stream order.
class Workspace {
 public:
  Workspace(const std::shared_ptr<StreamBox>& stream, std::size_t bytes) {
    if (bytes > 0) memory_.emplace(stream->shared_device(), bytes, stream);
  }
  void* data() const { return memory_ ? memory_->data() : nullptr; }

 private:
  std::optional<MemoryBox> memory_;
};

napi_value Reduce(Call& call) {
  const AxisCall c(call);
  ReduceProblem problem{};
  problem.operation =
      static_cast<ReduceOperation>(call.Integer(kOperation, kReduceSum, kReduceArgmin));
  problem.dtype = c.dtype;
  problem.out_dtype = c.out_dtype;
  problem.outer = c.extents[0];
  problem.axis = c.extents[1];
  problem.inner = c.extents[2];
  if (!CanReduce(problem.operation, c.dtype, c.out_dtype)) {
    throw Failure(Failure::Kind::kArgumentType, "no reduction has these dtypes");
  }
  Reach x_reach, y_reach, out_reach;
  const BufferView& x = c.Input(call, kX, &problem.x, &x_reach);
  const bool has_y = problem.operation == kReduceDot;
  const BufferView* y = has_y ? &c.Input(call, kY, &problem.y, &y_reach) : nullptr;
  problem.out = c.Output(call, c.results, &out_reach);
  if (out_reach.Meets(x_reach) || (has_y && out_reach.Meets(y_reach))) {
    Refuse("out overlaps an input");
  }
  const bool is_extreme = problem.operation >= kReduceMax;
  if (is_extreme && problem.axis == 0 && c.results != 0) Refuse("the axis is empty");
  const bool is_index = problem.operation >= kReduceArgmax;
  if (is_index && c.out_dtype == Dtype::kInt32 && problem.axis > INT32_MAX) {
    Refuse("the axis is too long for indices of 32 bits");
  }
  c.device.Enter();
  if (c.results == 0) {
    return call.Undefined();
  }
  const ReducePlan plan = PlanReduce(problem, c.device.properties().multiprocessor_count);
  const OpContext context = ContextOf(c.device, *c.stream, Module::reduce);
  const Workspace workspace(c.stream, plan.workspace_bytes);
  x.memory->BeforeRead(c.stream);
  if (y != nullptr) {
    y->memory->BeforeRead(c.stream);
  }
  c.out.memory->BeforeWrite(c.stream);
  c.device.Check(EnqueueReduce(context, problem, plan, workspace.data()), kLaunch);
  return call.Undefined();
}

napi_value Softmax(Call& call) {
  const AxisCall c(call);
  SoftmaxProblem problem{};
  problem.dtype = c.dtype;
  problem.log = call.Integer(kOperation, 0, 1) != 0;
  problem.outer = c.extents[0];
  problem.axis = c.extents[1];
  problem.inner = c.extents[2];
  if (!CanSoftmax(c.dtype) || c.out_dtype != c.dtype) {
    throw Failure(Failure::Kind::kArgumentType, "no softmax has these dtypes");
  }
  Reach x_reach, out_reach;
  const BufferView& x = c.Input(call, kX, &problem.x, &x_reach);
  problem.out = c.Output(call, c.length, &out_reach);
  // In place only element by element.
  const bool same = problem.out == problem.x.data &&
                    (problem.inner == 1 || problem.x.inner_stride == 1) &&
                    (problem.axis == 1 || problem.x.axis_stride == problem.inner) &&
                    (problem.outer == 1 || problem.x.outer_stride == problem.axis * problem.inner);
  if (out_reach.Meets(x_reach) && !same) {
    Refuse("out overlaps x in part");
  }
  c.device.Enter();
  if (c.length == 0) {
    return call.Undefined();
  }
  const SoftmaxPlan plan = PlanSoftmax(problem, c.device.properties().multiprocessor_count);
  const OpContext context = ContextOf(c.device, *c.stream, Module::reduce);
  const Workspace workspace(c.stream, plan.workspace_bytes);
  x.memory->BeforeRead(c.stream);
  c.out.memory->BeforeWrite(c.stream);
  c.device.Check(EnqueueSoftmax(context, problem, plan, workspace.data()), kLaunch);
  return call.Undefined();
}

napi_value Transpose(Call& call) {
  TransposeProblem problem{};
  problem.element_bytes = call.Size(kElementBytes);
  if (problem.element_bytes != 1 && problem.element_bytes != 2 && problem.element_bytes != 4 &&
      problem.element_bytes != 8) {
    Refuse("no such element size");
  }
  problem.batches = ExtentAt(call, kBatches);
  problem.rows = ExtentAt(call, kRows);
  problem.columns = ExtentAt(call, kColumns);
  const BufferView& x = *call.Buffer(kSource);
  const BufferView& out = *call.Buffer(kDestination);
  const std::shared_ptr<StreamBox>& stream = call.Stream(kTransposeStream);
  PhysicalDevice& device = *out.memory->device().physical;
  RequireSameDevice(device, x);
  RequireSameDevice(device, *stream);
  const std::int64_t shape[3] = {problem.batches, problem.rows, problem.columns};
  const std::size_t length = ElementCount(shape);
  for (const BufferView* buffer : {&x, &out}) {
    RequireAligned(*buffer, problem.element_bytes);
    if (length > buffer->bytes / problem.element_bytes) Refuse("the buffer is too short");
  }
  if (Overlap(x, out)) Refuse("out overlaps x");
  device.Enter();
  if (length == 0) {
    return call.Undefined();
  }
  problem.x = x.data();
  problem.out = out.data();
  const OpContext context = ContextOf(device, *stream, Module::reduce);
  x.memory->BeforeRead(stream);
  out.memory->BeforeWrite(stream);
  device.Check(EnqueueTranspose(context, problem), kLaunch);
  return call.Undefined();
}

}  // namespace

void ExportReductions(napi_env env, napi_value exports, Environment& environment) {
  auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("reduce", EntryPoint<Reduce, Call::Arguments::kInBlock>);
  add("softmax", EntryPoint<Softmax, Call::Arguments::kInBlock>);
  add("transpose", EntryPoint<Transpose, Call::Arguments::kInBlock>);
}

}  // namespace nodecuda
