#ifndef NODECUDA_SIMULATOR_SIMULATED_RUNTIME_H_
#define NODECUDA_SIMULATOR_SIMULATED_RUNTIME_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/check_log.h"
#include "runtime/runtime.h"
#include "simulator/exec/code/schedule.h"

namespace nodecuda::simulator {

struct SimulatedOptions {
  int device_count = 1;
  // Per device; 0: what the model has, or min(8 GiB, half of the host's memory).
  std::size_t memory_bytes = 0;
  int major = 9, minor = 0;  // one of SupportedCapabilities
  std::string model;         // one for which IsModel holds, in place of these; empty: none
  int workers = 1;           // threads that execute kernels, per device
  // cp.async copies when a wait demands it, not when it is issued: either is allowed, so results
  // that differ show a race.
  bool late_copies = false;
  Schedule schedule = {};
  std::chrono::milliseconds time_limit{0};     // of a launch; 0: none
  std::shared_ptr<CheckLog> checks = nullptr;  // what launches are checked for; null: nothing
};

// The compute capabilities a device can be simulated as, ascending, 75 for 7.5.
std::span<const int> SupportedCapabilities();

// Whether a GPU of that name can be simulated: "H100".
bool IsModel(std::string_view name);

// A runtime whose devices live in host memory and execute PTX. Independent of every other one.
// Throws std::bad_alloc when the device memory cannot be reserved; the options must be valid.
std::unique_ptr<Runtime> MakeSimulatedRuntime(const SimulatedOptions& options);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_SIMULATED_RUNTIME_H_
