#include "simulator/simulated_device.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <tuple>
#include <utility>

#include "simulator/exec/debug/session.h"
#include "simulator/launch.h"

namespace nodecuda::simulator {

SimulatedDevice::SimulatedDevice(Monitor& monitor, DeviceProperties properties, int workers,
                                 std::shared_ptr<CheckLog> checks)
    : monitor_(monitor),
      properties_(std::move(properties)),
      workers_(workers),
      checks_(std::move(checks)),
      memory_(properties_.total_memory) {
  if (checks_ != nullptr) memory_.KeepRecord(checks_->Checks(CheckKind::kInit));
}

SimulatedDevice::~SimulatedDevice() {
  Stop();
}

void SimulatedDevice::Stop() {
  stop_ = true;
  if (const auto debug = DebugSession::Current()) debug->Wake();
  {
    std::lock_guard lock(monitor_.mutex);
    DropQueued();
    monitor_.work.notify_all();
    monitor_.done.notify_all();
  }
  if (dispatcher_.joinable()) dispatcher_.join();
  engine_.reset();
}

// What everybody knows to be over can race with nothing any more.
void Monitor::HostKnows(const StreamOrder& known) {
  if (races == nullptr) return;
  host_known.Join(known);
  if (pending == 0 && races->Forget(host_known)) host_known = {};
}

std::shared_ptr<Footprint> SimulatedDevice::NewFootprint(const char* what) const {
  if (monitor_.races == nullptr) return nullptr;
  auto footprint = std::make_shared<Footprint>();
  footprint->what = what;
  return footprint;
}

void SimulatedDevice::Watch(Launch* launch) const {
  launch->checks = checks_;
  if (is_metered_) {
    std::lock_guard lock(monitor_.mutex);
    launch->meter = meter_;
  }
  launch->debug = DebugSession::Current();
  if (launch->debug != nullptr) launch->time_limit = {};  // it may be stopped for long
}

Status SimulatedDevice::fault() const {
  std::lock_guard lock(monitor_.mutex);
  return fault_.status;
}

std::string SimulatedDevice::FaultReport() const {
  std::lock_guard lock(monitor_.mutex);
  return fault_.report;
}

std::shared_ptr<StreamState> SimulatedDevice::CreateStream(int priority) {
  auto stream = std::make_shared<StreamState>(StreamState{this, priority, {}});
  std::lock_guard lock(monitor_.mutex);
  stream->number = ++monitor_.streams;
  streams_.push_back(stream);
  return stream;
}

Status SimulatedDevice::DestroyStream(const std::shared_ptr<StreamState>& stream) {
  std::lock_guard lock(monitor_.mutex);
  stream->destroyed = true;
  ForgetFinished();
  return fault_.status;
}

Status SimulatedDevice::Enqueue(const std::shared_ptr<StreamState>& stream,
                                StreamOperation operation) {
  std::lock_guard lock(monitor_.mutex);
  return EnqueueLocked(*stream, std::move(operation));
}

Status SimulatedDevice::EnqueueLocked(StreamState& stream, StreamOperation operation) {
  if (fault_.status != Status::kSuccess) return fault_.status;
  if (stop_) return Status::kCudartUnloading;
  if (stream.destroyed) return Status::kInvalidResourceHandle;  // by another thread, just now
  if (!dispatcher_.joinable()) {
    try {
      if (engine_ == nullptr) engine_ = MakeEngine(workers_);
      dispatcher_ = std::thread([this] { Dispatch(); });
    } catch (const std::system_error&) {
      return Status::kOperatingSystem;  // there is no thread to be had, perhaps later
    }
  }
  if (monitor_.races != nullptr) {
    if (operation.wait_for != nullptr) stream.known.Join(operation.wait_for->known);
    stream.known.Join(monitor_.host_known);
    stream.known.Set(stream.number, stream.submitted + 1);
    operation.place = {stream.number, stream.submitted + 1, stream.known};
    if (operation.record != nullptr) operation.record->known = stream.known;
    ++monitor_.pending;
  }
  stream.queue.push_back(std::move(operation));
  ++stream.submitted;
  ++monitor_.ready;
  monitor_.work.notify_all();
  return Status::kSuccess;
}

Status SimulatedDevice::EnqueueLaunch(const std::shared_ptr<StreamState>& stream, Launch launch) {
  launch.multiprocessors = properties_.multiprocessor_count;
  BeginMetering(properties_, &launch);
  launch.footprint = NewFootprint("");
  auto footprint = launch.footprint;
  auto run = [this, launch = std::move(launch)] { return engine_->Run(launch, memory_, stop_); };
  return Enqueue(stream, {.run = std::move(run), .footprint = std::move(footprint)});
}

Status SimulatedDevice::SetMeter(std::shared_ptr<MeterLog> meter) {
  if (checks_ != nullptr) return Status::kNotSupported;  // a launch has one observer
  std::lock_guard lock(monitor_.mutex);
  if (meter != nullptr && meter_ != nullptr) return Status::kNotReady;
  meter_ = std::move(meter);
  is_metered_ = meter_ != nullptr;
  return Status::kSuccess;
}

Status SimulatedDevice::Query(const StreamState& stream) const {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  if (stream.completed != stream.submitted) return Status::kNotReady;
  monitor_.HostKnows(stream.known);
  return Status::kSuccess;
}

Status SimulatedDevice::Synchronize(const std::shared_ptr<StreamState>& stream) {
  Lock lock(monitor_.mutex);
  const StreamOrder known = stream->known;
  WaitFor(*stream, stream->submitted, lock);
  monitor_.HostKnows(known);
  return fault_.status;
}

Status SimulatedDevice::SynchronizeAll() {
  Lock lock(monitor_.mutex);
  std::vector<std::tuple<std::shared_ptr<StreamState>, std::uint64_t, StreamOrder>> targets;
  for (const auto& stream : streams_)
    targets.emplace_back(stream, stream->submitted, stream->known);
  for (const auto& [stream, target, known] : targets) {
    WaitFor(*stream, target, lock);
    monitor_.HostKnows(known);
  }
  return fault_.status;
}

Status SimulatedDevice::Record(const std::shared_ptr<EventState>& event,
                               const std::shared_ptr<StreamState>& stream) {
  auto recording = std::make_shared<Recording>();
  std::lock_guard lock(monitor_.mutex);
  const Status status = EnqueueLocked(*stream, {.record = recording});
  if (status == Status::kSuccess) event->recording = std::move(recording);
  return status;
}

Status SimulatedDevice::Wait(const std::shared_ptr<StreamState>& stream, const EventState& event) {
  std::lock_guard lock(monitor_.mutex);
  if (event.recording != nullptr && event.device != this) {
    event.recording->another_device_waits = true;
  }
  return EnqueueLocked(*stream, {.wait_for = event.recording});
}

Status SimulatedDevice::Query(const EventState& event) const {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  if (event.recording == nullptr) return Status::kSuccess;
  if (!event.recording->done) return Status::kNotReady;
  monitor_.HostKnows(event.recording->known);
  return Status::kSuccess;
}

Status SimulatedDevice::Synchronize(const EventState& event) {
  std::unique_lock lock(monitor_.mutex);
  if (const std::shared_ptr<Recording> recording = event.recording) {
    const auto over = [&] { return recording->done; };
    Linger(monitor_.completed, lock, over);
    recording->host_waits = true;
    monitor_.done.wait(lock, over);
    monitor_.HostKnows(recording->known);
  }
  return fault_.status;
}

Status SimulatedDevice::ElapsedTime(float* milliseconds, const EventState& start,
                                    const EventState& end) const {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  if (!start.timing || !end.timing || start.recording == nullptr || end.recording == nullptr) {
    return Status::kInvalidResourceHandle;
  }
  if (!start.recording->done || !end.recording->done) return Status::kNotReady;
  const std::chrono::duration<double, std::micro> elapsed =
      end.recording->time - start.recording->time;
  *milliseconds = static_cast<float>(std::round(elapsed.count() * 2) / 2000);  // CUDA's 0.5 us
  return Status::kSuccess;
}

Status SimulatedDevice::Allocate(std::size_t bytes, StreamState& stream, void** pointer) {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  if (stop_) return Status::kCudartUnloading;
  Status status = memory_.Allocate(bytes, pointer);
  const bool hopeless = bytes > memory_.capacity() || dying_.empty();
  if (status == Status::kMemoryAllocation && !hopeless)
    status = AllocateDying(bytes, stream, pointer);
  if (status == Status::kSuccess && checks_ != nullptr)
    memory_.record()->SetSite(reinterpret_cast<std::uintptr_t>(*pointer), checks_->site());
  return status;
}

// What is about to be freed does not count, nor what no user has asked for.
void SimulatedDevice::FindLeaks() {
  if (checks_ == nullptr) return;
  std::lock_guard lock(monitor_.mutex);
  std::size_t heap_blocks = 0, heap_bytes = 0;
  for (const MemoryRecord::Allocation& live : memory_.record()->Live()) {
    if (dying_.contains(reinterpret_cast<void*>(live.begin))) continue;
    if (live.on_heap) {
      ++heap_blocks;
      heap_bytes += live.bytes;
      continue;
    }
    if (live.site == 0) continue;
    const CheckSite site{live.begin, 0, 0, CheckKind::kLeak};
    checks_->Add(site, [&] {
      CheckFinding finding;
      finding.kind = CheckKind::kLeak;
      finding.message = std::to_string(live.bytes) + " bytes of device memory were never freed";
      finding.address = live.begin;
      finding.allocation = {live.begin, live.bytes, live.site, false};
      return finding;
    });
  }
  if (heap_blocks == 0) return;
  checks_->Add({0, 0, 0, CheckKind::kLeak}, [&] {
    CheckFinding finding;
    finding.kind = CheckKind::kLeak;
    const std::string pieces =
        heap_blocks == 1 ? "" : ", in " + std::to_string(heap_blocks) + " pieces,";
    finding.message = std::to_string(heap_bytes) + " bytes that kernels took with malloc" + pieces +
                      " were never freed";
    return finding;
  });
}

Status SimulatedDevice::WaitForFree(const Dying& dying, StreamState& stream) {
  return dying.stream == &stream ? Status::kSuccess
                                 : EnqueueLocked(stream, {.wait_for = dying.freed});
}

// What the stream itself frees comes first: it need not wait for that.
Status SimulatedDevice::AllocateDying(std::size_t bytes, StreamState& stream, void** pointer) {
  std::vector<std::pair<void*, std::shared_ptr<Dying>>> candidates;
  std::size_t room = memory_.capacity() - memory_.used();
  for (const auto& candidate : dying_) {
    if (candidate.second->discounted) continue;
    candidates.push_back(candidate);
    room += DeviceMemory::Footprint(candidate.second->bytes);
  }
  std::stable_partition(candidates.begin(), candidates.end(),
                        [&](const auto& candidate) { return candidate.second->stream == &stream; });
  // One of the same size serves as it is, so that loops need no addresses without end.
  for (const auto& [address, dying] : candidates) {
    if (dying->bytes != bytes) continue;
    const Status status = WaitForFree(*dying, stream);
    if (status != Status::kSuccess) return status;
    dying->kept = true;
    dying_.erase(address);
    *pointer = address;
    return Status::kSuccess;
  }
  Status status = Status::kMemoryAllocation;
  if (room < bytes) return status;
  for (const auto& [address, dying] : candidates) {
    status = WaitForFree(*dying, stream);
    if (status != Status::kSuccess) return status;
    dying->discounted = true;
    memory_.Discount(address);
    status = memory_.Allocate(bytes, pointer);
    if (status != Status::kMemoryAllocation) break;
  }
  return status;
}

Status SimulatedDevice::Free(void* pointer, const std::shared_ptr<StreamState>& stream) {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const DeviceMemory::Range range = memory_.Find(address);
  if (range.begin != address || dying_.contains(pointer)) {
    return Status::kInvalidValue;
  }
  auto freed = std::make_shared<Recording>();
  auto dying = std::make_shared<Dying>(Dying{range.end - range.begin, stream.get(), freed});
  const auto release = [this, pointer, dying] {
    std::lock_guard release_lock(monitor_.mutex);
    if (dying->kept) {
      memory_.Renew(pointer);
      return Outcome{};
    }
    dying_.erase(pointer);
    return Outcome{memory_.Release(pointer), {}};
  };
  const std::shared_ptr<Footprint> footprint = NewFootprint("");
  if (footprint != nullptr) {
    footprint->frees = true;
    footprint->Add(Footprint::kWrite, pointer, range.end - range.begin);
  }
  const Status status =
      EnqueueLocked(*stream, {.run = release, .record = std::move(freed), .footprint = footprint});
  if (status == Status::kSuccess) dying_[pointer] = std::move(dying);
  return status;
}

bool SimulatedDevice::Usable(const void* pointer, std::size_t bytes) const {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  std::lock_guard lock(monitor_.mutex);
  const DeviceMemory::Range range = memory_.Find(address);
  return range.Contains(address, address + bytes - 1) &&
         !dying_.contains(reinterpret_cast<void*>(range.begin));
}

}  // namespace nodecuda::simulator
