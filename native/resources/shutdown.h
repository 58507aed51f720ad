#ifndef NODECUDA_RESOURCES_SHUTDOWN_H_
#define NODECUDA_RESOURCES_SHUTDOWN_H_

#include <atomic>

namespace nodecuda {

// Set once the process has begun to exit. From then on no CUDA call is made: the driver may be
// unloading (cudaErrorCudartUnloading, or a crash inside it), and the system frees everything.
inline std::atomic<bool>& Exiting() {
  static std::atomic<bool> exiting{false};
  return exiting;
}

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_SHUTDOWN_H_
