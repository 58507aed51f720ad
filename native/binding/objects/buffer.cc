#include <algorithm>
#include <cstring>

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "ops/fill/fill.h"
#include "resources/afterwards.h"

namespace nodecuda {
namespace {

// What a blocking call says of itself.
StagingPool::Patience PatienceOf(const Call& call, std::size_t index) {
  return call.Boolean(index) ? StagingPool::Patience::kWaits : StagingPool::Patience::kNone;
}

napi_value Allocate(Call& call) {
  const std::shared_ptr<DeviceBox>& box = call.Device(0)->box;
  std::size_t bytes = call.Size(1);
  bool zeroed = call.Boolean(2);
  const std::shared_ptr<StreamBox>& stream = call.Stream(3);
  RequireSameDevice(*box->physical, *stream);
  PhysicalDevice& physical = *box->physical;
  physical.Enter();
  auto memory = std::make_shared<MemoryBox>(box, bytes, stream);
  if (zeroed && bytes > 0) {
    physical.Check(physical.runtime().MemsetAsync(memory->data(), 0, bytes, stream->handle()),
                   "cudaMemsetAsync");
  }
  auto view = std::make_shared<BufferView>(BufferView{std::move(memory), 0, bytes});
  return call.FromNumber(call.environment().buffers.Add(std::move(view)));
}

napi_value Slice(Call& call) {
  const BufferView& parent = *call.Buffer(0);
  std::size_t offset = call.Size(1), bytes = call.Size(2);
  RequireRange(parent, offset, bytes);
  auto view =
      std::make_shared<BufferView>(BufferView{parent.memory, parent.offset + offset, bytes});
  return call.FromNumber(call.environment().buffers.Add(std::move(view)));
}

napi_value Close(Call& call) {
  call.environment().buffers.Remove(call.Number(0));
  return call.Undefined();
}

napi_value Write(Call& call) {
  const BufferView& buffer = *call.Buffer(0);
  std::size_t offset = call.Size(1);
  ViewBytes source = call.View(2);
  const std::shared_ptr<StreamBox>& stream = call.Stream(3);
  const auto patience = PatienceOf(call, 4);
  RequireRange(buffer, offset, source.bytes);
  PhysicalDevice& physical = *buffer.memory->device().physical;
  RequireSameDevice(physical, *stream);
  physical.Enter();
  if (source.bytes == 0) {
    return call.Undefined();
  }
  physical.staging().RequireRoom(source.bytes, patience);
  buffer.memory->BeforeWrite(stream);
  Runtime& runtime = physical.runtime();
  for (std::size_t done = 0; done < source.bytes;) {
    std::size_t bytes = std::min(source.bytes - done, StagingPool::kChunkBytes);
    StagingPool::Block block = physical.staging().Acquire(bytes, patience);
    std::memcpy(block.memory, static_cast<std::byte*>(source.data) + done, bytes);
    Status status = runtime.MemcpyAsync(buffer.data() + offset + done, block.memory, bytes,
                                        MemcpyKind::kHostToDevice, stream->handle());
    const char* operation = "cudaMemcpyAsync";
    if (status == Status::kSuccess) {
      status = runtime.EventRecord(block.event, stream->handle());
      operation = "cudaEventRecord";
    }
    physical.staging().Release(block);
    physical.Check(status, operation);
    done += bytes;
  }
  return call.Undefined();
}

napi_value StartRead(Call& call) {
  const BufferView& buffer = *call.Buffer(0);
  std::size_t offset = call.Size(1), bytes = call.Size(2);
  const std::shared_ptr<StreamBox>& stream = call.Stream(3);
  const auto patience = PatienceOf(call, 4);
  RequireRange(buffer, offset, bytes);
  PhysicalDevice& physical = *buffer.memory->device().physical;
  RequireSameDevice(physical, *stream);
  physical.Enter();
  physical.staging().RequireRoom(bytes, patience);
  auto read = std::make_shared<ReadBox>(stream->shared_device());
  read->bytes = bytes;
  if (bytes > 0) {
    buffer.memory->BeforeRead(stream);
    read->block = physical.staging().Acquire(bytes, patience);
    Runtime& runtime = physical.runtime();
    physical.Check(runtime.MemcpyAsync(read->block.memory, buffer.data() + offset, bytes,
                                       MemcpyKind::kDeviceToHost, stream->handle()),
                   "cudaMemcpyAsync");
    physical.Check(runtime.EventRecord(read->block.event, stream->handle()), "cudaEventRecord");
  }
  return call.FromNumber(call.environment().reads.Add(std::move(read)));
}

napi_value WaitRead(Call& call) {
  const std::shared_ptr<ReadBox>& read = call.Read(0);
  std::vector<Event> events;
  if (read->block.event != nullptr) {
    events.push_back(read->block.event);
  }
  return call.environment().MakePromise(read->device->physical, std::move(events), read);
}

napi_value WaitReadSync(Call& call) {
  ReadBox& read = *call.Read(0);
  PhysicalDevice& physical = *read.device->physical;
  physical.Enter();
  if (read.block.event != nullptr) {
    physical.Check(physical.runtime().EventSynchronize(read.block.event), "cudaEventSynchronize");
  }
  return call.Undefined();
}

napi_value FinishRead(Call& call) {
  std::shared_ptr<ReadBox> read = call.Read(0);
  ViewBytes destination = call.View(1);
  if (destination.bytes != read->bytes) {
    throw Failure(Failure::Kind::kArgumentRange, "the destination has another size than the read");
  }
  if (read->bytes > 0) {
    PhysicalDevice& physical = *read->device->physical;
    physical.Enter();
    // A caller that has not waited would see half a copy.
    Status status = physical.runtime().EventQuery(read->block.event);
    if (status == Status::kNotReady) {
      throw Failure(Failure::Kind::kArgumentRange, "the read has not finished");
    }
    physical.Check(status, "cudaEventQuery");
    std::memcpy(destination.data, read->block.memory, read->bytes);
  }
  const std::shared_ptr<PhysicalDevice> device = read->device->physical;
  call.environment().reads.Remove(call.Number(0));
  read.reset();
  TrimLater(device);
  return call.Undefined();
}

napi_value CloseRead(Call& call) {
  call.environment().reads.Remove(call.Number(0));
  return call.Undefined();
}

napi_value Fill(Call& call) {
  const BufferView& buffer = *call.Buffer(0);
  std::size_t element_bytes = call.Size(1);
  auto low = static_cast<std::uint32_t>(call.Size(2));
  auto high = static_cast<std::uint32_t>(call.Size(3));
  const std::shared_ptr<StreamBox>& stream = call.Stream(4);
  if ((element_bytes != 1 && element_bytes != 2 && element_bytes != 4 && element_bytes != 8) ||
      buffer.bytes % element_bytes != 0) {
    throw Failure(Failure::Kind::kArgumentRange, "no whole number of elements");
  }
  RequireAligned(buffer, element_bytes);
  PhysicalDevice& physical = *buffer.memory->device().physical;
  RequireSameDevice(physical, *stream);
  physical.Enter();
  if (buffer.bytes > 0) {
    buffer.memory->BeforeWrite(stream);
    physical.Check(EnqueueFill(ContextOf(physical, *stream, Module::elementwise), element_bytes,
                               static_cast<std::uint64_t>(high) << 32 | low, buffer.data(),
                               buffer.bytes / element_bytes),
                   "cudaLaunchKernelExC");
  }
  return call.Undefined();
}

napi_value Copy(Call& call) {
  const BufferView& destination = *call.Buffer(0);
  std::size_t destination_offset = call.Size(1);
  const BufferView& source = *call.Buffer(2);
  std::size_t source_offset = call.Size(3), bytes = call.Size(4);
  const std::shared_ptr<StreamBox>& stream = call.Stream(5);
  RequireRange(destination, destination_offset, bytes);
  RequireRange(source, source_offset, bytes);
  PhysicalDevice& physical = *destination.memory->device().physical;
  RequireSameDevice(physical, *stream);
  RequireSameDevice(physical, source);
  std::byte* to = destination.data() + destination_offset;
  std::byte* from = source.data() + source_offset;
  if (bytes > 0 && to != from && to < from + bytes && from < to + bytes) {
    throw Failure(Failure::Kind::kArgumentRange, "the ranges overlap");
  }
  physical.Enter();
  if (bytes > 0 && to != from) {
    source.memory->BeforeRead(stream);
    destination.memory->BeforeWrite(stream);
    physical.Check(physical.runtime().MemcpyAsync(to, from, bytes, MemcpyKind::kDeviceToDevice,
                                                  stream->handle()),
                   "cudaMemcpyAsync");
  }
  return call.Undefined();
}

}  // namespace

void ExportBuffers(napi_env env, napi_value exports, Environment& environment) {
  auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("allocate", EntryPoint<Allocate>);
  add("sliceBuffer", EntryPoint<Slice>);
  add("closeBuffer", EntryPoint<Close>);
  add("writeBuffer", EntryPoint<Write>);
  add("startRead", EntryPoint<StartRead>);
  add("waitRead", EntryPoint<WaitRead>);
  add("waitReadSync", EntryPoint<WaitReadSync>);
  add("finishRead", EntryPoint<FinishRead>);
  add("closeRead", EntryPoint<CloseRead>);
  add("fillBuffer", EntryPoint<Fill>);
  add("copyBuffer", EntryPoint<Copy>);
}

}  // namespace nodecuda
