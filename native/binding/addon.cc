#include "binding/call.h"
#include "binding/exports.h"
#include "nodecuda_source_hash.h"
#include "resources/shutdown.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda {
namespace {

// Also found by scanning the file, without loading it.
[[gnu::used, gnu::retain]] const char kSourceHashMark[] =
    "nodecuda-source-hash:" NODECUDA_SOURCE_HASH;

Napi::Array NumberArray(Napi::Env env, std::span<const int> numbers) {
  Napi::Array array = Napi::Array::New(env, numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    array[static_cast<std::uint32_t>(i)] = Napi::Number::New(env, numbers[i]);
  }
  return array;
}

napi_value BuildInfo(Call& call) {
  Napi::Env env = call.env();
  Napi::Object info = Napi::Object::New(env);
  info["sourceHash"] = NODECUDA_SOURCE_HASH;
#ifdef NODECUDA_WITH_CUDA
  info["withCuda"] = true;
#else
  info["withCuda"] = false;
#endif
  info["cudaVersion"] = Napi::Number::New(env, BuiltinCudaVersion());
  info["architectures"] = NumberArray(env, BuiltinTargets());
  info["simulatedCapabilities"] = NumberArray(env, simulator::SupportedCapabilities());
  info["simulatorIsa"] = simulator::IsaName(simulator::DetectIsa());
  return info;
}

napi_value LiveHandles(Call& call) {
  const Environment& environment = call.environment();
  Napi::Object live = Napi::Object::New(call.env());
  live["runtimes"] = static_cast<double>(environment.runtimes.live());
  live["devices"] = static_cast<double>(environment.devices.live());
  live["streams"] = static_cast<double>(environment.streams.live());
  live["buffers"] = static_cast<double>(environment.buffers.live());
  live["reads"] = static_cast<double>(environment.reads.live());
  live["events"] = static_cast<double>(environment.events.live());
  return live;
}

napi_value BeginShutdown(Call& call) {
  Exiting() = true;
  return call.Undefined();
}

void Initialize(napi_env env, napi_value exports) {
  auto* environment = new Environment(env);
  // Runs at the end of a Worker and at the natural end of the main thread, not after
  // process.exit(): nothing may depend on it.
  napi_add_env_cleanup_hook(
      env, [](void* self) { delete static_cast<Environment*>(self); }, environment);
  ExportFunction(env, exports, *environment, "buildInfo", EntryPoint<BuildInfo>);
  ExportFunction(env, exports, *environment, "liveHandles", EntryPoint<LiveHandles>);
  ExportFunction(env, exports, *environment, "beginShutdown", EntryPoint<BeginShutdown>);
  napi_set_named_property(env, exports, "argumentBlock", environment->MakeArgumentBlock());
  ExportRuntimes(env, exports, *environment);
  ExportDevices(env, exports, *environment);
  ExportStreams(env, exports, *environment);
  ExportEvents(env, exports, *environment);
  ExportBuffers(env, exports, *environment);
  ExportMatmul(env, exports, *environment);
  ExportElementwise(env, exports, *environment);
  ExportReduce(env, exports, *environment);
  ExportSoftmax(env, exports, *environment);
  ExportTranspose(env, exports, *environment);
}

}  // namespace
}  // namespace nodecuda

NAPI_MODULE_INIT() {
  // Fails where a Worker is terminated while it loads the addon: there is nobody left to tell.
  try {
    nodecuda::Initialize(env, exports);
  } catch (const nodecuda::Failure&) {
  }
  return exports;
}
