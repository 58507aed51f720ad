#include <cstdio>

#include "binding/call.h"
#include "binding/exports.h"

namespace nodecuda {
namespace {

Napi::Array Triple(Napi::Env env, const int (&numbers)[3]) {
  Napi::Array array = Napi::Array::New(env, 3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    array[i] = Napi::Number::New(env, numbers[i]);
  }
  return array;
}

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
  Napi::Env env = call.env();
  auto number = [&](auto value) { return Napi::Number::New(env, static_cast<double>(value)); };
  std::string uuid;
  for (std::uint8_t byte : p.uuid) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", byte);
    uuid += hex;
  }
  char pci[32];
  std::snprintf(pci, sizeof pci, "%04x:%02x:%02x.0", p.pci_domain & 0xffff, p.pci_bus & 0xff,
                p.pci_device & 0xff);
  Napi::Object object = Napi::Object::New(env);
  object["name"] = p.name;
  object["uuid"] = uuid;
  object["major"] = number(p.major);
  object["minor"] = number(p.minor);
  object["totalMemory"] = number(p.total_memory);
  object["multiprocessorCount"] = number(p.multiprocessor_count);
  object["maxThreadsPerBlock"] = number(p.max_threads_per_block);
  object["maxThreadsPerMultiprocessor"] = number(p.max_threads_per_multiprocessor);
  object["maxBlocksPerMultiprocessor"] = number(p.max_blocks_per_multiprocessor);
  object["maxBlockDim"] = Triple(env, p.max_block_dim);
  object["maxGridDim"] = Triple(env, p.max_grid_dim);
  object["sharedMemoryPerBlock"] = number(p.shared_memory_per_block);
  object["sharedMemoryPerBlockOptin"] = number(p.shared_memory_per_block_optin);
  object["sharedMemoryPerMultiprocessor"] = number(p.shared_memory_per_multiprocessor);
  object["registersPerBlock"] = number(p.registers_per_block);
  object["warpSize"] = number(p.warp_size);
  object["memoryBusWidthBits"] = number(p.memory_bus_width_bits);
  object["l2CacheBytes"] = number(p.l2_cache_bytes);
  object["clockRateKhz"] = number(p.clock_rate_khz);
  object["memoryClockRateKhz"] = number(p.memory_clock_rate_khz);
  object["pciBusId"] = pci;
  object["eccEnabled"] = p.ecc_enabled;
  object["integrated"] = p.integrated;
  object["simulated"] = p.simulated;
  return object;
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

// What belongs to the device goes first: reads, buffers, events, streams.
napi_value Close(Call& call) {
  Environment& environment = call.environment();
  std::shared_ptr<OpenedDevice> opened = environment.devices.Remove(call.Number(0));
  if (opened == nullptr) {
    return call.Undefined();
  }
  const DeviceBox* box = opened->box.get();
  environment.reads.RemoveIf([=](const ReadBox& read) { return read.device.get() == box; });
  environment.buffers.RemoveIf(
      [=](const BufferView& buffer) { return &buffer.memory->device() == box; });
  environment.events.RemoveIf([=](const RecordableEvent& event) { return &event.device() == box; });
  environment.streams.ForEach([=](const std::shared_ptr<StreamBox>& stream) {
    if (&stream->device() == box) {
      stream->Close();
    }
  });
  environment.streams.RemoveIf([=](const StreamBox& stream) { return &stream.device() == box; });
  return call.Undefined();
}

napi_value MemoryInfo(Call& call) {
  PhysicalDevice& physical = *call.Device(0)->box->physical;
  physical.Enter();
  std::size_t free = 0, total = 0;
  physical.Check(physical.runtime().MemGetInfo(&free, &total), "cudaMemGetInfo");
  Napi::Object object = Napi::Object::New(call.env());
  object["free"] = static_cast<double>(free);
  object["total"] = static_cast<double>(total);
  return object;
}

napi_value MemoryStats(Call& call) {
  const DeviceBox::Statistics& memory = call.Device(0)->box->memory;
  Napi::Object object = Napi::Object::New(call.env());
  object["currentBytes"] = static_cast<double>(memory.current_bytes);
  object["peakBytes"] = static_cast<double>(memory.peak_bytes);
  object["currentCount"] = static_cast<double>(memory.current_count);
  object["totalCount"] = static_cast<double>(memory.total_count);
  return object;
}

napi_value Trim(Call& call) {
  PhysicalDevice& physical = *call.Device(0)->box->physical;
  physical.Enter();
  physical.staging().Trim();
  physical.Check(physical.runtime().MemPoolTrimTo(physical.pool(), 0), "cudaMemPoolTrimTo");
  return call.Undefined();
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

napi_value Synchronize(Call& call) {
  std::shared_ptr<DeviceBox> box = call.Device(0)->box;
  box->physical->Enter();
  auto marks = std::make_shared<std::vector<std::shared_ptr<EventBox>>>();
  std::vector<Event> events;
  for (const auto& stream : StreamsOf(call, box.get())) {
    marks->push_back(stream->Mark());
    events.push_back(marks->back()->handle());
  }
  return call.environment().MakePromise(box->physical, std::move(events), std::move(marks));
}

napi_value SynchronizeSync(Call& call) {
  std::shared_ptr<DeviceBox> box = call.Device(0)->box;
  box->physical->Enter();
  for (const auto& stream : StreamsOf(call, box.get())) {
    box->physical->Check(box->physical->runtime().StreamSynchronize(stream->handle()),
                         "cudaStreamSynchronize");
  }
  return call.Undefined();
}

napi_value DeviceFault(Call& call) {
  std::optional<Failure> fault = call.Device(0)->box->physical->Fault();
  return fault ? MakeError(call.env(), *fault)
               : static_cast<napi_value>(Napi::Env(call.env()).Null());
}

napi_value PriorityRange(Call& call) {
  PhysicalDevice& physical = *call.Device(0)->box->physical;
  physical.Enter();
  int least = 0, greatest = 0;
  physical.Check(physical.runtime().DeviceGetStreamPriorityRange(&least, &greatest),
                 "cudaDeviceGetStreamPriorityRange");
  Napi::Array range = Napi::Array::New(call.env(), 2);
  range[0u] = Napi::Number::New(call.env(), least);
  range[1u] = Napi::Number::New(call.env(), greatest);
  return range;
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
  add("deviceSynchronizeSync", EntryPoint<SynchronizeSync>);
  add("deviceFault", EntryPoint<DeviceFault>);
  add("devicePriorityRange", EntryPoint<PriorityRange>);
}

}  // namespace nodecuda
