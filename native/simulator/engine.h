#ifndef NODECUDA_SIMULATOR_ENGINE_H_
#define NODECUDA_SIMULATOR_ENGINE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/runtime.h"
#include "simulator/exec/alu.h"
#include "simulator/memory.h"

// The PTX engine: loads a module for one device and executes launches of its kernels. It knows
// nothing of streams, handles or JavaScript.
namespace nodecuda::simulator {

struct ParameterInfo {
  std::size_t offset = 0, bytes = 0, alignment = 1;
};

struct KernelInfo {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::size_t parameter_bytes = 0;
  std::size_t static_shared_bytes = 0;
  std::uint32_t max_threads = 0;           // .maxntid, 0 if absent
  std::uint32_t required_threads[3] = {};  // .reqntid, 0 if absent
  std::uint32_t required_cluster[3] = {};  // .reqnctapercluster, 0 if absent
};

struct LoadFailure {
  Status status = Status::kSuccess;
  std::string log;  // for people; names line and mnemonic
};

// A decoded module, bound to the device memory that holds its global variables.
class Program {
 public:
  virtual ~Program() = default;
  // Null if there is no such kernel. The pointer lives as long as the program.
  virtual const KernelInfo* FindKernel(std::string_view name) const = 0;
};

// Parses, checks and decodes. `capability` is the device's, 90 for 9.0: a module for a higher
// target, or for an `a` target other than the device's, is kNoKernelImageForDevice; text that is
// not PTX or has an unknown instruction kInvalidPtx; a PTX version above 9.0
// kUnsupportedPtxVersion. Returns null and fills *failure. `memory` must outlive the program.
std::shared_ptr<const Program> LoadProgram(std::string_view ptx, int capability, Isa isa,
                                           DeviceMemory& memory, LoadFailure* failure);

struct Launch {
  std::shared_ptr<const Program> program;
  const KernelInfo* kernel = nullptr;
  Dim3 grid, block;
  Dim3 cluster;                   // blocks; the grid is a multiple of it
  bool explicit_cluster = false;  // it was asked for, by the launch or by the kernel
  std::size_t dynamic_shared_bytes = 0;
  std::vector<std::byte> parameters;  // laid out as KernelInfo says
  // cp.async copies when a wait demands it, not when it is issued: results that differ show that a
  // wait is missing.
  bool late_copies = false;
};

struct Outcome {
  Status status = Status::kSuccess;
  std::string report;  // on a fault: kernel, PTX line, block, thread, address; for people
};

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
