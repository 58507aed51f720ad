#include <algorithm>
#include <new>
#include <utility>

#include "simulator/simulated_device.h"

// The thread that executes what the streams of a device queue, and those that wait for it.
namespace nodecuda::simulator {
namespace {

// A dispatcher must survive whatever its work does: there is nobody to catch behind it.
Outcome RunGuarded(const StreamOperation& operation, StreamRaces* races,
                   const MemoryRecord* record) {
  try {
    Outcome outcome = operation.run();
    if (operation.footprint != nullptr && outcome.status == Status::kSuccess)
      races->Done(operation.place, std::move(*operation.footprint), record);
    return outcome;
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

// To wake a thread that sleeps takes several times as long as a small kernel.
void SimulatedDevice::Linger(const std::atomic<std::uint64_t>& changes, Lock& lock,
                             const std::function<bool()>& over) const {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::microseconds kPatience{50};
  const auto until = Clock::now() + kPatience;
  while (!over() && !stop_ && Clock::now() < until) {
    const std::uint64_t before = changes;
    lock.unlock();
    while (changes == before && !stop_ && Clock::now() < until) std::this_thread::yield();
    lock.lock();
  }
}

void SimulatedDevice::WaitFor(StreamState& stream, std::uint64_t completed, Lock& lock) {
  Linger(monitor_.completed, lock, [&] { return stream.completed >= completed; });
  while (stream.completed < completed) {
    stream.wake_at = std::min(stream.wake_at, completed);
    monitor_.done.wait(lock);
  }
}

void SimulatedDevice::Dispatch() {
  std::unique_lock lock(monitor_.mutex);
  for (;;) {
    std::shared_ptr<StreamState> stream;
    const auto ready = [&] { return stream != nullptr || (stream = NextReady()) != nullptr; };
    Linger(monitor_.ready, lock, ready);
    monitor_.work.wait(lock, [&] { return stop_ || ready(); });
    if (stop_) return;
    StreamOperation operation = std::move(stream->queue.front());
    stream->queue.pop_front();

    Outcome outcome;
    if (operation.run) {
      lock.unlock();
      outcome = RunGuarded(operation, monitor_.races.get(), memory_.record());
      operation.run = nullptr;  // what it holds may be large, or take locks of its own to free
      lock.lock();
    }

    ++stream->completed;
    ++monitor_.completed;
    if (monitor_.races != nullptr) --monitor_.pending;
    if (stream->completed >= stream->wake_at) {
      stream->wake_at = ~std::uint64_t{0};
      monitor_.done.notify_all();
    }
    if (operation.record != nullptr) {
      operation.record->time = std::chrono::steady_clock::now();
      operation.record->done = true;
      if (operation.record->another_device_waits) {
        ++monitor_.ready;
        monitor_.work.notify_all();
      }
      if (operation.record->host_waits) monitor_.done.notify_all();
    }
    if (outcome.status != Status::kSuccess) Latch(std::move(outcome));
    ForgetFinished();
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
  monitor_.done.notify_all();
}

void SimulatedDevice::DropQueued() {
  for (const auto& stream : streams_) {
    for (const StreamOperation& operation : stream->queue) {
      if (operation.record != nullptr) operation.record->done = true;
    }
    stream->completed += stream->queue.size();
    if (monitor_.races != nullptr) monitor_.pending -= stream->queue.size();
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
