#include "binding/call.h"
#include "binding/exports.h"
#include "compiler/aside.h"
#include "nodecuda_source_hash.h"
#include "resources/shutdown.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/debug/session.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda {
namespace {

// Also found by scanning the file, without loading it.
[[gnu::used, gnu::retain]] const char kSourceHashMark[] =
    "nodecuda-source-hash:" NODECUDA_SOURCE_HASH;

napi_value BuildInfo(Call& call) {
  Object info(call.env());
  info.Set("sourceHash", std::string_view(NODECUDA_SOURCE_HASH));
#ifdef NODECUDA_WITH_CUDA
  info.Set("withCuda", true);
#else
  info.Set("withCuda", false);
#endif
  info.Set("cudaVersion", BuiltinCudaVersion());
  info.Set("architectures", ToArray(call.env(), BuiltinTargets()));
  info.Set("simulatedCapabilities", ToArray(call.env(), simulator::SupportedCapabilities()));
  info.Set("simulatorIsa", simulator::IsaName(simulator::DetectIsa()));
  return info.value();
}

napi_value LiveHandles(Call& call) {
  const Environment& environment = call.environment();
  Object live(call.env());
  live.Set("runtimes", environment.runtimes.live());
  live.Set("devices", environment.devices.live());
  live.Set("streams", environment.streams.live());
  live.Set("buffers", environment.buffers.live());
  live.Set("reads", environment.reads.live());
  live.Set("events", environment.events.live());
  live.Set("modules", environment.modules.live());
  live.Set("kernels", environment.kernels.live());
  live.Set("preparedLaunches", environment.prepared_launches.live());
  live.Set("arrays", environment.arrays.live());
  live.Set("textures", environment.textures.live());
  live.Set("printfFifos", environment.printf_fifos.live());
  live.Set("debuggers", environment.debuggers.live());
  live.Set("checkLogs", environment.check_logs.live());
  live.Set("meters", environment.meters.live());
  return live.value();
}

napi_value LimitStaging(Call& call) {
  StagingPool::MostBytes() = call.Size(0);
  return call.Undefined();
}

napi_value BeginShutdown(Call& call) {
  BeginExit();
  compiler::BeginExit();
  // Node waits for Workers before anything of this thread goes: one may wait for a stopped kernel.
  if (const auto debug = simulator::DebugSession::Current()) debug->Close(true);
  return call.Undefined();
}

void Initialize(napi_env env, napi_value exports) {
  auto* environment = new Environment(env);
  // Runs at the end of a Worker and at the natural end of the main thread, not after
  // process.exit(): nothing may depend on it.
  if (napi_add_env_cleanup_hook(
          env, [](void* self) { delete static_cast<Environment*>(self); }, environment) !=
      napi_ok) {
    delete environment;
    throw Failure(Failure::Kind::kShutdown, "no cleanup hook could be added");
  }
  ExportFunction(env, exports, *environment, "buildInfo", EntryPoint<BuildInfo>);
  ExportFunction(env, exports, *environment, "liveHandles", EntryPoint<LiveHandles>);
  ExportFunction(env, exports, *environment, "beginShutdown", EntryPoint<BeginShutdown>);
  ExportFunction(env, exports, *environment, "limitStaging", EntryPoint<LimitStaging>);
  Require(napi_set_named_property(env, exports, "argumentBlock", environment->MakeArgumentBlock()));
  ExportRuntimes(env, exports, *environment);
  ExportDevices(env, exports, *environment);
  ExportChecks(env, exports, *environment);
  ExportMeters(env, exports, *environment);
  ExportDebugger(env, exports, *environment);
  ExportPrintf(env, exports, *environment);
  ExportStreams(env, exports, *environment);
  ExportEvents(env, exports, *environment);
  ExportBuffers(env, exports, *environment);
  ExportTextures(env, exports, *environment);
  ExportModules(env, exports, *environment);
  ExportMatmul(env, exports, *environment);
  ExportElementwise(env, exports, *environment);
  ExportReduce(env, exports, *environment);
  ExportSoftmax(env, exports, *environment);
  ExportTranspose(env, exports, *environment);
  ExportPreload(env, exports, *environment);
  ExportLaunch(env, exports, *environment);
  ExportCompile(env, exports, *environment);
  ExportLink(env, exports, *environment);
}

}  // namespace
}  // namespace nodecuda

NAPI_MODULE_INIT() {
  // Fails where a Worker is terminated while it loads the addon: then there is nobody left to tell.
  try {
    nodecuda::Initialize(env, exports);
  } catch (...) {
    if (napi_value error = nodecuda::MakeError(env, nodecuda::CurrentFailure())) {
      napi_throw(env, error);
    }
  }
  return exports;
}
