#ifndef NODECUDA_RESOURCES_SHUTDOWN_H_
#define NODECUDA_RESOURCES_SHUTDOWN_H_

#include <atomic>
#include <chrono>
#include <thread>

namespace nodecuda {

// Set once the process has begun to exit. From then on no CUDA call is made: the driver may be
// unloading (cudaErrorCudartUnloading, or a crash inside it), and the system frees everything.
inline std::atomic<bool>& Exiting() {
  static std::atomic<bool> exiting{false};
  return exiting;
}

// What a thread that nobody joins holds while it calls CUDA, and looks at Exiting() after it has
// it: the process does not begin to exit in the middle.
class BackgroundCalls {
 public:
  BackgroundCalls() { ++Count(); }
  ~BackgroundCalls() { --Count(); }
  BackgroundCalls(const BackgroundCalls&) = delete;
  BackgroundCalls& operator=(const BackgroundCalls&) = delete;

  static std::atomic<int>& Count() {
    static std::atomic<int> count{0};
    return count;
  }
};

// Lets what such threads have begun come to its end, within reason: it may wait for a hung kernel.
inline void BeginExit() {
  Exiting() = true;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (BackgroundCalls::Count() > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_SHUTDOWN_H_
