#ifndef NODECUDA_BINDING_WATCHER_H_
#define NODECUDA_BINDING_WATCHER_H_

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "binding/napi_setup.h"
#include "resources/physical_device.h"

namespace nodecuda {

class Watcher;
struct Errand;

// A promise that settles when all its events have completed or its errand has ended, or the device
// is lost.
struct Wait {
  std::vector<Event> events;
  std::shared_ptr<void> keep_alive;  // what owns the events; let go on the JavaScript thread
  napi_deferred deferred = nullptr;
  std::optional<Failure> failure;
  Watcher* watcher = nullptr;  // that has it, or had
  Errand* errand = nullptr;    // that it is for
};

// Waits pass from list to list as they are, so that nobody on the way needs memory.
using Waits = std::list<Wait>;

// The thread that waits for one device on behalf of one JavaScript environment. It polls rather
// than blocks in CUDA, so that it can be stopped while a kernel hangs: first in quick succession,
// then with pauses that grow to half a millisecond.
class Watcher {
 public:
  // `deliver` is called on the watcher's thread with each finished wait. Throws std::system_error
  // if there is no thread to be had.
  Watcher(std::shared_ptr<PhysicalDevice> device, std::function<void(Waits)> deliver);
  ~Watcher();  // stops the thread; waits that are left are dropped on the caller's thread
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void Add(Waits waits) noexcept;
  const PhysicalDevice& device() const { return *device_; }
  const std::shared_ptr<PhysicalDevice>& shared_device() const { return device_; }
  // Waits that were added and whose promises have not been settled; the JavaScript thread's own.
  std::size_t outstanding = 0;

  // Asks the device once. True when the wait is over; then `failure` tells how.
  static bool Poll(PhysicalDevice& device, Wait& wait) noexcept;

 private:
  void Run() noexcept;

  std::shared_ptr<PhysicalDevice> device_;
  std::function<void(Waits)> deliver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Waits added_;    // guarded by mutex_
  Waits waiting_;  // the thread's own until it has ended
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_WATCHER_H_
