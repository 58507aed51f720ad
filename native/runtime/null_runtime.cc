#include <algorithm>
#include <atomic>
#include <new>

#include "runtime/runtimes.h"

namespace nodecuda {
namespace {

constexpr std::size_t kMemory = std::size_t{16} << 30;
constexpr int kMaxBlock[] = {1024, 1024, 64};
constexpr int kMaxGrid[] = {2147483647, 65535, 65535};
constexpr std::align_val_t kPinnedAlignment{4096};

Status On(Stream stream) {
  return stream == nullptr ? Status::kInvalidResourceHandle : Status::kSuccess;
}

class NullRuntime final : public Runtime {
 public:
  Status DriverGetVersion(int* version) override { return Give(version, 13000); }
  Status RuntimeGetVersion(int* version) override { return Give(version, 13000); }
  Status GetDeviceCount(int* count) override { return Give(count, 1); }
  Status GetDeviceProperties(DeviceProperties* properties, int device) override {
    if (device != 0) return Status::kInvalidDevice;
    *properties = {};
    properties->name = "nodecuda null device";
    properties->major = 9;
    properties->total_memory = kMemory;
    properties->multiprocessor_count = 1;
    properties->max_threads_per_block = 1024;
    properties->max_threads_per_multiprocessor = 2048;
    properties->max_blocks_per_multiprocessor = 32;
    std::ranges::copy(kMaxBlock, properties->max_block_dim);
    std::ranges::copy(kMaxGrid, properties->max_grid_dim);
    properties->shared_memory_per_block = 48 << 10;
    properties->shared_memory_per_block_optin = 227 << 10;
    properties->shared_memory_per_multiprocessor = 228 << 10;
    properties->registers_per_block = 65536;
    properties->warp_size = 32;
    properties->memory_pools_supported = true;
    properties->simulated = true;
    return Status::kSuccess;
  }
  Status SetDevice(int device) override {
    return device == 0 ? Status::kSuccess : Status::kInvalidDevice;
  }
  Status DeviceSynchronize() override { return Status::kSuccess; }
  Status DeviceGetStreamPriorityRange(int* least, int* greatest) override {
    *least = *greatest = 0;
    return Status::kSuccess;
  }
  Status GetLastError() override { return Status::kSuccess; }

  Status MemGetInfo(std::size_t* free, std::size_t* total) override {
    *free = *total = kMemory;
    return Status::kSuccess;
  }
  Status MemPoolCreate(MemPool* pool, int) override { return Hand(pool); }
  Status MemPoolDestroy(MemPool) override { return Status::kSuccess; }
  Status MemPoolTrimTo(MemPool, std::size_t) override { return Status::kSuccess; }
  Status MallocFromPoolAsync(void** pointer, std::size_t bytes, MemPool, Stream stream) override {
    // Ranges do not overlap, as those of real memory do not.
    *pointer = reinterpret_cast<void*>(address_.fetch_add((bytes | 255) + 1));
    return On(stream);
  }
  Status FreeAsync(void*, Stream stream) override { return On(stream); }
  Status HostAlloc(void** pointer, std::size_t bytes, unsigned) override {
    *pointer = ::operator new(bytes, kPinnedAlignment, std::nothrow);
    return *pointer == nullptr ? Status::kMemoryAllocation : Status::kSuccess;
  }
  Status FreeHost(void* pointer) override {
    ::operator delete(pointer, kPinnedAlignment);
    return Status::kSuccess;
  }
  Status MemcpyAsync(void*, const void*, std::size_t, MemcpyKind, Stream stream) override {
    return On(stream);
  }
  Status MemsetAsync(void*, int, std::size_t, Stream stream) override { return On(stream); }

  Status StreamCreateWithPriority(Stream* stream, unsigned, int) override { return Hand(stream); }
  Status StreamDestroy(Stream stream) override { return On(stream); }
  Status StreamQuery(Stream stream) override { return On(stream); }
  Status StreamSynchronize(Stream stream) override { return On(stream); }
  Status StreamWaitEvent(Stream stream, Event, unsigned) override { return On(stream); }

  Status EventCreateWithFlags(Event* event, unsigned) override { return Hand(event); }
  Status EventDestroy(Event) override { return Status::kSuccess; }
  Status EventRecord(Event, Stream stream) override { return On(stream); }
  Status EventQuery(Event) override { return Status::kSuccess; }
  Status EventSynchronize(Event) override { return Status::kSuccess; }
  Status EventElapsedTime(float* milliseconds, Event, Event) override {
    *milliseconds = 0;
    return Status::kSuccess;
  }

  Status LibraryLoadData(Library* library, const ModuleImage&, std::string* log) override {
    log->clear();
    return Hand(library);
  }
  Status LibraryUnload(Library) override { return Status::kSuccess; }
  Status LibraryGetKernel(Kernel* kernel, Library, const char*, std::string* log) override {
    log->clear();
    return Hand(kernel);
  }
  Status LibraryGetGlobal(void** pointer, std::size_t* bytes, Library, const char*) override {
    *pointer = reinterpret_cast<void*>(address_.fetch_add(256));
    *bytes = 256;
    return Status::kSuccess;
  }
  Status KernelSetAttributeForDevice(Kernel, KernelAttribute, int, int) override {
    return Status::kSuccess;
  }
  Status FuncGetAttributes(FunctionAttributes* attributes, Kernel) override {
    *attributes = {.max_threads_per_block = 1024};
    return Status::kSuccess;
  }
  Status OccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel, int, std::size_t) override {
    return Give(blocks, 1);
  }
  Status Malloc3DArray(DeviceArray* array, const ChannelFormat&, const ArrayShape&) override {
    return Hand(array);
  }
  Status FreeArray(DeviceArray) override { return Status::kSuccess; }
  Status Memcpy3DAsync(const ArrayCopy&, Stream stream) override { return On(stream); }
  Status CreateTextureObject(TextureObject* object, const TextureResource&,
                             const TextureSampling&) override {
    return HandNumber(object);
  }
  Status DestroyTextureObject(TextureObject) override { return Status::kSuccess; }
  Status CreateSurfaceObject(SurfaceObject* object, DeviceArray) override {
    return HandNumber(object);
  }
  Status DestroySurfaceObject(SurfaceObject) override { return Status::kSuccess; }
  Status TensorMapEncodeTiled(TensorMap* map, const TensorMapTiled&) override {
    *map = {};
    return Status::kSuccess;
  }
  Status LaunchKernelExC(const LaunchConfig& config, Kernel, void**) override {
    return On(config.stream);
  }

  std::string FaultReport(int) override { return {}; }

 private:
  static Status Give(int* out, int value) {
    *out = value;
    return Status::kSuccess;
  }
  template <typename Handle>
  Status Hand(Handle* handle) {
    *handle = reinterpret_cast<Handle>(handle_.fetch_add(16));
    return Status::kSuccess;
  }
  Status HandNumber(std::uint64_t* number) {
    *number = handle_.fetch_add(16);
    return Status::kSuccess;
  }

  std::atomic<std::uintptr_t> handle_{16};
  std::atomic<std::uintptr_t> address_{std::uintptr_t{1} << 40};
};

}  // namespace

std::unique_ptr<Runtime> MakeNullRuntime() {
  return std::make_unique<NullRuntime>();
}

}  // namespace nodecuda
