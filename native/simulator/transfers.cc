#include "simulator/transfers.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace nodecuda::simulator {
namespace {

bool InRange(const DeviceMemory& memory, const void* pointer, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  return memory.Find(address).Contains(address, address + bytes - 1);
}

Outcome FreedTooEarly(const char* what) {
  return {Status::kIllegalAddress, std::string(what) + ": device memory was freed before it ran"};
}

}  // namespace

SimulatedDevice* Transfers::Owner(const void* pointer) const {
  for (const auto& device : devices_) {
    if (device->memory().InRegion(reinterpret_cast<std::uintptr_t>(pointer))) return device.get();
  }
  return nullptr;
}

bool Transfers::DeviceSide(const void* pointer, std::size_t bytes, Side* side) const {
  SimulatedDevice* owner = Owner(pointer);
  if (owner == nullptr || !owner->Usable(pointer, bytes)) return false;
  side->memory = &owner->memory();
  return true;
}

bool Transfers::HostSide(const void* pointer, std::size_t bytes, Side* side) const {
  if (pointer == nullptr || Owner(pointer) != nullptr) return false;
  std::size_t left = 0;
  side->block = pinned_.Find(pointer, &left);
  return !side->block || bytes <= left;
}

Status Transfers::Copy(const std::shared_ptr<StreamState>& queue, void* destination,
                       const void* source, std::size_t bytes, MemcpyKind kind) const {
  if (const Status status = queue->device->fault(); status != Status::kSuccess) return status;
  if (kind != MemcpyKind::kHostToDevice && kind != MemcpyKind::kDeviceToHost &&
      kind != MemcpyKind::kDeviceToDevice) {
    return Status::kInvalidMemcpyDirection;
  }
  if (bytes == 0) return Status::kSuccess;

  Side to, from;
  const bool to_ok = kind == MemcpyKind::kDeviceToHost ? HostSide(destination, bytes, &to)
                                                       : DeviceSide(destination, bytes, &to);
  const bool from_ok = kind == MemcpyKind::kHostToDevice ? HostSide(source, bytes, &from)
                                                         : DeviceSide(source, bytes, &from);
  if (!to_ok || !from_ok) return Status::kInvalidValue;
  // As CUDA does: ordinary memory may be changed or freed as soon as the call returns, pinned
  // memory is read when the copy runs.
  if (kind == MemcpyKind::kHostToDevice && !from.block) {
    from.block = std::make_shared_for_overwrite<std::byte[]>(bytes);
    std::memcpy(from.block.get(), source, bytes);
    source = from.block.get();
  }
  const auto copy = [=] {
    if ((to.memory && !InRange(*to.memory, destination, bytes)) ||
        (from.memory && !InRange(*from.memory, source, bytes))) {
      return FreedTooEarly("copy");
    }
    std::memmove(destination, source, bytes);
    if (to.memory && to.memory->record()) {
      const auto at = reinterpret_cast<std::uintptr_t>(destination);
      const bool within = from.memory == to.memory;
      if (within)
        to.memory->record()->CopyWritten(at, reinterpret_cast<std::uintptr_t>(source), bytes);
      else
        to.memory->record()->SetWritten(at, bytes);
    }
    return Outcome{};
  };
  auto footprint = queue->device->NewFootprint("a copy");
  if (footprint != nullptr) {
    if (to.memory) footprint->Add(Footprint::kWrite, destination, bytes);
    if (from.memory) footprint->Add(Footprint::kRead, source, bytes);
  }
  return queue->device->Enqueue(queue, {.run = copy, .footprint = std::move(footprint)});
}

Status Transfers::Fill(const std::shared_ptr<StreamState>& queue, void* pointer, int byte_value,
                       std::size_t bytes) const {
  if (const Status status = queue->device->fault(); status != Status::kSuccess) return status;
  if (bytes == 0) return Status::kSuccess;
  Side to;
  if (!DeviceSide(pointer, bytes, &to)) return Status::kInvalidValue;
  const auto fill = [=] {
    if (!InRange(*to.memory, pointer, bytes)) return FreedTooEarly("memset");
    std::memset(pointer, byte_value, bytes);
    if (MemoryRecord* record = to.memory->record())
      record->SetWritten(reinterpret_cast<std::uintptr_t>(pointer), bytes);
    return Outcome{};
  };
  auto footprint = queue->device->NewFootprint("a fill");
  if (footprint != nullptr) footprint->Add(Footprint::kWrite, pointer, bytes);
  return queue->device->Enqueue(queue, {.run = fill, .footprint = std::move(footprint)});
}

}  // namespace nodecuda::simulator
