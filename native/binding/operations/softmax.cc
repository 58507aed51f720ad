#include "binding/abi/softmax.h"

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "binding/operations/axis_call.h"
#include "binding/operations/workspace.h"
#include "ops/softmax/softmax.h"

namespace nodecuda {
namespace {

using enum abi::softmax::Slot;
static_assert(std::size_t{kX} == std::size_t{abi::reduce::kX}, "AxisCall reads both");

napi_value Softmax(Call& call) {
  const AxisCall c(call);
  SoftmaxProblem problem{};
  problem.dtype = c.dtype;
  problem.log = call.Integer(kLog, 0, 1) != 0;
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

}  // namespace

void ExportSoftmax(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "softmax",
                 EntryPoint<Softmax, Call::Arguments::kInBlock>);
}

}  // namespace nodecuda
