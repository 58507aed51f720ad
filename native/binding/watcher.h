#ifndef NODECUDA_BINDING_WATCHER_H_
#define NODECUDA_BINDING_WATCHER_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "binding/napi_setup.h"
#include "resources/physical_device.h"

namespace nodecuda {

// A promise that settles when all its events have completed, or the device is lost.
struct Wait {
  std::vector<Event> events;
  std::shared_ptr<void> keep_alive;  // what owns the events; let go on the JavaScript thread
  napi_deferred deferred = nullptr;
  std::optional<Failure> failure;
};

// The thread that waits for one device on behalf of one JavaScript environment. It polls rather
// than blocks in CUDA, so that it can be stopped while a kernel hangs: first in quick succession,
// then with pauses that grow to half a millisecond.
class Watcher {
 public:
  // `deliver` is called on the watcher's thread with each finished wait.
  Watcher(std::shared_ptr<PhysicalDevice> device, std::function<void(Wait)> deliver);
  ~Watcher();  // stops the thread; waits that are left are dropped on the caller's thread
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void Add(Wait wait);
  const PhysicalDevice& device() const { return *device_; }

  // Asks the device once. True when the wait is over; then `failure` tells how.
  static bool Poll(PhysicalDevice& device, Wait& wait);

 private:
  void Run();

  std::shared_ptr<PhysicalDevice> device_;
  std::function<void(Wait)> deliver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Wait> added_;    // guarded by mutex_
  std::vector<Wait> waiting_;  // the thread's own until it has ended
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_WATCHER_H_
