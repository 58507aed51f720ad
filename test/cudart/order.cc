#include "order.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <string_view>

#include "double.h"

namespace nodecuda::cudart {
namespace {

constexpr const char* kKindNames[] = {"stream",  "event",         "pool",          "library",
                                      "kernel",  "device memory", "pinned memory", "array",
                                      "texture", "surface"};
constexpr std::size_t kKinds = std::size(kKindNames);

struct Entry {
  std::size_t bytes;
  const void* owner;
};

struct Live {
  std::mutex mutex;
  std::map<std::uintptr_t, Entry> of[kKinds];
};

Live& AllLive() {
  static auto* live = new Live;
  return *live;
}

std::map<std::uintptr_t, Entry>& Of(Kind kind) {
  return AllLive().of[static_cast<std::size_t>(kind)];
}

const char* Name(Kind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::uintptr_t Address(const void* handle) {
  return reinterpret_cast<std::uintptr_t>(handle);
}

constexpr int kNone = -1;
thread_local int current_device = kNone;

KernelOf programs_kernel_of = nullptr;

// The bytes that are left of the entry which holds `pointer`; false if none does. The lock is held.
bool FindHolder(Kind kind, const void* pointer, std::size_t* left) {
  const auto& entries = Of(kind);
  auto found = entries.upper_bound(Address(pointer));
  if (found == entries.begin()) return false;
  const std::size_t offset = Address(pointer) - (--found)->first;
  if (offset > found->second.bytes) return false;
  *left = found->second.bytes - offset;
  return true;
}

}  // namespace

void Violation(const std::string& call, const std::string& what) {
  std::fprintf(stderr, "cudart double: %s: %s\n", call.c_str(), what.c_str());
  std::abort();
}

void RunPrograms(KernelOf kernel_of) {
  programs_kernel_of = kernel_of;
}

bool RunsPrograms() {
  return programs_kernel_of != nullptr;
}

void SetCurrentDevice(int device) {
  current_device = device;
}

int NeedDevice(const char* call) {
  if (current_device == kNone && RunsPrograms()) current_device = 0;
  if (current_device == kNone) Violation(call, "no device was set on this thread");
  return current_device;
}

void Made(Kind kind, const void* handle, std::size_t bytes, const void* owner) {
  std::lock_guard lock(AllLive().mutex);
  Of(kind)[Address(handle)] = {bytes, owner};
}

void Need(const char* call, Kind kind, const void* handle) {
  std::lock_guard lock(AllLive().mutex);
  if (!Of(kind).contains(Address(handle))) {
    Violation(call, std::string("this ") + Name(kind) + " was never made, or is gone");
  }
}

void Take(const char* call, Kind kind, const void* handle) {
  std::lock_guard lock(AllLive().mutex);
  if (Of(kind).erase(Address(handle)) == 0) {
    Violation(call, std::string("this ") + Name(kind) + " was never made, or is gone");
  }
  for (auto& live : AllLive().of) {
    std::erase_if(live, [&](const auto& each) { return each.second.owner == handle; });
  }
}

cudaError_t NeedKernel(const char* call, const void** kernel) {
  if (RunsPrograms()) {
    const cudaError_t error = programs_kernel_of(kernel);
    if (error != cudaSuccess) return error;
  }
  Need(call, Kind::kKernel, *kernel);
  return cudaSuccess;
}

void NeedMemory(const char* call, const void* pointer, std::size_t bytes) {
  if (IsMemory(pointer, bytes)) return;
  Violation(call, "not inside one live allocation of device memory");
}

bool IsMemory(const void* pointer, std::size_t bytes) {
  std::lock_guard lock(AllLive().mutex);
  std::size_t left = 0;
  return FindHolder(Kind::kMemory, pointer, &left) && bytes <= left;
}

bool IsPinned(const void* pointer) {
  std::lock_guard lock(AllLive().mutex);
  std::size_t left = 0;
  return FindHolder(Kind::kPinned, pointer, &left) && left > 0;
}

}  // namespace nodecuda::cudart

unsigned long long nodecudaDoubleLive(const char* kind) {
  using namespace nodecuda::cudart;
  std::lock_guard lock(AllLive().mutex);
  for (std::size_t i = 0; i < kKinds; ++i) {
    if (kKindNames[i] == std::string_view(kind)) return AllLive().of[i].size();
  }
  Violation("nodecudaDoubleLive", std::string("no such kind: ") + kind);
}
