#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "double.h"
#include "order.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda::cudart {
namespace {

// What GPUs of these capabilities have, whatever the simulated device makes of it.
constexpr int kConstantBytes = 65536;
constexpr int kRegistersPerMultiprocessor = 65536, kReservedSharedBytes = 1024;
constexpr int kTextureAlignment = 512, kTexturePitchAlignment = 32;

int NumberFromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::atoi(text) : otherwise;
}

Runtime* MakeDevices() {
  const auto known = simulator::SupportedCapabilities();
  if (std::find(known.begin(), known.end(), Capability()) == known.end()) {
    Violation("NODECUDA_DOUBLE_CAPABILITY", "this one cannot be simulated");
  }
  // As CUDA has it, none are visible then. Lists of devices are not read.
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  const bool hidden = visible != nullptr && *visible == '\0';
  constexpr std::size_t kMemoryBytes = std::size_t{1} << 30;
  return simulator::MakeSimulatedRuntime(
             {.device_count = hidden ? 0 : NumberFromEnvironment("NODECUDA_DOUBLE_DEVICES", 1),
              .memory_bytes = kMemoryBytes,
              .major = Capability() / 10,
              .minor = Capability() % 10})
      .release();
}

void Convert(const DeviceProperties& from, cudaDeviceProp* to) {
  *to = {};
  std::strncpy(to->name, from.name.c_str(), sizeof to->name - 1);
  std::memcpy(to->uuid.bytes, from.uuid, sizeof to->uuid.bytes);
  to->major = from.major;
  to->minor = from.minor;
  to->totalGlobalMem = from.total_memory;
  to->multiProcessorCount = from.multiprocessor_count;
  to->maxThreadsPerBlock = from.max_threads_per_block;
  to->maxThreadsPerMultiProcessor = from.max_threads_per_multiprocessor;
  to->maxBlocksPerMultiProcessor = from.max_blocks_per_multiprocessor;
  std::copy_n(from.max_block_dim, 3, to->maxThreadsDim);
  std::copy_n(from.max_grid_dim, 3, to->maxGridSize);
  to->sharedMemPerBlock = from.shared_memory_per_block;
  to->sharedMemPerBlockOptin = from.shared_memory_per_block_optin;
  to->sharedMemPerMultiprocessor = from.shared_memory_per_multiprocessor;
  to->regsPerBlock = from.registers_per_block;
  to->warpSize = from.warp_size;
  to->memoryBusWidth = from.memory_bus_width_bits;
  to->l2CacheSize = static_cast<int>(from.l2_cache_bytes);
  to->pciDomainID = from.pci_domain;
  to->pciBusID = from.pci_bus;
  to->pciDeviceID = from.pci_device;
  to->ECCEnabled = from.ecc_enabled;
  to->integrated = from.integrated;
  to->memoryPoolsSupported = from.memory_pools_supported;
  to->totalConstMem = kConstantBytes;
  to->regsPerMultiprocessor = kRegistersPerMultiprocessor;
  to->textureAlignment = kTextureAlignment;
  to->texturePitchAlignment = kTexturePitchAlignment;
  to->concurrentKernels = to->cooperativeLaunch = to->unifiedAddressing = 1;
  to->managedMemory = to->concurrentManagedAccess = to->asyncEngineCount = 1;
}

std::optional<int> ValueOf(cudaDeviceAttr attribute, const DeviceProperties& its) {
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor:
      return its.major;
    case cudaDevAttrComputeCapabilityMinor:
      return its.minor;
    case cudaDevAttrClockRate:
      return its.clock_rate_khz;
    case cudaDevAttrMemoryClockRate:
      return its.memory_clock_rate_khz;
    case cudaDevAttrMultiProcessorCount:
      return its.multiprocessor_count;
    case cudaDevAttrWarpSize:
      return its.warp_size;
    case cudaDevAttrMaxThreadsPerBlock:
      return its.max_threads_per_block;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return its.max_threads_per_multiprocessor;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      return its.max_blocks_per_multiprocessor;
    case cudaDevAttrMaxBlockDimX:
    case cudaDevAttrMaxBlockDimY:
    case cudaDevAttrMaxBlockDimZ:
      return its.max_block_dim[attribute - cudaDevAttrMaxBlockDimX];
    case cudaDevAttrMaxGridDimX:
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ:
      return its.max_grid_dim[attribute - cudaDevAttrMaxGridDimX];
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return static_cast<int>(its.shared_memory_per_block);
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return static_cast<int>(its.shared_memory_per_block_optin);
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return static_cast<int>(its.shared_memory_per_multiprocessor);
    case cudaDevAttrReservedSharedMemoryPerBlock:
      return its.major >= 8 ? kReservedSharedBytes : 0;
    case cudaDevAttrTotalConstantMemory:
      return kConstantBytes;
    case cudaDevAttrMaxRegistersPerBlock:
      return its.registers_per_block;
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      return kRegistersPerMultiprocessor;
    case cudaDevAttrGlobalMemoryBusWidth:
      return its.memory_bus_width_bits;
    case cudaDevAttrL2CacheSize:
      return static_cast<int>(its.l2_cache_bytes);
    case cudaDevAttrTextureAlignment:
      return kTextureAlignment;
    case cudaDevAttrTexturePitchAlignment:
      return kTexturePitchAlignment;
    case cudaDevAttrIntegrated:
      return its.integrated ? 1 : 0;
    case cudaDevAttrMemoryPoolsSupported:
      return its.memory_pools_supported ? 1 : 0;
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrCooperativeLaunch:
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrManagedMemory:
    case cudaDevAttrConcurrentManagedAccess:
    case cudaDevAttrAsyncEngineCount:
      return 1;
    case cudaDevAttrCanMapHostMemory:
    case cudaDevAttrPageableMemoryAccess:
    case cudaDevAttrComputeMode:
    case cudaDevAttrEccEnabled:
    case cudaDevAttrKernelExecTimeout:
      return 0;
    default:
      return std::nullopt;
  }
}

}  // namespace

int Capability() {
  static const int capability = NumberFromEnvironment("NODECUDA_DOUBLE_CAPABILITY", 90);
  return capability;
}

const std::shared_ptr<PrintfFifo>& Printf() {
  static const auto* fifo = new auto(std::make_shared<PrintfFifo>());
  return *fifo;
}

Runtime& Simulated() {
  static Runtime* runtime = MakeDevices();
  return *runtime;
}

}  // namespace nodecuda::cudart

using namespace nodecuda;
using namespace nodecuda::cudart;

cudaError_t cudaDriverGetVersion(int* version) {
  return Call("cudaDriverGetVersion", [&] { return Simulated().DriverGetVersion(version); });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return Call("cudaRuntimeGetVersion", [&] { return Simulated().RuntimeGetVersion(version); });
}

cudaError_t cudaGetDeviceCount(int* count) {
  return Call("cudaGetDeviceCount", [&] { return Simulated().GetDeviceCount(count); });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return Call("cudaGetDeviceProperties", [&] {
    DeviceProperties simulated;
    const Status status = Simulated().GetDeviceProperties(&simulated, device);
    if (status == Status::kSuccess) Convert(simulated, properties);
    return status;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return Call("cudaDeviceGetAttribute", [&] {
    DeviceProperties simulated;
    const Status status = Simulated().GetDeviceProperties(&simulated, device);
    if (status != Status::kSuccess) return status;
    const std::optional<int> known = ValueOf(attribute, simulated);
    if (!known) Violation("cudaDeviceGetAttribute", "the double does not know this attribute");
    *value = *known;
    return Status::kSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return Call("cudaSetDevice", [&] {
    const Status status = Simulated().SetDevice(device);
    if (status == Status::kSuccess) SetCurrentDevice(device);
    return status;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return Call("cudaGetDevice", [&] {
    *device = NeedDevice("cudaGetDevice");
    return Status::kSuccess;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return Call("cudaDeviceSynchronize", [&] {
    NeedDevice("cudaDeviceSynchronize");
    return WaitAndPrint([] { return Simulated().DeviceSynchronize(); });
  });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return Call("cudaDeviceGetStreamPriorityRange", [&] {
    NeedDevice("cudaDeviceGetStreamPriorityRange");
    return Simulated().DeviceGetStreamPriorityRange(least, greatest);
  });
}
