#include "simulator/simulated_device.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <system_error>
#include <utility>

namespace nodecuda::simulator {
namespace {

// A dispatcher must survive whatever its work does: there is nobody to catch behind it.
Outcome RunGuarded(const std::function<Outcome()>& run) {
  try {
    return run();
  } catch (const std::exception&) {  // of memory: nothing else is thrown there
  }
  Outcome outcome{Status::kUnknown, {}};
  try {
    outcome.report = "the host ran out of memory while the simulated device was working";
  } catch (const std::bad_alloc&) {
  }
  return outcome;
}

}  // namespace

SimulatedDevice::SimulatedDevice(Monitor& monitor, DeviceProperties properties, int workers)
    : monitor_(monitor),
      properties_(std::move(properties)),
      workers_(workers),
      memory_(properties_.total_memory) {}

SimulatedDevice::~SimulatedDevice() {
  Stop();
}

void SimulatedDevice::Stop() {
  stop_ = true;
  {
    std::lock_guard lock(monitor_.mutex);
    DropQueued();
    monitor_.work.notify_all();
    monitor_.done.notify_all();
  }
  if (dispatcher_.joinable()) dispatcher_.join();
  engine_.reset();
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
  streams_.push_back(stream);
  return stream;
}

Status SimulatedDevice::DestroyStream(const std::shared_ptr<StreamState>& stream) {
  std::lock_guard lock(monitor_.mutex);
  stream->destroyed = true;
  ForgetFinished();
  return fault_.status;
}

Status SimulatedDevice::Enqueue(const std::shared_ptr<StreamState>& stream, Operation operation) {
  std::lock_guard lock(monitor_.mutex);
  return EnqueueLocked(*stream, std::move(operation));
}

Status SimulatedDevice::EnqueueLocked(StreamState& stream, Operation operation) {
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
  stream.queue.push_back(std::move(operation));
  ++stream.submitted;
  monitor_.work.notify_all();
  return Status::kSuccess;
}

Status SimulatedDevice::EnqueueLaunch(const std::shared_ptr<StreamState>& stream, Launch launch) {
  auto run = [this, launch = std::move(launch)] { return engine_->Run(launch, memory_, stop_); };
  return Enqueue(stream, {.run = std::move(run)});
}

Status SimulatedDevice::Query(const StreamState& stream) const {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  return stream.completed == stream.submitted ? Status::kSuccess : Status::kNotReady;
}

Status SimulatedDevice::Synchronize(const std::shared_ptr<StreamState>& stream) {
  std::unique_lock lock(monitor_.mutex);
  const std::uint64_t target = stream->submitted;
  monitor_.done.wait(lock, [&] { return stream->completed >= target; });
  return fault_.status;
}

Status SimulatedDevice::SynchronizeAll() {
  std::unique_lock lock(monitor_.mutex);
  std::vector<std::pair<std::shared_ptr<StreamState>, std::uint64_t>> targets;
  for (const auto& stream : streams_) targets.emplace_back(stream, stream->submitted);
  for (const auto& [stream, target] : targets) {
    monitor_.done.wait(lock,
                       [&stream = stream, target = target] { return stream->completed >= target; });
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
  return EnqueueLocked(*stream, {.wait_for = event.recording});
}

Status SimulatedDevice::Query(const EventState& event) const {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  const bool pending = event.recording != nullptr && !event.recording->done;
  return pending ? Status::kNotReady : Status::kSuccess;
}

Status SimulatedDevice::Synchronize(const EventState& event) {
  std::unique_lock lock(monitor_.mutex);
  if (const std::shared_ptr<Recording> recording = event.recording) {
    monitor_.done.wait(lock, [&] { return recording->done; });
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

Status SimulatedDevice::Allocate(std::size_t bytes, void** pointer) {
  std::unique_lock lock(monitor_.mutex);
  for (;;) {
    if (fault_.status != Status::kSuccess) return fault_.status;
    if (stop_) return Status::kCudartUnloading;
    const Status status = memory_.Allocate(bytes, pointer);
    const bool hopeless = bytes > memory_.capacity() || dying_.empty();
    if (status != Status::kMemoryAllocation || hopeless) return status;
    const std::size_t frees = dying_.size();
    monitor_.done.wait(
        lock, [&] { return dying_.size() < frees || fault_.status != Status::kSuccess || stop_; });
  }
}

Status SimulatedDevice::Free(void* pointer, const std::shared_ptr<StreamState>& stream) {
  std::lock_guard lock(monitor_.mutex);
  if (fault_.status != Status::kSuccess) return fault_.status;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (memory_.Find(address).begin != address || dying_.contains(pointer)) {
    return Status::kInvalidValue;
  }
  const auto release = [this, pointer] {
    std::lock_guard release_lock(monitor_.mutex);
    dying_.erase(pointer);
    return Outcome{memory_.Release(pointer), {}};
  };
  const Status status = EnqueueLocked(*stream, {.run = release});
  if (status == Status::kSuccess) dying_.insert(pointer);
  return status;
}

bool SimulatedDevice::Usable(const void* pointer, std::size_t bytes) const {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  std::lock_guard lock(monitor_.mutex);
  const DeviceMemory::Range range = memory_.Find(address);
  return range.Contains(address, address + bytes - 1) &&
         !dying_.contains(reinterpret_cast<void*>(range.begin));
}

void SimulatedDevice::Dispatch() {
  std::unique_lock lock(monitor_.mutex);
  for (;;) {
    std::shared_ptr<StreamState> stream;
    monitor_.work.wait(lock, [&] { return stop_ || (stream = NextReady()) != nullptr; });
    if (stop_) return;
    Operation operation = std::move(stream->queue.front());
    stream->queue.pop_front();

    Outcome outcome;
    if (operation.run) {
      lock.unlock();
      outcome = RunGuarded(operation.run);
      operation.run = nullptr;  // what it holds may be large, or take locks of its own to free
      lock.lock();
    }

    ++stream->completed;
    if (operation.record != nullptr) {
      operation.record->time = std::chrono::steady_clock::now();
      operation.record->done = true;
      monitor_.work.notify_all();  // other devices may wait for it
    }
    if (outcome.status != Status::kSuccess) Latch(std::move(outcome));
    ForgetFinished();
    monitor_.done.notify_all();
  }
}

// Ready streams take turns, the ones of higher priority before the others.
std::shared_ptr<StreamState> SimulatedDevice::NextReady() {
  std::shared_ptr<StreamState> best;
  std::size_t best_index = 0;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const std::size_t index = (cursor_ + i) % streams_.size();
    const std::shared_ptr<StreamState>& stream = streams_[index];
    if (stream->queue.empty()) continue;
    const std::shared_ptr<Recording>& wait_for = stream->queue.front().wait_for;
    if (wait_for != nullptr && !wait_for->done) continue;
    if (best != nullptr && stream->priority >= best->priority) continue;
    best = stream;
    best_index = index;
  }
  if (best != nullptr) cursor_ = best_index + 1;
  return best;
}

void SimulatedDevice::Latch(Outcome outcome) {
  fault_ = std::move(outcome);
  // Nothing works from here on, so nobody may take it for a failure of one call.
  if (!IsFatal(fault_.status)) fault_.status = Status::kUnknown;
  DropQueued();
  monitor_.work.notify_all();
}

void SimulatedDevice::DropQueued() {
  for (const auto& stream : streams_) {
    for (const Operation& operation : stream->queue) {
      if (operation.record != nullptr) operation.record->done = true;
    }
    stream->completed += stream->queue.size();
    stream->queue.clear();
  }
  dying_.clear();
}

void SimulatedDevice::ForgetFinished() {
  std::erase_if(streams_, [](const auto& stream) {
    return stream->destroyed && stream->completed == stream->submitted;
  });
}

}  // namespace nodecuda::simulator
