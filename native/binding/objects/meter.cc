#include <utility>

#include "binding/call.h"
#include "binding/exports.h"
#include "runtime/meter_log.h"

namespace nodecuda {
namespace {

napi_value ToCounts(napi_env env, const MemoryCounts& counts) {
  Object object(env);
  object.Set("requests", counts.requests);
  object.Set("bytes", counts.bytes);
  object.Set("sectors", counts.sectors);
  object.Set("fewestSectors", counts.fewest_sectors);
  object.Set("lines", counts.lines);
  return object.value();
}

napi_value ToCounts(napi_env env, const SharedCounts& counts) {
  Object object(env);
  object.Set("requests", counts.requests);
  object.Set("bytes", counts.bytes);
  object.Set("wavefronts", counts.wavefronts);
  object.Set("fewestWavefronts", counts.fewest_wavefronts);
  return object.value();
}

// What is not there is all zeros: most instructions touch no memory.
napi_value ToInstruction(napi_env env, const MeteredInstruction& instruction) {
  const MeterCounts& counts = instruction.counts;
  Object object(env);
  object.Set("ptxLine", instruction.line);
  object.Set("text", std::string_view(instruction.text));
  object.Set("mnemonic", std::string_view(instruction.mnemonic));
  object.Set("file", std::string_view(instruction.file));
  object.Set("line", instruction.source_line);
  object.Set("warpInstructions", counts.warp_instructions);
  object.Set("threadInstructions", counts.thread_instructions);
  object.Set("branches", counts.branches);
  object.Set("divergentBranches", counts.divergent_branches);
  object.Set("barriers", counts.barriers);
  if (counts.atomics != 0) {
    Object atomics(env);
    atomics.Set("requests", counts.atomics);
    atomics.Set("operations", counts.atomic_operations);
    atomics.Set("addresses", counts.atomic_addresses);
    object.Set("atomics", atomics.value());
  }
  if (counts.global.requests != 0) object.Set("global", ToCounts(env, counts.global));
  if (counts.local.requests != 0) object.Set("local", ToCounts(env, counts.local));
  if (counts.shared.requests != 0) object.Set("shared", ToCounts(env, counts.shared));
  return object.value();
}

napi_value ToLaunch(napi_env env, const MeteredLaunch& launch) {
  Object object(env);
  object.Set("kernel", std::string_view(launch.kernel));
  object.Set("grid", launch.grid);
  object.Set("block", launch.block);
  object.Set("cluster", launch.cluster);
  object.Set("staticSharedBytes", launch.static_shared_bytes);
  object.Set("dynamicSharedBytes", launch.dynamic_shared_bytes);
  object.Set("maxRegisters", launch.max_registers);
  object.Set("blocksByThreads", launch.blocks_by_threads);
  object.Set("blocksByBlocks", launch.blocks_by_blocks);
  object.Set("blocksByShared", launch.blocks_by_shared);
  Array instructions(env);
  for (const MeteredInstruction& each : launch.instructions)
    instructions.Add(ToInstruction(env, each));
  object.Set("instructions", instructions.value());
  return object.value();
}

// 0: the device has one already.
napi_value Open(Call& call) {
  const std::shared_ptr<PhysicalDevice>& device = call.Device(0)->box->physical;
  device->Enter();
  auto meter = std::make_shared<OpenMeter>();
  const Status status = device->runtime().SetMeter(device->index(), meter->log);
  if (status == Status::kNotReady) return call.FromNumber(0);
  device->Check(status, "nodecuda.profile");
  meter->device = device;
  return call.FromNumber(call.environment().meters.Add(std::move(meter)));
}

napi_value End(Call& call) {
  call.environment().meters.Get(call.Number(0))->End();
  return call.Undefined();
}

napi_value Launches(Call& call) {
  const std::shared_ptr<MeterLog> log = call.environment().meters.Get(call.Number(0))->log;
  Array launches(call.env());
  for (const MeteredLaunch& launch : log->Launches()) launches.Add(ToLaunch(call.env(), launch));
  Object answer(call.env());
  answer.Set("launches", launches.value());
  answer.Set("dropped", log->dropped());
  return answer.value();
}

napi_value Close(Call& call) {
  call.environment().meters.Remove(call.Number(0));
  return call.Undefined();
}

}  // namespace

void ExportMeters(napi_env env, napi_value exports, Environment& environment) {
  const auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("openMeter", EntryPoint<Open>);
  add("endMeter", EntryPoint<End>);
  add("meteredLaunches", EntryPoint<Launches>);
  add("closeMeter", EntryPoint<Close>);
}

}  // namespace nodecuda
