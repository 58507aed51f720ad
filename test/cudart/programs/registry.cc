// The functions that nvcc's code calls before main and at exit, as crt/host_runtime.h declares
// them. A fatbin is read and loaded when something of it is first needed, as CUDA does.
#include "registry.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "../double.h"
#include "../order.h"
#include "modules/read_image.h"

namespace nodecuda::cudart {
namespace {

// What nvcc puts into the section .nvFatBinSegment.
struct Wrapper {
  std::int32_t magic, version;
  const std::byte* fatbin;
  void* others;
};
constexpr std::int32_t kWrapperMagic = 0x466243b1, kWrapperVersion = 1;  // 2: of nvlink

struct Variable {
  std::string name;
  void** host = nullptr;  // of a managed one: the pointer that the program reads
};

struct Kernel {
  std::string name;
  cudaKernel_t handle = nullptr;  // from its first use
  cudaError_t failed = cudaSuccess;
};

struct Binary {
  explicit Binary(const std::byte* its) : fatbin(its) {}

  const std::byte* const fatbin;
  cudaLibrary_t library = nullptr;
  cudaError_t failed = cudaSuccess;       // to load it
  std::map<const void*, Kernel> kernels;  // by host function
  std::map<const void*, Variable> variables;
};

struct Registry {
  std::mutex mutex;
  std::vector<std::unique_ptr<Binary>> binaries;
};

// Not destroyed: programs unregister at exit.
Registry& All() {
  static auto* all = new Registry;
  return *all;
}

Binary& Of(void** handle) {
  return *reinterpret_cast<Binary*>(handle);
}

std::span<const std::byte> Image(const std::byte* fatbin) {
  std::uint16_t header = 0;
  std::uint64_t rest = 0;
  std::memcpy(&header, fatbin + 6, sizeof header);
  std::memcpy(&rest, fatbin + 8, sizeof rest);
  return {fatbin, header + rest};
}

cudaError_t LoadNow(Binary& binary) {
  modules::Problem problem;
  const auto contents = modules::ReadImage(
      Image(binary.fatbin), {.capability = Capability(), .runs_machine_code = false}, &problem);
  if (!contents) {
    std::fprintf(stderr, "cudart double: the program's device code: %s\n", problem.words.c_str());
    return problem.kind == modules::Problem::Kind::kNoCode ? cudaErrorNoKernelImageForDevice
                                                           : cudaErrorInvalidKernelImage;
  }
  char log[4096] = "";
  cudaJitOption names[] = {cudaJitErrorLogBuffer, cudaJitErrorLogBufferSizeBytes};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log - 1)};
  const cudaError_t error = cudaLibraryLoadData(&binary.library, contents->ptx_text.c_str(), names,
                                                values, 2, nullptr, nullptr, 0);
  if (error != cudaSuccess) {
    std::fprintf(stderr, "cudart double: the program's device code: %s\n", log);
  }
  return error;
}

// Tried once, as each kernel is: the program learns of a failure from every call, the person from
// one message.
cudaError_t Load(Binary& binary) {
  if (binary.library == nullptr && binary.failed == cudaSuccess) binary.failed = LoadNow(binary);
  return binary.failed;
}

[[maybe_unused]] const bool for_programs = (RunPrograms(&FindKernel), true);

}  // namespace

cudaError_t FindKernel(const void** kernel) {
  if (*kernel == nullptr) return cudaErrorInvalidDeviceFunction;
  std::lock_guard lock(All().mutex);
  for (const auto& binary : All().binaries) {
    const auto found = binary->kernels.find(*kernel);
    if (found == binary->kernels.end()) continue;
    const cudaError_t error = Load(*binary);
    if (error != cudaSuccess) return error;
    Kernel& its = found->second;
    if (its.handle == nullptr && its.failed == cudaSuccess) {
      its.failed = cudaLibraryGetKernel(&its.handle, binary->library, its.name.c_str());
    }
    if (its.failed == cudaSuccess) *kernel = its.handle;
    return its.failed;
  }
  return cudaSuccess;
}

cudaError_t FindSymbol(const void* symbol, void** pointer, std::size_t* bytes) {
  std::lock_guard lock(All().mutex);
  for (const auto& binary : All().binaries) {
    const auto found = binary->variables.find(symbol);
    if (found == binary->variables.end()) continue;
    const cudaError_t error = Load(*binary);
    if (error != cudaSuccess) return error;
    return cudaLibraryGetGlobal(pointer, bytes, binary->library, found->second.name.c_str());
  }
  return End(cudaErrorInvalidSymbol);
}

}  // namespace nodecuda::cudart

using namespace nodecuda::cudart;

extern "C" {

void** __cudaRegisterFatBinary(void* fatbin) {
  const Wrapper& wrapper = *static_cast<const Wrapper*>(fatbin);
  if (wrapper.magic != kWrapperMagic || wrapper.version != kWrapperVersion) {
    Violation("__cudaRegisterFatBinary",
              "device code that nvlink has linked (-rdc=true) is not read");
  }
  std::lock_guard lock(All().mutex);
  All().binaries.push_back(std::make_unique<Binary>(wrapper.fatbin));
  return reinterpret_cast<void**>(All().binaries.back().get());
}

void __cudaRegisterFatBinaryEnd(void**) {}

// At exit. What kernels that nobody waited for still print is not lost.
void __cudaUnregisterFatBinary(void** handle) {
  if (Of(handle).library != nullptr) cudaDeviceSynchronize();
  std::lock_guard lock(All().mutex);
  std::erase_if(All().binaries, [&](const auto& each) { return each.get() == &Of(handle); });
}

void __cudaRegisterFunction(void** handle, const char* host, char*, const char* name, int, uint3*,
                            uint3*, dim3*, dim3*, int*) {
  Of(handle).kernels[host] = {name};
}

void __cudaRegisterVar(void** handle, char* host, char*, const char* name, int, std::size_t, int,
                       int) {
  Of(handle).variables[host] = {name};
}

void __cudaRegisterManagedVar(void** handle, void** host, char*, const char* name, int, std::size_t,
                              int, int) {
  Of(handle).variables[host] = {name, host};
}

// Before the program first uses a managed variable: device memory is the host's too here.
char __cudaInitModule(void** handle) {
  for (const auto& [symbol, variable] : Of(handle).variables) {
    std::size_t bytes = 0;
    if (variable.host != nullptr && FindSymbol(symbol, variable.host, &bytes) != cudaSuccess) {
      Violation("__cudaInitModule", "no managed variable " + variable.name);
    }
  }
  return 1;
}

}  // extern "C"
