#include "binding/abi/transpose.h"

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "ops/transpose/transpose.h"

namespace nodecuda {
namespace {

using enum abi::transpose::Slot;

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
  const BufferView& x = *call.Buffer(kX);
  const BufferView& out = *call.Buffer(kOut);
  const std::shared_ptr<StreamBox>& stream = call.Stream(kStream);
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

void ExportTranspose(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "transpose",
                 EntryPoint<Transpose, Call::Arguments::kInBlock>);
}

}  // namespace nodecuda
