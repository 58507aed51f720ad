#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"

namespace nodecuda {
namespace {

napi_value Create(Call& call) {
  const std::shared_ptr<DeviceBox>& box = call.Device(0)->box;
  bool timing = call.Boolean(1);
  box->physical->Enter();
  auto event = std::make_shared<RecordableEvent>(box, timing);
  return call.FromNumber(call.environment().events.Add(std::move(event)));
}

napi_value Close(Call& call) {
  call.environment().events.Remove(call.Number(0));
  return call.Undefined();
}

napi_value Record(Call& call) {
  RecordableEvent& event = *call.Event(0);
  const StreamBox& stream = *call.Stream(1);
  PhysicalDevice& physical = *event.device().physical;
  RequireSameDevice(physical, stream);
  physical.Enter();
  event.Record(stream.handle());
  return call.Undefined();
}

napi_value Query(Call& call) {
  const RecordableEvent& event = *call.Event(0);
  PhysicalDevice& physical = *event.device().physical;
  physical.Enter();
  Status status = physical.runtime().EventQuery(event.box()->handle());
  if (status != Status::kNotReady) {
    physical.Check(status, "cudaEventQuery");
  }
  return call.FromBoolean(status == Status::kSuccess);
}

napi_value Synchronize(Call& call) {
  const RecordableEvent& event = *call.Event(0);
  const std::shared_ptr<PhysicalDevice>& physical = event.device().physical;
  physical->Enter();
  return call.environment().MakePromise(physical, {event.box()->handle()}, event.box());
}

napi_value SynchronizeSync(Call& call) {
  const RecordableEvent& event = *call.Event(0);
  PhysicalDevice& physical = *event.device().physical;
  physical.Enter();
  physical.Check(physical.runtime().EventSynchronize(event.box()->handle()),
                 "cudaEventSynchronize");
  return call.Undefined();
}

napi_value ElapsedMs(Call& call) {
  const RecordableEvent& start = *call.Event(0);
  const RecordableEvent& end = *call.Event(1);
  PhysicalDevice& physical = *start.device().physical;
  RequireSameDevice(physical, end);
  // CUDA has one status for both of these.
  if (!start.timing() || !end.timing()) {
    throw Failure(Failure::Kind::kArgumentRange,
                  "an event has no time: create both with timing enabled");
  }
  if (!start.recorded() || !end.recorded()) {
    throw Failure(Failure::Kind::kArgumentRange, "an event was never recorded: record both first");
  }
  physical.Enter();
  float milliseconds = 0;
  Status status = physical.runtime().EventElapsedTime(&milliseconds, start.box()->handle(),
                                                      end.box()->handle());
  if (status == Status::kNotReady) {
    Failure failure(Failure::Kind::kCuda, "cudaEventElapsedTime",
                    "An event is not complete yet: `await end.synchronize()` first");
    failure.status = status;
    failure.device = physical.index();
    throw failure;
  }
  physical.Check(status, "cudaEventElapsedTime");
  return call.FromNumber(milliseconds);
}

napi_value StreamWait(Call& call) {
  const StreamBox& stream = *call.Stream(0);
  const RecordableEvent& event = *call.Event(1);
  PhysicalDevice& physical = *stream.device().physical;
  RequireSameDevice(physical, event);
  physical.Enter();
  physical.Check(physical.runtime().StreamWaitEvent(stream.handle(), event.box()->handle(), 0),
                 "cudaStreamWaitEvent");
  return call.Undefined();
}

}  // namespace

void ExportEvents(napi_env env, napi_value exports, Environment& environment) {
  auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("createEvent", EntryPoint<Create>);
  add("closeEvent", EntryPoint<Close>);
  add("recordEvent", EntryPoint<Record>);
  add("eventQuery", EntryPoint<Query>);
  add("eventSynchronize", EntryPoint<Synchronize>);
  add("eventSynchronizeSync", EntryPoint<SynchronizeSync>);
  add("eventElapsedMs", EntryPoint<ElapsedMs>);
  add("streamWaitEvent", EntryPoint<StreamWait>);
}

}  // namespace nodecuda
