// The few calls of the CUDA driver that a peer needs, found in libcuda.so.1 at run time.
#pragma once

#include <dlfcn.h>

#include <cmath>
#include <functional>
#include <initializer_list>
#include <string>

#include "data.h"
#include "protocol.h"

namespace peer {

// Opens the first of these libraries that there is.
inline void* OpenLibrary(std::initializer_list<const char*> names) {
  std::string reasons;
  for (const char* name : names) {
    if (void* library = dlopen(name, RTLD_NOW | RTLD_GLOBAL)) return library;
    reasons += (reasons.empty() ? "" : "; ") + std::string(dlerror());
  }
  throw std::runtime_error(reasons);
}

template <typename Function>
void Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw std::runtime_error(std::string(name) + " is missing");
}

using DevicePointer = std::uint64_t;
using Stream = void*;

class Driver {
 public:
  Driver() {
    void* cuda = OpenLibrary({"libcuda.so.1"});
    Find(cuda, "cuGetErrorName", error_name_);
    Find(cuda, "cuInit", init_);
    Find(cuda, "cuDeviceGet", device_get_);
    Find(cuda, "cuDevicePrimaryCtxRetain", retain_context_);
    Find(cuda, "cuCtxSetCurrent", set_context_);
    Find(cuda, "cuMemAlloc_v2", allocate_);
    Find(cuda, "cuMemFree_v2", free_);
    Find(cuda, "cuMemHostAlloc", allocate_host_);
    Find(cuda, "cuMemFreeHost", free_host_);
    Find(cuda, "cuMemcpyHtoDAsync_v2", to_device_);
    Find(cuda, "cuMemcpyDtoHAsync_v2", to_host_);
    Find(cuda, "cuMemcpyDtoDAsync_v2", on_device_);
    Find(cuda, "cuStreamCreate", create_stream_);
    Find(cuda, "cuStreamSynchronize", synchronize_);
    Find(cuda, "cuEventCreate", create_event_);
    Find(cuda, "cuEventRecord", record_);
    Find(cuda, "cuEventElapsedTime", elapsed_);

    void* context = nullptr;
    int device = 0;
    Check(init_(0), "cuInit");
    Check(device_get_(&device, 0), "cuDeviceGet");
    Check(retain_context_(&context, device), "cuDevicePrimaryCtxRetain");
    Check(set_context_(context), "cuCtxSetCurrent");
    constexpr unsigned kNonBlocking = 1;
    Check(create_stream_(&stream_, kNonBlocking), "cuStreamCreate");
    Check(create_event_(&start_, 0), "cuEventCreate");
    Check(create_event_(&end_, 0), "cuEventCreate");
  }

  Stream stream() const { return stream_; }

  DevicePointer Allocate(std::size_t bytes) {
    DevicePointer pointer = 0;
    Check(allocate_(&pointer, bytes), "cuMemAlloc");
    return pointer;
  }

  void Free(DevicePointer pointer) { Check(free_(pointer), "cuMemFree"); }

  void* AllocatePinned(std::size_t bytes) {
    void* memory = nullptr;
    Check(allocate_host_(&memory, bytes, 0), "cuMemHostAlloc");
    return memory;
  }

  void FreePinned(void* memory) { Check(free_host_(memory), "cuMemFreeHost"); }

  void ToDevice(DevicePointer to, const void* from, std::size_t bytes) {
    Check(to_device_(to, from, bytes, stream_), "cuMemcpyHtoDAsync");
  }

  void ToHost(void* to, DevicePointer from, std::size_t bytes) {
    Check(to_host_(to, from, bytes, stream_), "cuMemcpyDtoHAsync");
  }

  void OnDevice(DevicePointer to, DevicePointer from, std::size_t bytes) {
    Check(on_device_(to, from, bytes, stream_), "cuMemcpyDtoDAsync");
  }

  void Synchronize() { Check(synchronize_(stream_), "cuStreamSynchronize"); }

  // Device time of what `enqueue` puts into the stream, in nanoseconds.
  double TimeNs(std::int64_t times, const std::function<void()>& enqueue) {
    Check(record_(start_, stream_), "cuEventRecord");
    for (std::int64_t i = 0; i < times; ++i) enqueue();
    Check(record_(end_, stream_), "cuEventRecord");
    Synchronize();
    float milliseconds = 0;
    Check(elapsed_(&milliseconds, start_, end_), "cuEventElapsedTime");
    return milliseconds * 1e6;
  }

  double ReadElement(Dtype dtype, DevicePointer buffer, std::int64_t index) {
    std::uint8_t bytes[8] = {};
    ToHost(bytes, buffer + static_cast<std::size_t>(index) * BytesOf(dtype), BytesOf(dtype));
    Synchronize();
    return peer::ReadElement(dtype, bytes);
  }

 private:
  using Status = int;

  void Check(Status status, const char* call) const {
    if (status == 0) return;
    const char* name = nullptr;
    error_name_(status, &name);
    throw std::runtime_error(std::string(call) + ": " + (name == nullptr ? "unknown" : name));
  }

  Status (*error_name_)(Status, const char**) = nullptr;
  Status (*init_)(unsigned) = nullptr;
  Status (*device_get_)(int*, int) = nullptr;
  Status (*retain_context_)(void**, int) = nullptr;
  Status (*set_context_)(void*) = nullptr;
  Status (*allocate_)(DevicePointer*, std::size_t) = nullptr;
  Status (*free_)(DevicePointer) = nullptr;
  Status (*allocate_host_)(void**, std::size_t, unsigned) = nullptr;
  Status (*free_host_)(void*) = nullptr;
  Status (*to_device_)(DevicePointer, const void*, std::size_t, Stream) = nullptr;
  Status (*to_host_)(void*, DevicePointer, std::size_t, Stream) = nullptr;
  Status (*on_device_)(DevicePointer, DevicePointer, std::size_t, Stream) = nullptr;
  Status (*create_stream_)(Stream*, unsigned) = nullptr;
  Status (*synchronize_)(Stream) = nullptr;
  Status (*create_event_)(void**, unsigned) = nullptr;
  Status (*record_)(void*, Stream) = nullptr;
  Status (*elapsed_)(float*, void*, void*) = nullptr;
  Stream stream_ = nullptr;
  void* start_ = nullptr;
  void* end_ = nullptr;
};

// Sets of operands in device memory, used in turn. They hold the same numbers.
class OperandSets {
 public:
  explicit OperandSets(Driver& driver) : driver_(driver) {}

  // An operand filled with the numbers of its seed; without a seed, memory for an output.
  int Add(Dtype dtype, std::int64_t length, std::int64_t sets, std::uint32_t seed = 0) {
    const std::size_t bytes = static_cast<std::size_t>(length) * BytesOf(dtype);
    std::vector<DevicePointer>& copies = operands_.emplace_back();
    for (std::int64_t set = 0; set < sets; ++set) copies.push_back(driver_.Allocate(bytes));
    sets_ = copies.size();
    if (seed == 0) return static_cast<int>(operands_.size()) - 1;
    const std::vector<std::uint8_t> period = MakePeriod(dtype, seed, length);
    for (std::size_t done = 0; done < bytes; done += period.size()) {
      driver_.ToDevice(copies[0] + done, period.data(), std::min(period.size(), bytes - done));
    }
    for (std::size_t set = 1; set < copies.size(); ++set) {
      driver_.OnDevice(copies[set], copies[0], bytes);
    }
    driver_.Synchronize();
    return static_cast<int>(operands_.size()) - 1;
  }

  DevicePointer operator[](int operand) const { return operands_[operand][set_]; }

  void Next() { set_ = (set_ + 1) % sets_; }

  void Clear() {
    for (const auto& copies : operands_) {
      for (const DevicePointer pointer : copies) driver_.Free(pointer);
    }
    operands_.clear();
    set_ = 0;
  }

 private:
  Driver& driver_;
  std::vector<std::vector<DevicePointer>> operands_;
  std::size_t sets_ = 1;
  std::size_t set_ = 0;
};

}  // namespace peer
