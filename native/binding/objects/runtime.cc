#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "binding/call.h"
#include "binding/exports.h"
#include "runtime/runtimes.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda {
namespace {

// Shared by all environments and never destroyed: at exit other threads may still be using them.
struct ProcessPlatforms {
  std::mutex mutex;
  std::shared_ptr<Platform> cuda;
  // By device count and model.
  std::map<std::pair<int, std::string>, std::shared_ptr<Platform>> simulated;
};

ProcessPlatforms& Process() {
  static auto* platforms = new ProcessPlatforms;
  return *platforms;
}

napi_value AddRuntime(Call& call, std::shared_ptr<Platform> platform) {
  return call.FromNumber(call.environment().runtimes.Add(std::move(platform)));
}

napi_value CudaRuntime(Call& call) {
  std::lock_guard lock(Process().mutex);
  if (Process().cuda == nullptr) {
    std::shared_ptr<Runtime> runtime = MakeCudaRuntime();
    if (runtime == nullptr) {
      throw Failure(Failure::Kind::kUnsupported, "built without CUDA");
    }
    Process().cuda = std::make_shared<Platform>(std::move(runtime));
  }
  return AddRuntime(call, Process().cuda);
}

constexpr int kMaxSimulatedDevices = 64;

std::string ModelOf(Call& call, std::size_t index) {
  std::string model = call.Text(index);
  if (!model.empty() && !simulator::IsModel(model))
    throw Failure(Failure::Kind::kArgumentRange, "no such model can be simulated");
  return model;
}

napi_value SharedSimulatedRuntime(Call& call) {
  simulator::SimulatedOptions options;
  options.device_count = call.Integer(0, 1, kMaxSimulatedDevices);
  options.model = ModelOf(call, 1);
  std::lock_guard lock(Process().mutex);
  auto& platform = Process().simulated[{options.device_count, options.model}];
  if (platform == nullptr)
    platform = std::make_shared<Platform>(simulator::MakeSimulatedRuntime(options));
  return AddRuntime(call, platform);
}

napi_value SimulatedRuntime(Call& call) {
  simulator::SimulatedOptions options;
  options.memory_bytes = call.Size(0);
  options.major = call.Integer(1, 0, 99);
  options.minor = call.Integer(2, 0, 9);
  options.workers = call.Integer(3, 1, 1024);
  if (call.Number(4) != 0) options.checks = call.environment().check_logs.Get(call.Number(4));
  options.schedule.policy = static_cast<simulator::Schedule::Policy>(call.Integer(5, 0, 2));
  options.schedule.seed = call.Size(6);
  options.model = ModelOf(call, 7);
  options.time_limit =
      std::chrono::milliseconds(call.Integer(8, 0, std::numeric_limits<int>::max()));
  int capability = 10 * options.major + options.minor;
  bool supported = false;
  for (int each : simulator::SupportedCapabilities()) {
    supported = supported || each == capability;
  }
  if (!supported) {
    throw Failure(Failure::Kind::kArgumentRange, "no such compute capability can be simulated");
  }
  return AddRuntime(call, std::make_shared<Platform>(simulator::MakeSimulatedRuntime(options)));
}

napi_value NullRuntime(Call& call) {
  return AddRuntime(call, std::make_shared<Platform>(MakeNullRuntime()));
}

napi_value MakeFaulty(Call& call) {
  return AddRuntime(
      call, std::make_shared<Platform>(MakeFaultRuntime(call.Runtime(0)->shared_runtime())));
}

FaultRuntime& Faulty(Call& call) {
  auto* faulty = dynamic_cast<FaultRuntime*>(&call.Runtime(0)->runtime());
  if (faulty == nullptr) {
    throw Failure(Failure::Kind::kArgumentType, "not a fault-injecting runtime");
  }
  return *faulty;
}

napi_value FaultFail(Call& call) {
  std::string mode = call.Text(4);
  Faulty(call).Fail(call.Text(1), call.Size(2), static_cast<Status>(call.Integer(3, 1, 1 << 30)),
                    mode == "sticky"       ? FaultRuntime::Mode::kSticky
                    : mode == "persistent" ? FaultRuntime::Mode::kPersistent
                                           : FaultRuntime::Mode::kOnce);
  return call.Undefined();
}

napi_value FaultClear(Call& call) {
  Faulty(call).ClearFaults();
  return call.Undefined();
}

napi_value FaultLog(Call& call) {
  return ToArray(call.env(), Faulty(call).Log());
}

napi_value FaultClearLog(Call& call) {
  Faulty(call).ClearLog();
  return call.Undefined();
}

napi_value FaultLive(Call& call) {
  FaultRuntime::Live live = Faulty(call).live();
  Object object(call.env());
  object.Set("streams", live.streams);
  object.Set("events", live.events);
  object.Set("allocations", live.allocations);
  object.Set("pinned", live.pinned);
  object.Set("libraries", live.libraries);
  object.Set("arrays", live.arrays);
  object.Set("textures", live.textures);
  object.Set("pools", live.pools);
  return object.value();
}

napi_value CloseRuntime(Call& call) {
  call.environment().runtimes.Remove(call.Number(0));
  return call.Undefined();
}

napi_value Probe(Call& call) {
  Runtime& runtime = call.Runtime(0)->runtime();
  int driver = 0, version = 0, count = 0;
  // The count is asked even if a version cannot be had: its status is the one that tells why.
  runtime.DriverGetVersion(&driver);
  runtime.RuntimeGetVersion(&version);
  Status status = runtime.GetDeviceCount(&count);
  if (status != Status::kSuccess) {
    count = 0;
  } else if (count == 0) {
    status = Status::kNoDevice;
  }
  Object probe(call.env());
  probe.Set("status", static_cast<int>(status));
  probe.Set("statusName", StatusName(status));
  probe.Set("deviceCount", count);
  probe.Set("driverVersion", driver);
  probe.Set("runtimeVersion", version);
  return probe.value();
}

}  // namespace

void ExportRuntimes(napi_env env, napi_value exports, Environment& environment) {
  auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("cudaRuntime", EntryPoint<CudaRuntime>);
  add("sharedSimulatedRuntime", EntryPoint<SharedSimulatedRuntime>);
  add("simulatedRuntime", EntryPoint<SimulatedRuntime>);
  add("nullRuntime", EntryPoint<NullRuntime>);
  add("faultRuntime", EntryPoint<MakeFaulty>);
  add("faultFail", EntryPoint<FaultFail>);
  add("faultClear", EntryPoint<FaultClear>);
  add("faultLog", EntryPoint<FaultLog>);
  add("faultClearLog", EntryPoint<FaultClearLog>);
  add("faultLive", EntryPoint<FaultLive>);
  add("closeRuntime", EntryPoint<CloseRuntime>);
  add("probe", EntryPoint<Probe>);
}

}  // namespace nodecuda
