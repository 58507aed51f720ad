#ifndef NODECUDA_SIMULATOR_ENGINE_H_
#define NODECUDA_SIMULATOR_ENGINE_H_

#include <atomic>
#include <memory>

#include "simulator/exec/code/kernel.h"
#include "simulator/exec/decode/module/load_program.h"
#include "simulator/memory/device_memory.h"

// The PTX engine: loads a module for one device and executes launches of its kernels. It knows
// nothing of streams, handles or JavaScript.
namespace nodecuda::simulator {

// Runs launches, one at a time, on a pool of `workers` threads (a CTA, or the CTAs of a cluster,
// per worker; with one worker they run in order on the calling thread and no thread is started).
class Engine {
 public:
  virtual ~Engine() = default;  // joins the workers
  // Blocks until the grid has finished, faulted, or `stop` was set (kLaunchFailure, "stopped").
  // The launch must have passed the runtime's own checks of grid, block and shared memory.
  virtual Outcome Run(const Launch& launch, DeviceMemory& memory,
                      const std::atomic<bool>& stop) = 0;
};

std::unique_ptr<Engine> MakeEngine(int workers);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_ENGINE_H_
