#ifndef NODECUDA_RUNTIME_RUNTIME_H_
#define NODECUDA_RUNTIME_RUNTIME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/status.h"
#include "runtime/tensor_map.h"
#include "runtime/texture.h"

namespace nodecuda {

// Opaque handles, the same bits as CUDA's own. A null stream is never valid here: what CUDA would
// take for the legacy default stream is refused, so that a lost handle cannot change meaning.
using Stream = struct OpaqueStream*;
using Event = struct OpaqueEvent*;
using MemPool = struct OpaqueMemPool*;
using Library = struct OpaqueLibrary*;
using Kernel = struct OpaqueKernel*;

class MeterLog;
class PrintfFifo;

enum class MemcpyKind : int { kHostToDevice = 1, kDeviceToHost = 2, kDeviceToDevice = 3 };

// Values as in cuda_runtime_api.h.
inline constexpr unsigned kStreamNonBlocking = 1;
inline constexpr unsigned kEventDefault = 0;
inline constexpr unsigned kEventDisableTiming = 2;
inline constexpr unsigned kHostAllocDefault = 0;

struct Dim3 {
  std::uint32_t x = 1, y = 1, z = 1;
};

struct LaunchConfig {
  Dim3 grid;
  Dim3 block;
  std::size_t dynamic_shared_bytes = 0;
  Stream stream = nullptr;
  // Blocks of a cluster; the grid is a multiple of it. All 0: what the kernel was compiled for, no
  // clusters as a rule. (cudaLaunchAttributeClusterDimension)
  Dim3 cluster{0, 0, 0};
  // The kernel may start before its predecessor in the stream has ended, and waits for it with
  // griddepcontrol.wait. (cudaLaunchAttributeProgrammaticStreamSerialization)
  bool programmatic_stream_serialization = false;
  // All blocks are on the device at one time, so that they may wait for each other.
  // (cudaLaunchAttributeCooperative)
  bool cooperative = false;
  // Where the simulated device leaves what the kernel prints; null: nowhere. A GPU's driver writes
  // it to stdout by itself.
  std::shared_ptr<PrintfFifo> printf = nullptr;
};

// What a kernel takes on a device, compiled for it (cudaFuncAttributes).
struct FunctionAttributes {
  std::size_t shared_bytes = 0;  // static
  std::size_t local_bytes = 0;   // per thread
  std::size_t const_bytes = 0;   // of the module, not its parameters
  int registers = -1;            // per thread; -1: not known, as on the simulated device
  int max_threads_per_block = 0;
};

// Values as in driver_types.h.
enum class KernelAttribute : int { kMaxDynamicSharedMemorySize = 8 };

// One compiled form of a module's device code: PTX for one target.
struct PtxImage {
  int target = 0;  // 75 for sm_75
  std::string_view text;
  bool gzipped = false;
  bool architecture_specific = false;  // sm_90a: for devices of that capability alone
  // Part of the binary: there as long as the process, and checked when that was built. What is made
  // of it may be shared by devices and kept.
  bool embedded = false;
};

// What a module is loaded from. A runtime takes the form it can run: CUDA the fatbin (or, where
// there is none, the PTX), the simulated device the PTX with the highest target that is not above
// its capability (ptx_image.h). The memory must stay valid until the library is unloaded.
struct ModuleImage {
  std::span<const std::byte> fatbin;
  std::span<const PtxImage> ptx;
};

struct DeviceProperties {
  std::string name;
  std::uint8_t uuid[16] = {};
  int major = 0, minor = 0;
  std::size_t total_memory = 0;
  int multiprocessor_count = 0;
  int max_threads_per_block = 0;
  int max_threads_per_multiprocessor = 0;
  int max_blocks_per_multiprocessor = 0;
  int max_block_dim[3] = {};
  int max_grid_dim[3] = {};
  std::size_t shared_memory_per_block = 0;
  std::size_t shared_memory_per_block_optin = 0;
  std::size_t shared_memory_per_multiprocessor = 0;
  int registers_per_block = 0;
  int warp_size = 0;
  int memory_bus_width_bits = 0;
  std::size_t l2_cache_bytes = 0;
  int clock_rate_khz = 0;
  int memory_clock_rate_khz = 0;
  int pci_domain = 0, pci_bus = 0, pci_device = 0;
  bool ecc_enabled = false;
  bool integrated = false;
  bool memory_pools_supported = false;
  bool simulated = false;
};

// The CUDA runtime calls this library uses, one virtual each, named as in CUDA without the prefix.
// Everything above goes through this interface and never asks which runtime it is talking to.
//
// Threads: every call may be made from any thread. As in CUDA, the current device belongs to the
// calling thread: call SetDevice before calls that act on "the current device".
// Asynchronous calls return before the work is done; an error of that work is returned by a later
// call on the same device.
class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual Status DriverGetVersion(int* version) = 0;  // 13000 for 13.0; 0 without a driver
  virtual Status RuntimeGetVersion(int* version) = 0;
  virtual Status GetDeviceCount(int* count) = 0;
  virtual Status GetDeviceProperties(DeviceProperties* properties, int device) = 0;
  virtual Status SetDevice(int device) = 0;
  virtual Status DeviceSynchronize() = 0;
  virtual Status DeviceGetStreamPriorityRange(int* least, int* greatest) = 0;
  virtual Status GetLastError() = 0;  // clears the calling thread's last error, not a fatal one

  virtual Status MemGetInfo(std::size_t* free, std::size_t* total) = 0;
  // A pool of device memory on `device` that keeps what is freed until MemPoolTrimTo.
  // (cudaMemPoolCreate, and cudaMemPoolSetAttribute with the highest release threshold.)
  virtual Status MemPoolCreate(MemPool* pool, int device) = 0;
  virtual Status MemPoolDestroy(MemPool pool) = 0;
  virtual Status MemPoolTrimTo(MemPool pool, std::size_t bytes_to_keep) = 0;
  virtual Status MallocFromPoolAsync(void** pointer, std::size_t bytes, MemPool pool,
                                     Stream stream) = 0;
  virtual Status FreeAsync(void* pointer, Stream stream) = 0;
  virtual Status HostAlloc(void** pointer, std::size_t bytes, unsigned flags) = 0;
  virtual Status FreeHost(void* pointer) = 0;
  virtual Status MemcpyAsync(void* destination, const void* source, std::size_t bytes,
                             MemcpyKind kind, Stream stream) = 0;
  virtual Status MemsetAsync(void* pointer, int byte_value, std::size_t bytes, Stream stream) = 0;

  virtual Status StreamCreateWithPriority(Stream* stream, unsigned flags, int priority) = 0;
  virtual Status StreamDestroy(Stream stream) = 0;  // pending work still completes
  virtual Status StreamQuery(Stream stream) = 0;
  virtual Status StreamSynchronize(Stream stream) = 0;
  virtual Status StreamWaitEvent(Stream stream, Event event, unsigned flags) = 0;

  virtual Status EventCreateWithFlags(Event* event, unsigned flags) = 0;
  virtual Status EventDestroy(Event event) = 0;
  virtual Status EventRecord(Event event, Stream stream) = 0;
  virtual Status EventQuery(Event event) = 0;
  virtual Status EventSynchronize(Event event) = 0;
  virtual Status EventElapsedTime(float* milliseconds, Event start, Event end) = 0;

  // On failure `log` tells why in the loader's words (may stay empty). The library belongs to the
  // process, as in CUDA, and can be used on every device.
  virtual Status LibraryLoadData(Library* library, const ModuleImage& image, std::string* log) = 0;
  virtual Status LibraryUnload(Library library) = 0;
  // On failure `log` tells why where that is known (may stay empty).
  virtual Status LibraryGetKernel(Kernel* kernel, Library library, const char* name,
                                  std::string* log) = 0;
  // The memory on the current device of a variable of the module.
  virtual Status LibraryGetGlobal(void** pointer, std::size_t* bytes, Library library,
                                  const char* name) = 0;
  virtual Status KernelSetAttributeForDevice(Kernel kernel, KernelAttribute attribute, int value,
                                             int device) = 0;
  // Also has the kernel's code loaded on the current device, which its first launch would do
  // otherwise.
  virtual Status FuncGetAttributes(FunctionAttributes* attributes, Kernel kernel) = 0;
  // How many blocks of that many threads are on a multiprocessor of the current device at one time.
  virtual Status OccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel kernel,
                                                           int block_threads,
                                                           std::size_t dynamic_shared_bytes) = 0;
  // Memory of a layout of the device's own, on the current one. kInvalidValue for a shape or format
  // that it has not.
  virtual Status Malloc3DArray(DeviceArray* array, const ChannelFormat& format,
                               const ArrayShape& shape) = 0;
  virtual Status FreeArray(DeviceArray array) = 0;  // which nothing may use any more
  virtual Status Memcpy3DAsync(const ArrayCopy& copy, Stream stream) = 0;
  // For kernels on the current device. kInvalidValue where resource and sampling do not go
  // together.
  virtual Status CreateTextureObject(TextureObject* object, const TextureResource& resource,
                                     const TextureSampling& sampling) = 0;
  virtual Status DestroyTextureObject(TextureObject object) = 0;
  virtual Status CreateSurfaceObject(SurfaceObject* object, DeviceArray array) = 0;
  virtual Status DestroySurfaceObject(SurfaceObject object) = 0;
  // Fills *map. Needs compute capability 9.0; kInvalidValue when `tiled` breaks a rule stated
  // there. (cuTensorMapEncodeTiled, without interleave and with zeros for what is outside.)
  virtual Status TensorMapEncodeTiled(TensorMap* map, const TensorMapTiled& tiled) = 0;
  // `arguments` points at one pointer per kernel parameter; the values are copied before return.
  virtual Status LaunchKernelExC(const LaunchConfig& config, Kernel kernel, void** arguments) = 0;

  // What is known about the fatal fault of `device`, for people: kernel, thread, line, address.
  // Empty where nothing is (always so on CUDA).
  virtual std::string FaultReport(int device) = 0;

  // Has the launches that follow on a simulated device counted; null ends that. kNotReady while
  // another does, kNotSupported on a GPU.
  virtual Status SetMeter(int, const std::shared_ptr<MeterLog>&) { return Status::kNotSupported; }
};

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_RUNTIME_H_
