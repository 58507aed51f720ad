#include "runtime/ptx_image.h"
#include "runtime/runtimes.h"

#ifndef NODECUDA_WITH_CUDA

namespace nodecuda {
std::unique_ptr<Runtime> MakeCudaRuntime() {
  return nullptr;
}
}  // namespace nodecuda

#else

#include <cuda.h>
#include <cudaTypedefs.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "runtime/cuda_types.h"

namespace nodecuda {
namespace {

// cudart remembers the last error of each thread. It is returned here, so it must not stay behind
// and turn up in the checks of other code in the process.
Status Checked(cudaError_t error) {
  if (error != cudaSuccess) cudaGetLastError();
  return static_cast<Status>(error);
}

// A null stream would mean the legacy default stream to CUDA.
template <typename Call>
Status On(Stream stream, Call call) {
  if (stream == nullptr) return Status::kInvalidResourceHandle;
  return Checked(call(Cuda(stream)));
}

void Convert(const cudaDeviceProp& from, DeviceProperties* to) {
  to->name = from.name;
  std::memcpy(to->uuid, from.uuid.bytes, sizeof to->uuid);
  to->major = from.major;
  to->minor = from.minor;
  to->total_memory = from.totalGlobalMem;
  to->multiprocessor_count = from.multiProcessorCount;
  to->max_threads_per_block = from.maxThreadsPerBlock;
  to->max_threads_per_multiprocessor = from.maxThreadsPerMultiProcessor;
  to->max_blocks_per_multiprocessor = from.maxBlocksPerMultiProcessor;
  std::copy_n(from.maxThreadsDim, 3, to->max_block_dim);
  std::copy_n(from.maxGridSize, 3, to->max_grid_dim);
  to->shared_memory_per_block = from.sharedMemPerBlock;
  to->shared_memory_per_block_optin = from.sharedMemPerBlockOptin;
  to->shared_memory_per_multiprocessor = from.sharedMemPerMultiprocessor;
  to->registers_per_block = from.regsPerBlock;
  to->warp_size = from.warpSize;
  to->memory_bus_width_bits = from.memoryBusWidth;
  to->l2_cache_bytes = static_cast<std::size_t>(from.l2CacheSize);
  to->pci_domain = from.pciDomainID;
  to->pci_bus = from.pciBusID;
  to->pci_device = from.pciDeviceID;
  to->ecc_enabled = from.ECCEnabled != 0;
  to->integrated = from.integrated != 0;
  to->memory_pools_supported = from.memoryPoolsSupported != 0;
}

// The runtime has no such call, and linking with the driver's library would need one at load time.
// It is asked for once in a process; a failure is not kept, the next call asks again.
Status FindTensorMapEncodeTiled(PFN_cuTensorMapEncodeTiled_v12000* encode) {
  static std::atomic<PFN_cuTensorMapEncodeTiled_v12000> known = nullptr;
  *encode = known.load();
  if (*encode != nullptr) return Status::kSuccess;
  constexpr unsigned kSince = 12000;
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSymbolNotFound;
  const Status status = Checked(cudaGetDriverEntryPointByVersion(
      "cuTensorMapEncodeTiled", &entry, kSince, cudaEnableDefault, &found));
  if (status != Status::kSuccess) return status;
  if (found != cudaDriverEntryPointSuccess || entry == nullptr) return Status::kSymbolNotFound;
  *encode = reinterpret_cast<PFN_cuTensorMapEncodeTiled_v12000>(entry);
  known.store(*encode);
  return Status::kSuccess;
}

// Not more than there are in LaunchConfig.
constexpr unsigned kMaxLaunchAttributes = 3;

unsigned FillAttributes(const LaunchConfig& config,
                        cudaLaunchAttribute (&attributes)[kMaxLaunchAttributes]) {
  unsigned count = 0;
  if (config.cluster.x != 0) {
    cudaLaunchAttribute& cluster = attributes[count++];
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim = {config.cluster.x, config.cluster.y, config.cluster.z};
  }
  if (config.programmatic_stream_serialization) {
    cudaLaunchAttribute& serialization = attributes[count++];
    serialization.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    serialization.val.programmaticStreamSerializationAllowed = 1;
  }
  if (config.cooperative) {
    cudaLaunchAttribute& cooperative = attributes[count++];
    cooperative.id = cudaLaunchAttributeCooperative;
    cooperative.val.cooperative = 1;
  }
  return count;
}

Status ChooseForCurrentDevice(std::span<const PtxImage> images, const PtxImage** chosen) {
  int device = 0, major = 0, minor = 0;
  Status status = Checked(cudaGetDevice(&device));
  if (status != Status::kSuccess) return status;
  status = Checked(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device));
  if (status != Status::kSuccess) return status;
  status = Checked(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device));
  if (status != Status::kSuccess) return status;
  *chosen = ChoosePtx(images, major * 10 + minor);
  return *chosen == nullptr ? Status::kNoKernelImageForDevice : Status::kSuccess;
}

// With what the driver's compiler says of PTX, also of that in a fatbin.
Status LoadImage(Library* library, const void* image, std::string* log) {
  char errors[8192] = "";
  cudaJitOption names[] = {cudaJitErrorLogBuffer, cudaJitErrorLogBufferSizeBytes};
  void* values[] = {errors, reinterpret_cast<void*>(sizeof errors)};
  const Status loaded =
      Checked(cudaLibraryLoadData(Cuda(library), image, names, values, 2, nullptr, nullptr, 0));
  if (loaded != Status::kSuccess) log->assign(errors, strnlen(errors, sizeof errors));
  return loaded;
}

Status LoadPtx(Library* library, std::span<const PtxImage> images, std::string* log) {
  const PtxImage* image = nullptr;
  const Status status = ChooseForCurrentDevice(images, &image);
  if (status != Status::kSuccess) return status;
  std::string text;
  // The driver reads up to a NUL and takes no length.
  if (!ReadPtx(*image, &text) || text.find('\0') != std::string::npos) {
    *log = "the PTX is damaged, or contains a NUL character";
    return Status::kInvalidPtx;
  }
  return LoadImage(library, text.c_str(), log);
}

class CudaRuntime final : public Runtime {
 public:
  Status DriverGetVersion(int* version) override { return Checked(cudaDriverGetVersion(version)); }
  Status RuntimeGetVersion(int* version) override {
    return Checked(cudaRuntimeGetVersion(version));
  }
  Status GetDeviceCount(int* count) override { return Checked(cudaGetDeviceCount(count)); }
  Status GetDeviceProperties(DeviceProperties* properties, int device) override {
    cudaDeviceProp from{};
    Status status = Checked(cudaGetDeviceProperties(&from, device));
    if (status != Status::kSuccess) return status;
    *properties = {};
    Convert(from, properties);
    // CUDA 13 took the clocks out of cudaDeviceProp; virtual GPUs may have none.
    Checked(cudaDeviceGetAttribute(&properties->clock_rate_khz, cudaDevAttrClockRate, device));
    Checked(cudaDeviceGetAttribute(&properties->memory_clock_rate_khz, cudaDevAttrMemoryClockRate,
                                   device));
    return Status::kSuccess;
  }
  Status SetDevice(int device) override { return Checked(cudaSetDevice(device)); }
  Status DeviceSynchronize() override { return Checked(cudaDeviceSynchronize()); }
  Status DeviceGetStreamPriorityRange(int* least, int* greatest) override {
    return Checked(cudaDeviceGetStreamPriorityRange(least, greatest));
  }
  Status GetLastError() override { return static_cast<Status>(cudaGetLastError()); }

  Status MemGetInfo(std::size_t* free, std::size_t* total) override {
    return Checked(cudaMemGetInfo(free, total));
  }
  Status MemPoolCreate(MemPool* pool, int device) override {
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location = {cudaMemLocationTypeDevice, device};
    const Status created = Checked(cudaMemPoolCreate(Cuda(pool), &properties));
    if (created != Status::kSuccess) return created;
    std::uint64_t keep_all = UINT64_MAX;
    const Status set =
        Checked(cudaMemPoolSetAttribute(Cuda(*pool), cudaMemPoolAttrReleaseThreshold, &keep_all));
    if (set != Status::kSuccess) {
      Checked(cudaMemPoolDestroy(Cuda(*pool)));
      *pool = nullptr;  // the caller would destroy it again
    }
    return set;
  }
  Status MemPoolDestroy(MemPool pool) override { return Checked(cudaMemPoolDestroy(Cuda(pool))); }
  Status MemPoolTrimTo(MemPool pool, std::size_t bytes_to_keep) override {
    return Checked(cudaMemPoolTrimTo(Cuda(pool), bytes_to_keep));
  }
  Status MallocFromPoolAsync(void** pointer, std::size_t bytes, MemPool pool,
                             Stream stream) override {
    return On(stream, [&](cudaStream_t s) {
      return cudaMallocFromPoolAsync(pointer, bytes, Cuda(pool), s);
    });
  }
  Status FreeAsync(void* pointer, Stream stream) override {
    return On(stream, [&](cudaStream_t s) { return cudaFreeAsync(pointer, s); });
  }
  Status HostAlloc(void** pointer, std::size_t bytes, unsigned flags) override {
    return Checked(cudaHostAlloc(pointer, bytes, flags));
  }
  Status FreeHost(void* pointer) override { return Checked(cudaFreeHost(pointer)); }
  Status MemcpyAsync(void* destination, const void* source, std::size_t bytes, MemcpyKind kind,
                     Stream stream) override {
    return On(stream, [&](cudaStream_t s) {
      return cudaMemcpyAsync(destination, source, bytes, static_cast<cudaMemcpyKind>(kind), s);
    });
  }
  Status MemsetAsync(void* pointer, int byte_value, std::size_t bytes, Stream stream) override {
    return On(stream,
              [&](cudaStream_t s) { return cudaMemsetAsync(pointer, byte_value, bytes, s); });
  }

  Status StreamCreateWithPriority(Stream* stream, unsigned flags, int priority) override {
    return Checked(cudaStreamCreateWithPriority(Cuda(stream), flags, priority));
  }
  Status StreamDestroy(Stream stream) override { return On(stream, cudaStreamDestroy); }
  Status StreamQuery(Stream stream) override { return On(stream, cudaStreamQuery); }
  Status StreamSynchronize(Stream stream) override { return On(stream, cudaStreamSynchronize); }
  Status StreamWaitEvent(Stream stream, Event event, unsigned flags) override {
    return On(stream, [&](cudaStream_t s) { return cudaStreamWaitEvent(s, Cuda(event), flags); });
  }

  Status EventCreateWithFlags(Event* event, unsigned flags) override {
    return Checked(cudaEventCreateWithFlags(Cuda(event), flags));
  }
  Status EventDestroy(Event event) override { return Checked(cudaEventDestroy(Cuda(event))); }
  Status EventRecord(Event event, Stream stream) override {
    return On(stream, [&](cudaStream_t s) { return cudaEventRecord(Cuda(event), s); });
  }
  Status EventQuery(Event event) override { return Checked(cudaEventQuery(Cuda(event))); }
  Status EventSynchronize(Event event) override {
    return Checked(cudaEventSynchronize(Cuda(event)));
  }
  Status EventElapsedTime(float* milliseconds, Event start, Event end) override {
    return Checked(cudaEventElapsedTime(milliseconds, Cuda(start), Cuda(end)));
  }

  Status LibraryLoadData(Library* library, const ModuleImage& image, std::string* log) override {
    log->clear();
    if (image.fatbin.empty()) return LoadPtx(library, image.ptx, log);
    return LoadImage(library, image.fatbin.data(), log);
  }
  Status LibraryUnload(Library library) override {
    return Checked(cudaLibraryUnload(Cuda(library)));
  }
  Status LibraryGetKernel(Kernel* kernel, Library library, const char* name,
                          std::string* log) override {
    log->clear();
    return Checked(cudaLibraryGetKernel(Cuda(kernel), Cuda(library), name));
  }
  Status LibraryGetGlobal(void** pointer, std::size_t* bytes, Library library,
                          const char* name) override {
    return Checked(cudaLibraryGetGlobal(pointer, bytes, Cuda(library), name));
  }
  Status KernelSetAttributeForDevice(Kernel kernel, KernelAttribute attribute, int value,
                                     int device) override {
    return Checked(cudaKernelSetAttributeForDevice(
        Cuda(kernel), static_cast<cudaFuncAttribute>(attribute), value, device));
  }
  Status FuncGetAttributes(FunctionAttributes* attributes, Kernel kernel) override {
    cudaFuncAttributes from{};
    const Status status = Checked(cudaFuncGetAttributes(&from, kernel));
    if (status == Status::kSuccess) {
      *attributes = {from.sharedSizeBytes, from.localSizeBytes, from.constSizeBytes, from.numRegs,
                     from.maxThreadsPerBlock};
    }
    return status;
  }
  Status OccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel kernel, int block_threads,
                                                   std::size_t dynamic_shared_bytes) override {
    return Checked(cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, block_threads,
                                                                 dynamic_shared_bytes));
  }
  Status Malloc3DArray(DeviceArray* array, const ChannelFormat& format,
                       const ArrayShape& shape) override {
    const cudaChannelFormatDesc channels = Cuda(format);
    return Checked(cudaMalloc3DArray(reinterpret_cast<cudaArray_t*>(array), &channels, Cuda(shape),
                                     shape.flags));
  }
  Status FreeArray(DeviceArray array) override { return Checked(cudaFreeArray(Cuda(array))); }
  Status Memcpy3DAsync(const ArrayCopy& copy, Stream stream) override {
    cudaMemcpy3DParms parameters{};
    parameters.extent = Cuda(copy.shape);
    // A dimension that is not there is one element long to a copy.
    if (parameters.extent.height == 0) parameters.extent.height = 1;
    if (parameters.extent.depth == 0) parameters.extent.depth = 1;
    const cudaPitchedPtr memory{copy.memory, copy.shape.width * copy.format.bytes(),
                                copy.shape.width, parameters.extent.height};
    (copy.to_array ? parameters.srcPtr : parameters.dstPtr) = memory;
    (copy.to_array ? parameters.dstArray : parameters.srcArray) = Cuda(copy.array);
    parameters.kind = cudaMemcpyDeviceToDevice;
    return On(stream, [&](cudaStream_t s) { return cudaMemcpy3DAsync(&parameters, s); });
  }
  Status CreateTextureObject(TextureObject* object, const TextureResource& resource,
                             const TextureSampling& sampling) override {
    const cudaResourceDesc described = Cuda(resource);
    const cudaTextureDesc texture = Cuda(sampling);
    cudaTextureObject_t made = 0;
    const Status status = Checked(cudaCreateTextureObject(&made, &described, &texture, nullptr));
    *object = made;
    return status;
  }
  Status DestroyTextureObject(TextureObject object) override {
    return Checked(cudaDestroyTextureObject(object));
  }
  Status CreateSurfaceObject(SurfaceObject* object, DeviceArray array) override {
    TextureResource resource;
    resource.array = array;
    const cudaResourceDesc described = Cuda(resource);
    cudaSurfaceObject_t made = 0;
    const Status status = Checked(cudaCreateSurfaceObject(&made, &described));
    *object = made;
    return status;
  }
  Status DestroySurfaceObject(SurfaceObject object) override {
    return Checked(cudaDestroySurfaceObject(object));
  }
  Status TensorMapEncodeTiled(TensorMap* map, const TensorMapTiled& tiled) override {
    PFN_cuTensorMapEncodeTiled_v12000 encode = nullptr;
    const Status found = FindTensorMapEncodeTiled(&encode);
    if (found != Status::kSuccess) return found;
    return static_cast<Status>(
        encode(reinterpret_cast<CUtensorMap*>(map),
               static_cast<CUtensorMapDataType>(tiled.data_type), tiled.rank, tiled.global_address,
               tiled.global_dim, tiled.global_strides, tiled.box_dim, tiled.element_strides,
               CU_TENSOR_MAP_INTERLEAVE_NONE, static_cast<CUtensorMapSwizzle>(tiled.swizzle),
               static_cast<CUtensorMapL2promotion>(tiled.l2_promotion),
               CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE));
  }
  Status LaunchKernelExC(const LaunchConfig& config, Kernel kernel, void** arguments) override {
    return On(config.stream, [&](cudaStream_t s) {
      cudaLaunchConfig_t launch{};
      launch.gridDim = Cuda(config.grid);
      launch.blockDim = Cuda(config.block);
      launch.dynamicSmemBytes = config.dynamic_shared_bytes;
      launch.stream = s;
      cudaLaunchAttribute attributes[kMaxLaunchAttributes] = {};
      launch.attrs = attributes;
      launch.numAttrs = FillAttributes(config, attributes);
      return cudaLaunchKernelExC(&launch, kernel, arguments);
    });
  }

  std::string FaultReport(int) override { return {}; }
};

}  // namespace

std::unique_ptr<Runtime> MakeCudaRuntime() {
  return std::make_unique<CudaRuntime>();
}

}  // namespace nodecuda

#endif  // NODECUDA_WITH_CUDA
