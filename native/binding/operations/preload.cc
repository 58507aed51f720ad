#include <vector>

#include "binding/call.h"
#include "binding/exports.h"
#include "ops/matmul/matmul.h"

namespace nodecuda {
namespace {

// What the calls of a family launch kernels of.
std::vector<Module> ModulesOf(const std::string& family, const DeviceProperties& properties) {
  if (family == "elementwise") return {Module::elementwise};
  // Views that the kernels of these cannot walk are copied by the elementwise conversion.
  if (family == "reduce" || family == "softmax") return {Module::reduce, Module::elementwise};
  if (family == "transpose") return {Module::reduce};
  if (family == "matmul") return MatmulModules(properties);
  throw Failure(Failure::Kind::kArgumentRange, "there is no family of operations of that name");
}

napi_value Preload(Call& call) {
  const std::shared_ptr<PhysicalDevice> device = call.Device(0)->box->physical;
  std::vector<Module> modules = ModulesOf(call.Text(1), device->properties());
  device->Enter();
  return call.environment().MakePromise(
      [device, modules = std::move(modules)](const std::atomic<bool>& stop) {
        for (const Module module : modules) device->Preload(module, stop);
      });
}

}  // namespace

void ExportPreload(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "preload", EntryPoint<Preload>);
}

}  // namespace nodecuda
