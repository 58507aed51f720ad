#ifndef NODECUDA_SIMULATOR_SIMULATED_DEVICE_H_
#define NODECUDA_SIMULATOR_SIMULATED_DEVICE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/runtime.h"
#include "simulator/engine.h"
#include "simulator/memory/device_memory.h"
#include "simulator/stream_races.h"

namespace nodecuda::simulator {

class SimulatedDevice;

// One lock for all devices of a runtime (streams of one may wait for events of another), held
// only while queues change, never while work runs.
struct Monitor {
  std::mutex mutex;
  std::condition_variable work;  // something became ready: for dispatchers
  std::condition_variable done;  // what callers wait for completed
  // How often anything became ready, or completed: changed with the lock, read without it.
  std::atomic<std::uint64_t> ready = 0, completed = 0;

  // Null where nobody looks for races of streams; set before there are devices. What follows is
  // kept for it alone: what the host has waited for, how many streams there have been, how many
  // operations are queued or run.
  std::unique_ptr<StreamRaces> races;
  StreamOrder host_known;
  std::uint64_t streams = 0;
  std::size_t pending = 0;
  void HostKnows(const StreamOrder& known);  // lock held
};

// A point of a stream, such as one execution of EventRecord. Guarded by the monitor. Threads are
// woken only if they wait for it: waking one costs more than a small kernel.
struct Recording {
  bool done = false;
  bool host_waits = false;            // a caller does
  bool another_device_waits = false;  // a stream of it does
  std::chrono::steady_clock::time_point time;
  StreamOrder known;  // what is over by then
};

// What a stream queues. Every part is optional.
struct StreamOperation {
  std::shared_ptr<Recording> wait_for = nullptr;  // may not start before this is done
  std::function<Outcome()> run = nullptr;         // called without the lock
  std::shared_ptr<Recording> record = nullptr;    // done with this operation, or dropped with it
  // What `run` does to device memory, at the latest when it has returned; null: not told.
  std::shared_ptr<Footprint> footprint = nullptr;
  StreamRaces::Operation place;  // set when it is queued, if anybody looks for races
};

// A first-in first-out queue. Guarded by the monitor.
struct StreamState {
  SimulatedDevice* const device;
  const int priority;  // lower is served first
  std::deque<StreamOperation> queue;
  std::uint64_t submitted = 0, completed = 0;
  std::uint64_t wake_at = ~std::uint64_t{0};  // a caller waits until so many have completed
  bool destroyed = false;
  std::uint64_t number = 0;  // among all that there have been
  StreamOrder known;         // what comes before the next operation
};

struct EventState {
  SimulatedDevice* const device;
  const bool timing;
  std::shared_ptr<Recording> recording;  // null before the first record; guarded by the monitor
};

// Memory, streams and the thread that executes them, of one device. The first operation that
// fails puts the device out of use: what is queued is dropped, and from then on every call
// returns that failure. All members may be called from any thread.
class SimulatedDevice {
 public:
  // `workers` as for MakeEngine. No thread is started before the first Enqueue. `checks` is what
  // its launches are checked for; null: nothing.
  SimulatedDevice(Monitor& monitor, DeviceProperties properties, int workers,
                  std::shared_ptr<CheckLog> checks = nullptr);
  ~SimulatedDevice();
  // Ends the running kernel, drops what is queued and joins the threads. Before any device that
  // shares the monitor is destroyed, all must have been stopped.
  void Stop();

  const DeviceProperties& properties() const { return properties_; }
  int capability() const { return properties_.major * 10 + properties_.minor; }
  DeviceMemory& memory() { return memory_; }
  // For an operation to fill in; null where nobody looks for races.
  std::shared_ptr<Footprint> NewFootprint(const char* what) const;
  // Who watches what it launches now, if anybody does.
  void Watch(Launch* launch) const;
  bool is_watched() const {
    Launch launch;
    Watch(&launch);
    return launch.is_watched();
  }
  void FindLeaks();
  // Null ends the metering. kNotReady while another one goes on.
  Status SetMeter(std::shared_ptr<MeterLog> meter);

  Status fault() const;
  std::string FaultReport() const;

  std::shared_ptr<StreamState> CreateStream(int priority);
  Status DestroyStream(const std::shared_ptr<StreamState>& stream);  // queued work still runs
  Status Enqueue(const std::shared_ptr<StreamState>& stream, StreamOperation operation);
  Status EnqueueLaunch(const std::shared_ptr<StreamState>& stream, Launch launch);
  Status Query(const StreamState& stream) const;
  Status Synchronize(const std::shared_ptr<StreamState>& stream);
  Status SynchronizeAll();

  // Events of this device.
  Status Record(const std::shared_ptr<EventState>& event,
                const std::shared_ptr<StreamState>& stream);
  // Work queued from now on waits for the event's latest record so far; it may belong to another
  // device that shares the monitor.
  Status Wait(const std::shared_ptr<StreamState>& stream, const EventState& event);
  Status Query(const EventState& event) const;
  Status Synchronize(const EventState& event);
  Status ElapsedTime(float* milliseconds, const EventState& start, const EventState& end) const;

  // For use in the order of the stream. When there is no room, what other streams are about to free
  // is given at once, and the stream made to wait for that, as CUDA's pools do.
  Status Allocate(std::size_t bytes, StreamState& stream, void** pointer);
  // Takes effect in the order of the stream, which must belong to this device.
  Status Free(void* pointer, const std::shared_ptr<StreamState>& stream);
  // True when all bytes lie in one live allocation that is not about to be freed.
  bool Usable(const void* pointer, std::size_t bytes) const;

 private:
  // An allocation with a free queued.
  struct Dying {
    std::size_t bytes;
    StreamState* stream;
    std::shared_ptr<Recording> freed;
    bool discounted = false;  // another allocation has its room, and waits for it
    bool kept = false;        // another allocation has it as it is: it is not freed
  };

  using Lock = std::unique_lock<std::mutex>;

  void Dispatch();
  // Gives the lock away for a moment, or until `over`, which is asked whenever `changes` has
  // changed, with the lock.
  void Linger(const std::atomic<std::uint64_t>& changes, Lock& lock,
              const std::function<bool()>& over) const;
  void WaitFor(StreamState& stream, std::uint64_t completed, Lock& lock);
  std::shared_ptr<StreamState> NextReady();                              // null: none; lock held
  Status EnqueueLocked(StreamState& stream, StreamOperation operation);  // lock held
  Status AllocateDying(std::size_t bytes, StreamState& stream, void** pointer);  // lock held
  Status WaitForFree(const Dying& dying, StreamState& stream);                   // lock held
  void Latch(Outcome outcome);                                                   // lock held
  void DropQueued();                                                             // lock held
  void ForgetFinished();  // destroyed streams that have drained; lock held

  Monitor& monitor_;
  const DeviceProperties properties_;
  const int workers_;
  const std::shared_ptr<CheckLog> checks_;
  DeviceMemory memory_;

  // Guarded by the monitor.
  Outcome fault_;
  std::shared_ptr<MeterLog> meter_;  // of the launches that come; null: none
  std::vector<std::shared_ptr<StreamState>> streams_;
  std::size_t cursor_ = 0;                         // where NextReady starts to look
  std::map<void*, std::shared_ptr<Dying>> dying_;  // by where they begin
  std::unique_ptr<Engine> engine_;
  std::thread dispatcher_;

  std::atomic<bool> stop_ = false;
  std::atomic<bool> is_metered_ = false;  // there is a meter_, for which a launch need not lock
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_SIMULATED_DEVICE_H_
