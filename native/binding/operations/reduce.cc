#include "binding/abi/reduce.h"

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "binding/operations/axis_call.h"
#include "binding/operations/workspace.h"
#include "ops/reduce/reduce.h"

namespace nodecuda {
namespace {

using enum abi::reduce::Slot;

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

}  // namespace

void ExportReduce(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "reduce",
                 EntryPoint<Reduce, Call::Arguments::kInBlock>);
}

}  // namespace nodecuda
