#ifndef NODECUDA_RUNTIME_RUNTIMES_H_
#define NODECUDA_RUNTIME_RUNTIMES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/runtime.h"

namespace nodecuda {

// The process's GPUs, through the statically linked CUDA runtime, which opens the driver at the
// first call. Null in a build without the CUDA toolkit (NODECUDA_WITH_CUDA not defined).
std::unique_ptr<Runtime> MakeCudaRuntime();

// Succeeds at everything and does nothing: prices the binding itself, in the bench. One device;
// pointers it hands out are unique, non-null and not to be dereferenced (pinned memory is real).
std::unique_ptr<Runtime> MakeNullRuntime();

// Forwards to another runtime, counting and logging calls, and fails those it is told to.
class FaultRuntime : public Runtime {
 public:
  enum class Mode {
    kOnce,        // that one call
    kPersistent,  // that call and every later one of the same name
    kSticky,      // that call and every later call of any name, as a fatal error does
  };
  // Of the calls named `call` ("MemcpyAsync", or "*" for any) from now on, the nth (1 is the next
  // one) fails with `status` without reaching the inner runtime. Replaces an earlier order.
  virtual void Fail(const std::string& call, std::uint64_t nth, Status status, Mode mode) = 0;
  virtual void ClearFaults() = 0;
  // Names of all calls since the last ClearLog, in order, failed ones included.
  virtual std::vector<std::string> Log() const = 0;
  virtual void ClearLog() = 0;
  // Resources handed out and not yet given back: streams, events, allocations, pinned blocks,
  // libraries, pools, arrays, objects of textures and surfaces.
  struct Live {
    std::int64_t streams = 0, events = 0, allocations = 0, pinned = 0, libraries = 0, pools = 0,
                 arrays = 0, textures = 0;
  };
  virtual Live live() const = 0;
};
std::unique_ptr<FaultRuntime> MakeFaultRuntime(std::shared_ptr<Runtime> inner);

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_RUNTIMES_H_
