#include <mutex>
#include <optional>
#include <utility>

#include "runtime/runtimes.h"

namespace nodecuda {
namespace {

class FaultRuntimeImpl final : public FaultRuntime {
 public:
  explicit FaultRuntimeImpl(std::shared_ptr<Runtime> inner) : inner_(std::move(inner)) {}

  void Fail(const std::string& call, std::uint64_t nth, Status status, Mode mode) override {
    std::lock_guard lock(mutex_);
    order_ = Order{call, nth, status, mode};
  }
  void ClearFaults() override {
    std::lock_guard lock(mutex_);
    order_.reset();
  }
  std::vector<std::string> Log() const override {
    std::lock_guard lock(mutex_);
    return log_;
  }
  void ClearLog() override {
    std::lock_guard lock(mutex_);
    log_.clear();
  }
  Live live() const override {
    std::lock_guard lock(mutex_);
    return live_;
  }

// FORWARD(F, a, b) is inner_->F(a, b) under the name "F"; FORWARD_LIVE also counts what it makes
// or gives back.
#define FORWARD(name, ...) return Call(#name, nullptr, 0, &Runtime::name __VA_OPT__(, ) __VA_ARGS__)
#define FORWARD_LIVE(counter, change, name, ...) \
  return Call(#name, &live_.counter, change, &Runtime::name, __VA_ARGS__)

  Status DriverGetVersion(int* version) override {
    FORWARD(DriverGetVersion, version);
  }
  Status RuntimeGetVersion(int* version) override {
    FORWARD(RuntimeGetVersion, version);
  }
  Status GetDeviceCount(int* count) override {
    FORWARD(GetDeviceCount, count);
  }
  Status GetDeviceProperties(DeviceProperties* properties, int device) override {
    FORWARD(GetDeviceProperties, properties, device);
  }
  Status SetDevice(int device) override {
    FORWARD(SetDevice, device);
  }
  Status DeviceSynchronize() override {
    FORWARD(DeviceSynchronize);
  }
  Status DeviceGetStreamPriorityRange(int* least, int* greatest) override {
    FORWARD(DeviceGetStreamPriorityRange, least, greatest);
  }
  Status GetLastError() override {
    FORWARD(GetLastError);
  }

  Status MemGetInfo(std::size_t* free, std::size_t* total) override {
    FORWARD(MemGetInfo, free, total);
  }
  Status MemPoolCreate(MemPool* pool, int device) override {
    FORWARD_LIVE(pools, 1, MemPoolCreate, pool, device);
  }
  Status MemPoolDestroy(MemPool pool) override {
    FORWARD_LIVE(pools, -1, MemPoolDestroy, pool);
  }
  Status MemPoolTrimTo(MemPool pool, std::size_t bytes_to_keep) override {
    FORWARD(MemPoolTrimTo, pool, bytes_to_keep);
  }
  Status MallocFromPoolAsync(void** pointer, std::size_t bytes, MemPool pool,
                             Stream stream) override {
    FORWARD_LIVE(allocations, 1, MallocFromPoolAsync, pointer, bytes, pool, stream);
  }
  Status FreeAsync(void* pointer, Stream stream) override {
    FORWARD_LIVE(allocations, -1, FreeAsync, pointer, stream);
  }
  Status HostAlloc(void** pointer, std::size_t bytes, unsigned flags) override {
    FORWARD_LIVE(pinned, 1, HostAlloc, pointer, bytes, flags);
  }
  Status FreeHost(void* pointer) override {
    FORWARD_LIVE(pinned, -1, FreeHost, pointer);
  }
  Status MemcpyAsync(void* destination, const void* source, std::size_t bytes, MemcpyKind kind,
                     Stream stream) override {
    FORWARD(MemcpyAsync, destination, source, bytes, kind, stream);
  }
  Status MemsetAsync(void* pointer, int byte_value, std::size_t bytes, Stream stream) override {
    FORWARD(MemsetAsync, pointer, byte_value, bytes, stream);
  }

  Status StreamCreateWithPriority(Stream* stream, unsigned flags, int priority) override {
    FORWARD_LIVE(streams, 1, StreamCreateWithPriority, stream, flags, priority);
  }
  Status StreamDestroy(Stream stream) override {
    FORWARD_LIVE(streams, -1, StreamDestroy, stream);
  }
  Status StreamQuery(Stream stream) override {
    FORWARD(StreamQuery, stream);
  }
  Status StreamSynchronize(Stream stream) override {
    FORWARD(StreamSynchronize, stream);
  }
  Status StreamWaitEvent(Stream stream, Event event, unsigned flags) override {
    FORWARD(StreamWaitEvent, stream, event, flags);
  }

  Status EventCreateWithFlags(Event* event, unsigned flags) override {
    FORWARD_LIVE(events, 1, EventCreateWithFlags, event, flags);
  }
  Status EventDestroy(Event event) override {
    FORWARD_LIVE(events, -1, EventDestroy, event);
  }
  Status EventRecord(Event event, Stream stream) override {
    FORWARD(EventRecord, event, stream);
  }
  Status EventQuery(Event event) override {
    FORWARD(EventQuery, event);
  }
  Status EventSynchronize(Event event) override {
    FORWARD(EventSynchronize, event);
  }
  Status EventElapsedTime(float* milliseconds, Event start, Event end) override {
    FORWARD(EventElapsedTime, milliseconds, start, end);
  }

  Status LibraryLoadData(Library* library, const ModuleImage& image, std::string* log) override {
    FORWARD_LIVE(libraries, 1, LibraryLoadData, library, image, log);
  }
  Status LibraryUnload(Library library) override {
    FORWARD_LIVE(libraries, -1, LibraryUnload, library);
  }
  Status LibraryGetKernel(Kernel* kernel, Library library, const char* name,
                          std::string* log) override {
    FORWARD(LibraryGetKernel, kernel, library, name, log);
  }
  Status LibraryGetGlobal(void** pointer, std::size_t* bytes, Library library,
                          const char* name) override {
    FORWARD(LibraryGetGlobal, pointer, bytes, library, name);
  }
  Status KernelSetAttributeForDevice(Kernel kernel, KernelAttribute attribute, int value,
                                     int device) override {
    FORWARD(KernelSetAttributeForDevice, kernel, attribute, value, device);
  }
  Status FuncGetAttributes(FunctionAttributes* attributes, Kernel kernel) override {
    FORWARD(FuncGetAttributes, attributes, kernel);
  }
  Status OccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel kernel, int block_threads,
                                                   std::size_t dynamic_shared_bytes) override {
    FORWARD(OccupancyMaxActiveBlocksPerMultiprocessor, blocks, kernel, block_threads,
            dynamic_shared_bytes);
  }
  Status Malloc3DArray(DeviceArray* array, const ChannelFormat& format,
                       const ArrayShape& shape) override {
    FORWARD_LIVE(arrays, 1, Malloc3DArray, array, format, shape);
  }
  Status FreeArray(DeviceArray array) override {
    FORWARD_LIVE(arrays, -1, FreeArray, array);
  }
  Status Memcpy3DAsync(const ArrayCopy& copy, Stream stream) override {
    FORWARD(Memcpy3DAsync, copy, stream);
  }
  Status CreateTextureObject(TextureObject* object, const TextureResource& resource,
                             const TextureSampling& sampling) override {
    FORWARD_LIVE(textures, 1, CreateTextureObject, object, resource, sampling);
  }
  Status DestroyTextureObject(TextureObject object) override {
    FORWARD_LIVE(textures, -1, DestroyTextureObject, object);
  }
  Status CreateSurfaceObject(SurfaceObject* object, DeviceArray array) override {
    FORWARD_LIVE(textures, 1, CreateSurfaceObject, object, array);
  }
  Status DestroySurfaceObject(SurfaceObject object) override {
    FORWARD_LIVE(textures, -1, DestroySurfaceObject, object);
  }
  Status TensorMapEncodeTiled(TensorMap* map, const TensorMapTiled& tiled) override {
    FORWARD(TensorMapEncodeTiled, map, tiled);
  }
  Status LaunchKernelExC(const LaunchConfig& config, Kernel kernel, void** arguments) override {
    FORWARD(LaunchKernelExC, config, kernel, arguments);
  }

#undef FORWARD
#undef FORWARD_LIVE

  // Not a CUDA call: neither logged nor failed.
  std::string FaultReport(int device) override {
    return inner_->FaultReport(device);
  }
  Status SetMeter(int device, const std::shared_ptr<MeterLog>& meter) override {
    return inner_->SetMeter(device, meter);
  }

 private:
  struct Order {
    std::string call;
    std::uint64_t left = 0;  // the matching call that makes this 0 is the first to fail
    Status status = Status::kSuccess;
    Mode mode = Mode::kOnce;
    bool triggered = false;
  };

  // The idiom of every call: log, fail or forward, count.
  template <typename... Parameters, typename... Arguments>
  Status Call(const char* name, std::int64_t* counter, int change,
              Status (Runtime::*method)(Parameters...), Arguments&&... arguments) {
    if (const std::optional<Status> fault = Enter(name)) return *fault;
    const Status status = ((*inner_).*method)(std::forward<Arguments>(arguments)...);
    if (counter != nullptr && status == Status::kSuccess) {
      std::lock_guard lock(mutex_);
      *counter += change;
    }
    return status;
  }

  std::optional<Status> Enter(const char* name) {
    std::lock_guard lock(mutex_);
    log_.emplace_back(name);
    if (!order_) return std::nullopt;
    Order& order = *order_;
    if (!order.triggered) {
      if (order.call != "*" && order.call != name) return std::nullopt;
      if (order.left > 1) {
        --order.left;
        return std::nullopt;
      }
      order.triggered = true;
      order.call = name;  // what kPersistent goes on failing
      return order.status;
    }
    const bool again =
        order.mode == Mode::kSticky || (order.mode == Mode::kPersistent && order.call == name);
    return again ? std::optional(order.status) : std::nullopt;
  }

  const std::shared_ptr<Runtime> inner_;
  mutable std::mutex mutex_;
  std::optional<Order> order_;
  std::vector<std::string> log_;
  Live live_;
};

}  // namespace

std::unique_ptr<FaultRuntime> MakeFaultRuntime(std::shared_ptr<Runtime> inner) {
  return std::make_unique<FaultRuntimeImpl>(std::move(inner));
}

}  // namespace nodecuda
