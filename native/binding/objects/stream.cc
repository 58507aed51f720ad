#include "binding/call.h"
#include "binding/exports.h"

namespace nodecuda {
namespace {

napi_value DefaultStream(Call& call) {
  return call.FromNumber(call.Device(0)->default_stream_handle);
}

napi_value Create(Call& call) {
  const std::shared_ptr<DeviceBox>& box = call.Device(0)->box;
  box->physical->Enter();
  auto stream = std::make_shared<StreamBox>(box, call.Integer(1, -1000, 1000));
  return call.FromNumber(call.environment().streams.Add(std::move(stream)));
}

napi_value Close(Call& call) {
  if (auto stream = call.environment().streams.Remove(call.Number(0))) {
    stream->Close();
  }
  return call.Undefined();
}

napi_value Synchronize(Call& call) {
  std::shared_ptr<StreamBox> stream = call.Stream(0);
  const std::shared_ptr<PhysicalDevice>& physical = stream->device().physical;
  physical->Enter();
  std::shared_ptr<EventBox> mark = stream->Mark();
  return call.environment().MakePromise(physical, {mark->handle()}, mark);
}

napi_value SynchronizeSync(Call& call) {
  StreamBox& stream = *call.Stream(0);
  PhysicalDevice& physical = *stream.device().physical;
  physical.Enter();
  physical.Check(physical.runtime().StreamSynchronize(stream.handle()), "cudaStreamSynchronize");
  return call.Undefined();
}

napi_value Query(Call& call) {
  StreamBox& stream = *call.Stream(0);
  PhysicalDevice& physical = *stream.device().physical;
  physical.Enter();
  Status status = physical.runtime().StreamQuery(stream.handle());
  if (status != Status::kNotReady) {
    physical.Check(status, "cudaStreamQuery");
  }
  return call.FromBoolean(status == Status::kSuccess);
}

}  // namespace

void ExportStreams(napi_env env, napi_value exports, Environment& environment) {
  auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("defaultStream", EntryPoint<DefaultStream>);
  add("createStream", EntryPoint<Create>);
  add("closeStream", EntryPoint<Close>);
  add("streamSynchronize", EntryPoint<Synchronize>);
  add("streamSynchronizeSync", EntryPoint<SynchronizeSync>);
  add("streamQuery", EntryPoint<Query>);
}

}  // namespace nodecuda
