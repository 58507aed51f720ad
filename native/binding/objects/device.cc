#include <algorithm>
#include <cstdio>

#include "binding/call.h"
#include "binding/exports.h"
#include "resources/afterwards.h"

namespace nodecuda {
namespace {

napi_value Properties(Call& call) {
  Platform& platform = *call.Runtime(0);
  int index = call.Integer(1, 0, 1 << 20);
  DeviceProperties p;
  Status status = platform.runtime().GetDeviceProperties(&p, index);
  if (status != Status::kSuccess) {
    Failure failure(Failure::Kind::kCuda, "cudaGetDeviceProperties");
    failure.status = status;
    failure.device = index;
    throw failure;
  }
  std::string uuid;
  for (std::uint8_t byte : p.uuid) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", byte);
    uuid += hex;
  }
  char pci[32];
  std::snprintf(pci, sizeof pci, "%04x:%02x:%02x.0", p.pci_domain & 0xffff, p.pci_bus & 0xff,
                p.pci_device & 0xff);
  Object object(call.env());
  object.Set("name", std::string_view(p.name));
  object.Set("uuid", std::string_view(uuid));
  object.Set("major", p.major);
  object.Set("minor", p.minor);
  object.Set("totalMemory", p.total_memory);
  object.Set("multiprocessorCount", p.multiprocessor_count);
  object.Set("maxThreadsPerBlock", p.max_threads_per_block);
  object.Set("maxThreadsPerMultiprocessor", p.max_threads_per_multiprocessor);
  object.Set("maxBlocksPerMultiprocessor", p.max_blocks_per_multiprocessor);
  object.Set("maxBlockDim", ToArray(call.env(), p.max_block_dim));
  object.Set("maxGridDim", ToArray(call.env(), p.max_grid_dim));
  object.Set("sharedMemoryPerBlock", p.shared_memory_per_block);
  object.Set("sharedMemoryPerBlockOptin", p.shared_memory_per_block_optin);
  object.Set("sharedMemoryPerMultiprocessor", p.shared_memory_per_multiprocessor);
  object.Set("registersPerBlock", p.registers_per_block);
  object.Set("warpSize", p.warp_size);
  object.Set("memoryBusWidthBits", p.memory_bus_width_bits);
  object.Set("l2CacheBytes", p.l2_cache_bytes);
  object.Set("clockRateKhz", p.clock_rate_khz);
  object.Set("memoryClockRateKhz", p.memory_clock_rate_khz);
  object.Set("pciBusId", std::string_view(pci));
  object.Set("eccEnabled", p.ecc_enabled);
  object.Set("integrated", p.integrated);
  object.Set("simulated", p.simulated);
  return object.value();
}

napi_value Open(Call& call) {
  auto physical = call.Runtime(0)->OpenDevice(call.Integer(1, 0, 1 << 20));
  physical->Enter();
  Environment& environment = call.environment();
  auto opened = std::make_shared<OpenedDevice>();
  opened->box = std::make_shared<DeviceBox>(std::move(physical));
  opened->default_stream = std::make_shared<StreamBox>(opened->box, 0);
  opened->default_stream_handle = environment.streams.Add(opened->default_stream);
  return call.FromNumber(environment.devices.Add(std::move(opened)));
}

std::vector<std::shared_ptr<StreamBox>> StreamsOf(Call& call, const DeviceBox* box) {
  std::vector<std::shared_ptr<StreamBox>> streams;
  call.environment().streams.ForEach([&](const std::shared_ptr<StreamBox>& stream) {
    if (&stream->device() == box) {
      streams.push_back(stream);
    }
  });
  return streams;
}

bool HasWork(Call& call, DeviceBox& box) noexcept {
  if (!box.physical->EnterQuietly()) return false;
  const auto is_working = [&](const std::shared_ptr<StreamBox>& stream) {
    return Quietly([&] { return box.physical->runtime().StreamQuery(stream->handle()); }) ==
           Status::kNotReady;
  };
  try {
    return std::ranges::any_of(StreamsOf(call, &box), is_working) || !box.PendingEnds().empty();
  } catch (...) {
    return true;
  }
}

// What belongs to the device goes first: buffers, events, streams. Not reads: what was enqueued
// before completes, and who waits for it gets it.
napi_value Close(Call& call) {
  Environment& environment = call.environment();
  std::shared_ptr<OpenedDevice> opened = environment.devices.Remove(call.Number(0));
  if (opened == nullptr) {
    return call.Undefined();
  }
  const DeviceBox* box = opened->box.get();
  const bool had_work = HasWork(call, *opened->box);
  environment.prepared_launches.RemoveIf(
      [=](const PreparedLaunch& launch) { return &launch.kernel->module->device() == box; });
  environment.textures.RemoveIf(
      [=](const TextureBox& texture) { return &texture.memory().device() == box; });
  environment.arrays.RemoveIf(
      [=](const ArrayBox& array) { return &array.memory()->device() == box; });
  environment.buffers.RemoveIf(
      [=](const BufferView& buffer) { return &buffer.memory->device() == box; });
  environment.kernels.RemoveIf(
      [=](const KernelBox& kernel) { return &kernel.module->device() == box; });
  environment.modules.RemoveIf([=](const ModuleBox& module) { return &module.device() == box; });
  environment.events.RemoveIf([=](const RecordableEvent& event) { return &event.device() == box; });
  environment.streams.ForEach([=](const std::shared_ptr<StreamBox>& stream) {
    if (&stream->device() == box) {
      stream->Close();
    }
  });
  environment.streams.RemoveIf([=](const StreamBox& stream) { return &stream.device() == box; });
  environment.Settle();
  environment.ReleaseWatchers();
  LetGo(box->physical, had_work);
  return call.Undefined();
}

napi_value MemoryInfo(Call& call) {
  PhysicalDevice& physical = *call.Device(0)->box->physical;
  physical.Enter();
  std::size_t free = 0, total = 0;
  physical.Check(physical.runtime().MemGetInfo(&free, &total), "cudaMemGetInfo");
  Object object(call.env());
  object.Set("free", free);
  object.Set("total", total);
  return object.value();
}

napi_value MemoryStats(Call& call) {
  const DeviceBox::Statistics& memory = call.Device(0)->box->memory;
  Object object(call.env());
  object.Set("currentBytes", memory.current_bytes);
  object.Set("peakBytes", memory.peak_bytes);
  object.Set("currentCount", memory.current_count);
  object.Set("totalCount", memory.total_count);
  return object.value();
}

napi_value Trim(Call& call) {
  PhysicalDevice& physical = *call.Device(0)->box->physical;
  physical.Enter();
  physical.staging().Trim();
  physical.Check(physical.runtime().MemPoolTrimTo(physical.pool(), 0), "cudaMemPoolTrimTo");
  return call.Undefined();
}

using Marks = std::vector<std::shared_ptr<EventBox>>;

// Where the work of all streams of a Device ends, of those that were closed too.
Marks EndsOf(Call& call, DeviceBox& box) {
  Marks marks;
  for (const auto& stream : StreamsOf(call, &box)) {
    marks.push_back(stream->Mark());
  }
  for (const auto& end : box.PendingEnds()) {
    marks.push_back(end);
  }
  return marks;
}

napi_value PromiseFor(Call& call, const std::shared_ptr<PhysicalDevice>& physical, Marks marks) {
  std::vector<Event> events;
  for (const auto& mark : marks) {
    events.push_back(mark->handle());
  }
  return call.environment().MakePromise(physical, std::move(events),
                                        std::make_shared<Marks>(std::move(marks)));
}

napi_value Synchronize(Call& call) {
  DeviceBox& box = *call.Device(0)->box;
  box.physical->Enter();
  return PromiseFor(call, box.physical, EndsOf(call, box));
}

napi_value Reclaim(Call& call) {
  DeviceBox& box = *call.Device(0)->box;
  PhysicalDevice& physical = *box.physical;
  physical.Enter();
  Marks marks = EndsOf(call, box);
  // Memory that several streams have used is freed here.
  marks.push_back(std::make_shared<EventBox>(box.physical));
  physical.Check(
      physical.runtime().EventRecord(marks.back()->handle(), physical.housekeeping_stream()),
      "cudaEventRecord");
  return PromiseFor(call, box.physical, std::move(marks));
}

napi_value SynchronizeSync(Call& call) {
  std::shared_ptr<DeviceBox> box = call.Device(0)->box;
  box->physical->Enter();
  for (const auto& stream : StreamsOf(call, box.get())) {
    box->physical->Check(box->physical->runtime().StreamSynchronize(stream->handle()),
                         "cudaStreamSynchronize");
  }
  for (const auto& end : box->PendingEnds()) {
    box->physical->Check(box->physical->runtime().EventSynchronize(end->handle()),
                         "cudaEventSynchronize");
  }
  return call.Undefined();
}

napi_value DeviceFault(Call& call) {
  std::optional<Failure> fault = call.Device(0)->box->physical->Fault();
  return fault ? MakeError(call.env(), *fault) : ToValue(call.env(), nullptr);
}

napi_value PriorityRange(Call& call) {
  PhysicalDevice& physical = *call.Device(0)->box->physical;
  physical.Enter();
  int least = 0, greatest = 0;
  physical.Check(physical.runtime().DeviceGetStreamPriorityRange(&least, &greatest),
                 "cudaDeviceGetStreamPriorityRange");
  const int range[] = {least, greatest};
  return ToArray(call.env(), range);
}

}  // namespace

void ExportDevices(napi_env env, napi_value exports, Environment& environment) {
  auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("deviceProperties", EntryPoint<Properties>);
  add("openDevice", EntryPoint<Open>);
  add("closeDevice", EntryPoint<Close>);
  add("deviceMemoryInfo", EntryPoint<MemoryInfo>);
  add("deviceMemoryStats", EntryPoint<MemoryStats>);
  add("deviceTrim", EntryPoint<Trim>);
  add("deviceSynchronize", EntryPoint<Synchronize>);
  add("deviceReclaim", EntryPoint<Reclaim>);
  add("deviceSynchronizeSync", EntryPoint<SynchronizeSync>);
  add("deviceFault", EntryPoint<DeviceFault>);
  add("devicePriorityRange", EntryPoint<PriorityRange>);
}

}  // namespace nodecuda
