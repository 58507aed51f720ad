#include "simulator/simulated_runtime.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

#include "simulator/capabilities.h"
#include "simulator/exec/memory/tensor_map.h"
#include "simulator/handle_table.h"
#include "simulator/launch.h"
#include "simulator/memory/pinned_memory.h"
#include "simulator/simulated_device.h"
#include "simulator/simulated_library.h"
#include "simulator/textures.h"
#include "simulator/transfers.h"

namespace nodecuda::simulator {
namespace {

constexpr int kVersion = 13000;
constexpr int kLeastPriority = 0, kGreatestPriority = -5;
constexpr unsigned kEventBlockingSync = 1;  // allowed, of no effect

// As in CUDA the current device belongs to the thread. Runtimes differ in how many devices they
// have, so each checks the number when it uses it.
thread_local int current_device = 0;

struct KernelState {
  KernelState(std::shared_ptr<SimulatedLibrary> its_library, std::string its_name,
              std::size_t devices)
      : library(std::move(its_library)),
        name(std::move(its_name)),
        max_dynamic_shared_bytes(devices) {}

  const std::shared_ptr<SimulatedLibrary> library;
  const std::string name;
  // By device: what the attribute of that name was set to.
  std::vector<std::atomic<int>> max_dynamic_shared_bytes;
};

class SimulatedRuntime final : public Runtime {
 public:
  explicit SimulatedRuntime(const SimulatedOptions& options)
      : late_copies_(options.late_copies ||
                     (options.checks != nullptr && options.checks->Checks(CheckKind::kSync))),
        schedule_(options.schedule),
        time_limit_(options.time_limit),
        checks_(options.checks) {
    if (checks_ != nullptr && checks_->Checks(CheckKind::kRace))
      monitor_.races = std::make_unique<StreamRaces>(checks_);
    for (int i = 0; i < options.device_count; ++i) {
      devices_.push_back(std::make_unique<SimulatedDevice>(
          monitor_, SimulatedProperties(options, i), options.workers, options.checks));
    }
    if (checks_ == nullptr) return;
    checks_->SetLeakFinder([this] {
      for (const auto& device : devices_) device->FindLeaks();
    });
  }
  ~SimulatedRuntime() override {
    if (checks_ != nullptr) checks_->SetLeakFinder(nullptr);
    for (const auto& device : devices_) device->Stop();
  }

  Status DriverGetVersion(int* version) override {
    *version = kVersion;
    return Status::kSuccess;
  }
  Status RuntimeGetVersion(int* version) override {
    *version = kVersion;
    return Status::kSuccess;
  }
  Status GetDeviceCount(int* count) override {
    *count = static_cast<int>(devices_.size());
    return devices_.empty() ? Status::kNoDevice : Status::kSuccess;
  }
  Status GetDeviceProperties(DeviceProperties* properties, int device) override {
    if (!DeviceAt(device)) return Status::kInvalidDevice;
    *properties = DeviceAt(device)->properties();
    return Status::kSuccess;
  }
  Status SetDevice(int device) override {
    if (!DeviceAt(device)) return Status::kInvalidDevice;
    current_device = device;
    return Status::kSuccess;
  }
  Status DeviceSynchronize() override {
    SimulatedDevice* device = Current();
    return device ? device->SynchronizeAll() : Status::kInvalidDevice;
  }
  Status DeviceGetStreamPriorityRange(int* least, int* greatest) override {
    *least = kLeastPriority;
    *greatest = kGreatestPriority;
    return CurrentFault();
  }
  // Errors are returned by the call they belong to and not kept; only a fault stays.
  Status GetLastError() override { return CurrentFault(); }

  Status MemGetInfo(std::size_t* free, std::size_t* total) override {
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    const DeviceMemory& memory = Current()->memory();
    *total = memory.capacity();
    *free = *total - memory.used();
    return Status::kSuccess;
  }
  // A pool keeps nothing back: what is freed is free for all.
  Status MemPoolCreate(MemPool* pool, int device) override {
    if (!DeviceAt(device)) return Status::kInvalidDevice;
    const Status status = DeviceAt(device)->fault();
    if (status == Status::kSuccess) *pool = pools_.Add(std::make_shared<PoolState>(device));
    return status;
  }
  Status MemPoolDestroy(MemPool pool) override {
    const auto state = pools_.Remove(pool);
    return state ? DeviceAt(*state)->fault() : Status::kInvalidResourceHandle;
  }
  Status MemPoolTrimTo(MemPool pool, std::size_t) override {
    const auto state = pools_.Find(pool);
    return state ? DeviceAt(*state)->fault() : Status::kInvalidResourceHandle;
  }
  Status MallocFromPoolAsync(void** pointer, std::size_t bytes, MemPool pool,
                             Stream stream) override {
    *pointer = nullptr;
    const auto queue = streams_.Find(stream);
    const auto state = pools_.Find(pool);
    if (!queue || !state) return Status::kInvalidResourceHandle;
    if (DeviceAt(*state) != queue->device) return Status::kInvalidValue;
    return queue->device->Allocate(bytes, *queue, pointer);
  }
  Status FreeAsync(void* pointer, Stream stream) override {
    const auto queue = streams_.Find(stream);
    if (!queue) return Status::kInvalidResourceHandle;
    return queue->device->Free(pointer, queue);
  }
  Status HostAlloc(void** pointer, std::size_t bytes, unsigned) override {
    *pointer = nullptr;
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    return pinned_.Allocate(bytes, pointer);
  }
  Status FreeHost(void* pointer) override { return pinned_.Release(pointer); }

  Status MemcpyAsync(void* destination, const void* source, std::size_t bytes, MemcpyKind kind,
                     Stream stream) override {
    const auto queue = streams_.Find(stream);
    if (!queue) return Status::kInvalidResourceHandle;
    return transfers_.Copy(queue, destination, source, bytes, kind);
  }
  Status MemsetAsync(void* pointer, int byte_value, std::size_t bytes, Stream stream) override {
    const auto queue = streams_.Find(stream);
    if (!queue) return Status::kInvalidResourceHandle;
    return transfers_.Fill(queue, pointer, byte_value, bytes);
  }

  Status StreamCreateWithPriority(Stream* stream, unsigned flags, int priority) override {
    *stream = nullptr;
    if (flags > kStreamNonBlocking) return Status::kInvalidValue;
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    priority = std::clamp(priority, kGreatestPriority, kLeastPriority);
    *stream = streams_.Add(Current()->CreateStream(priority));
    return Status::kSuccess;
  }
  Status StreamDestroy(Stream stream) override {
    const auto queue = streams_.Remove(stream);
    return queue ? queue->device->DestroyStream(queue) : Status::kInvalidResourceHandle;
  }
  Status StreamQuery(Stream stream) override {
    const auto queue = streams_.Find(stream);
    return queue ? queue->device->Query(*queue) : Status::kInvalidResourceHandle;
  }
  Status StreamSynchronize(Stream stream) override {
    const auto queue = streams_.Find(stream);
    return queue ? queue->device->Synchronize(queue) : Status::kInvalidResourceHandle;
  }
  Status StreamWaitEvent(Stream stream, Event event, unsigned flags) override {
    const auto queue = streams_.Find(stream);
    const auto state = events_.Find(event);
    if (!queue || !state) return Status::kInvalidResourceHandle;
    if (flags != 0) return Status::kInvalidValue;
    return queue->device->Wait(queue, *state);
  }

  Status EventCreateWithFlags(Event* event, unsigned flags) override {
    *event = nullptr;
    if ((flags & ~(kEventBlockingSync | kEventDisableTiming)) != 0) return Status::kInvalidValue;
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    const bool timing = (flags & kEventDisableTiming) == 0;
    *event = events_.Add(std::make_shared<EventState>(EventState{Current(), timing, nullptr}));
    return Status::kSuccess;
  }
  Status EventDestroy(Event event) override {
    const auto state = events_.Remove(event);
    return state ? state->device->fault() : Status::kInvalidResourceHandle;
  }
  Status EventRecord(Event event, Stream stream) override {
    const auto state = events_.Find(event);
    const auto queue = streams_.Find(stream);
    if (!state || !queue || state->device != queue->device) return Status::kInvalidResourceHandle;
    return state->device->Record(state, queue);
  }
  Status EventQuery(Event event) override {
    const auto state = events_.Find(event);
    return state ? state->device->Query(*state) : Status::kInvalidResourceHandle;
  }
  Status EventSynchronize(Event event) override {
    const auto state = events_.Find(event);
    return state ? state->device->Synchronize(*state) : Status::kInvalidResourceHandle;
  }
  Status EventElapsedTime(float* milliseconds, Event start, Event end) override {
    const auto first = events_.Find(start);
    const auto last = events_.Find(end);
    if (!first || !last || first->device != last->device) return Status::kInvalidResourceHandle;
    return first->device->ElapsedTime(milliseconds, *first, *last);
  }

  Status LibraryLoadData(Library* library, const ModuleImage& image, std::string* log) override {
    *library = nullptr;
    log->clear();
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    auto loaded = std::make_shared<SimulatedLibrary>(image.ptx);
    std::shared_ptr<const Program> program;  // decoded now, so that its errors come out here
    const Status status = loaded->ProgramFor(*Current(), &program, log);
    if (status == Status::kSuccess) *library = libraries_.Add(std::move(loaded));
    return status;
  }
  Status LibraryUnload(Library library) override {
    const auto state = libraries_.Remove(library);
    if (!state) return Status::kInvalidResourceHandle;
    for (const auto& [name, kernel] : state->kernels()) kernels_.Remove(kernel);
    return Status::kSuccess;
  }
  Status LibraryGetKernel(Kernel* kernel, Library library, const char* name,
                          std::string* log) override {
    *kernel = nullptr;
    log->clear();
    const auto state = libraries_.Find(library);
    if (!state) return Status::kInvalidResourceHandle;
    if (name == nullptr) return Status::kInvalidValue;
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    std::shared_ptr<const Program> program;
    const Status status = state->ProgramFor(*Current(), &program, log);
    if (status != Status::kSuccess) return status;
    if (!program->HasKernel(name)) return Status::kSymbolNotFound;
    // Decoded now, so that its errors come out here; what is embedded has none.
    LoadFailure failure;
    if (!state->embedded() &&
        program->FindKernel(name, Current()->is_watched(), &failure) == nullptr) {
      *log = std::move(failure.log);
      return failure.status;
    }
    *kernel = state->KernelHandle(name, [&] {
      return kernels_.Add(std::make_shared<KernelState>(state, name, devices_.size()));
    });
    return Status::kSuccess;
  }
  Status LibraryGetGlobal(void** pointer, std::size_t* bytes, Library library,
                          const char* name) override {
    *pointer = nullptr;
    *bytes = 0;
    const auto state = libraries_.Find(library);
    if (!state) return Status::kInvalidResourceHandle;
    if (name == nullptr) return Status::kInvalidValue;
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    std::shared_ptr<const Program> program;
    const Status status = state->ProgramFor(*Current(), &program, nullptr);
    if (status != Status::kSuccess) return status;
    const GlobalVariable variable = program->FindVariable(name);
    if (variable.address == 0) return Status::kSymbolNotFound;
    *pointer = reinterpret_cast<void*>(variable.address);
    *bytes = variable.bytes;
    return Status::kSuccess;
  }
  Status KernelSetAttributeForDevice(Kernel kernel, KernelAttribute attribute, int value,
                                     int device) override {
    const auto state = kernels_.Find(kernel);
    if (!state) return Status::kInvalidResourceHandle;
    if (DeviceAt(device) == nullptr) return Status::kInvalidDevice;
    if (attribute != KernelAttribute::kMaxDynamicSharedMemorySize) return Status::kInvalidValue;
    std::shared_ptr<const Program> program;
    const Status status = state->library->ProgramFor(*DeviceAt(device), &program, nullptr);
    if (status != Status::kSuccess) return status;
    if (!program->HasKernel(state->name)) return Status::kInvalidDeviceFunction;
    // What else the kernel takes is not known before it is decoded; the launch asks again.
    const KernelInfo* info = program->FindDecoded(state->name);
    const std::size_t taken = info == nullptr ? 0 : info->static_shared_bytes;
    const std::size_t most = DeviceAt(device)->properties().shared_memory_per_block_optin;
    if (value < 0 || taken > most || static_cast<std::size_t>(value) > most - taken)
      return Status::kInvalidValue;
    state->max_dynamic_shared_bytes[static_cast<std::size_t>(device)] = value;
    return Status::kSuccess;
  }
  Status FuncGetAttributes(FunctionAttributes* attributes, Kernel kernel) override {
    std::shared_ptr<const Program> program;
    const KernelInfo* info = nullptr;
    const Status status = FindOnCurrent(kernel, &program, &info);
    if (status != Status::kSuccess) return status;
    const auto most = static_cast<unsigned>(Current()->properties().max_threads_per_block);
    *attributes = {.shared_bytes = info->static_shared_bytes,
                   .local_bytes = info->local_bytes,
                   .max_threads_per_block = static_cast<int>(
                       info->max_threads == 0 ? most : std::min(most, info->max_threads))};
    return Status::kSuccess;
  }
  Status OccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel kernel, int block_threads,
                                                   std::size_t dynamic_shared_bytes) override {
    *blocks = 0;
    std::shared_ptr<const Program> program;
    const KernelInfo* info = nullptr;
    const Status status = FindOnCurrent(kernel, &program, &info);
    if (status != Status::kSuccess) return status;
    if (block_threads <= 0) return Status::kInvalidValue;
    *blocks = ActiveBlocks(*info, Current()->properties(), block_threads, dynamic_shared_bytes);
    return Status::kSuccess;
  }
  Status Malloc3DArray(DeviceArray* array, const ChannelFormat& format,
                       const ArrayShape& shape) override {
    return textures_.MakeArray(Current(), format, shape, array);
  }
  Status FreeArray(DeviceArray array) override { return textures_.FreeArray(array); }
  Status Memcpy3DAsync(const ArrayCopy& copy, Stream stream) override {
    const auto queue = streams_.Find(stream);
    return queue ? textures_.Copy(transfers_, queue, copy) : Status::kInvalidResourceHandle;
  }
  Status CreateTextureObject(TextureObject* object, const TextureResource& resource,
                             const TextureSampling& sampling) override {
    return textures_.MakeTexture(Current(), resource, sampling, object);
  }
  Status DestroyTextureObject(TextureObject object) override {
    return Textures::Destroy(Current(), object, false);
  }
  Status CreateSurfaceObject(SurfaceObject* object, DeviceArray array) override {
    return textures_.MakeSurface(Current(), array, object);
  }
  Status DestroySurfaceObject(SurfaceObject object) override {
    return Textures::Destroy(Current(), object, true);
  }
  Status TensorMapEncodeTiled(TensorMap* map, const TensorMapTiled& tiled) override {
    if (const Status status = CurrentFault(); status != Status::kSuccess) return status;
    if (Current()->capability() < 90) return Status::kNotSupported;
    return EncodeTensorMap(tiled, map) ? Status::kSuccess : Status::kInvalidValue;
  }
  Status LaunchKernelExC(const LaunchConfig& config, Kernel kernel, void** arguments) override {
    const auto queue = streams_.Find(config.stream);
    const auto state = kernels_.Find(kernel);
    // As in CUDA a kernel runs on the current device only.
    if (!queue || !state || queue->device != Current()) return Status::kInvalidResourceHandle;
    SimulatedDevice& device = *queue->device;
    if (const Status status = device.fault(); status != Status::kSuccess) return status;

    Launch launch;
    launch.grid = config.grid;
    launch.block = config.block;
    launch.dynamic_shared_bytes = config.dynamic_shared_bytes;
    launch.late_copies = late_copies_;
    launch.schedule = schedule_;
    launch.time_limit = time_limit_;
    launch.printf = config.printf;
    device.Watch(&launch);
    Status status =
        FindKernel(*state, device, launch.is_watched(), &launch.program, &launch.kernel);
    if (status != Status::kSuccess && launch.meter != nullptr) {
      // What is counted takes more registers: what is too large for that still runs.
      const std::shared_ptr<MeterLog> meter = std::exchange(launch.meter, nullptr);
      if (!launch.is_watched())
        status = FindKernel(*state, device, false, &launch.program, &launch.kernel);
      if (status == Status::kSuccess) meter->Drop();
    }
    if (status != Status::kSuccess) return status;
    status = CheckLaunch(config, *launch.kernel, device.properties(),
                         static_cast<std::size_t>(MaxDynamicSharedBytes(*state).load()));
    if (status != Status::kSuccess) return status;
    launch.cluster = ClusterOf(config, *launch.kernel);
    launch.explicit_cluster = config.cluster.x != 0 || launch.kernel->required_cluster[0] != 0;
    launch.cooperative = config.cooperative;
    launch.resident_blocks = ResidentBlocks(config, *launch.kernel, device.properties());
    status = PackParameters(*launch.kernel, arguments, &launch.parameters);
    if (status != Status::kSuccess) return status;
    return device.EnqueueLaunch(queue, std::move(launch));
  }

  std::string FaultReport(int device) override {
    return DeviceAt(device) ? DeviceAt(device)->FaultReport() : std::string();
  }
  Status SetMeter(int device, const std::shared_ptr<MeterLog>& meter) override {
    return DeviceAt(device) ? DeviceAt(device)->SetMeter(meter) : Status::kInvalidDevice;
  }

 private:
  using PoolState = const int;  // the index of its device

  // One end of a copy: device memory, or host memory that may have to be kept alive.
  SimulatedDevice* DeviceAt(int index) const {
    const bool valid = index >= 0 && static_cast<std::size_t>(index) < devices_.size();
    return valid ? devices_[index].get() : nullptr;
  }
  SimulatedDevice* Current() const { return DeviceAt(current_device); }
  Status CurrentFault() const { return Current() ? Current()->fault() : Status::kInvalidDevice; }

  static Status FindKernel(KernelState& state, SimulatedDevice& device, bool watched,
                           std::shared_ptr<const Program>* program, const KernelInfo** info) {
    const Status status = state.library->ProgramFor(device, program, nullptr);
    if (status != Status::kSuccess) return status;
    LoadFailure failure;
    *info = (*program)->FindKernel(state.name, watched, &failure);
    if (*info != nullptr) return Status::kSuccess;
    if (failure.status == Status::kSymbolNotFound) return Status::kInvalidDeviceFunction;
    return failure.status;
  }
  Status FindOnCurrent(Kernel kernel, std::shared_ptr<const Program>* program,
                       const KernelInfo** info) const {
    const auto state = kernels_.Find(kernel);
    if (!state) return Status::kInvalidResourceHandle;
    const Status status = CurrentFault();
    return status != Status::kSuccess
               ? status
               : FindKernel(*state, *Current(), Current()->is_watched(), program, info);
  }

  // On the current device.
  static std::atomic<int>& MaxDynamicSharedBytes(KernelState& state) {
    return state.max_dynamic_shared_bytes[static_cast<std::size_t>(current_device)];
  }

  Monitor monitor_;
  const bool late_copies_;
  const Schedule schedule_;
  const std::chrono::milliseconds time_limit_;
  const std::shared_ptr<CheckLog> checks_;
  std::vector<std::unique_ptr<SimulatedDevice>> devices_;
  // After the devices: programs must go before the memory they live in.
  PinnedMemory pinned_;
  const Transfers transfers_{devices_, pinned_};
  Textures textures_;
  HandleTable<MemPool, PoolState> pools_;
  HandleTable<Stream, StreamState> streams_;
  HandleTable<Event, EventState> events_;
  HandleTable<Library, SimulatedLibrary> libraries_;
  HandleTable<Kernel, KernelState> kernels_;
};

}  // namespace

std::unique_ptr<Runtime> MakeSimulatedRuntime(const SimulatedOptions& options) {
  return std::make_unique<SimulatedRuntime>(options);
}

}  // namespace nodecuda::simulator
