#ifndef NODECUDA_SIMULATOR_LAUNCH_H_
#define NODECUDA_SIMULATOR_LAUNCH_H_

#include "runtime/runtime.h"
#include "simulator/engine.h"

namespace nodecuda::simulator {

// What CUDA checks when a kernel is launched, before anything runs. These errors do not stick.
// `max_dynamic_shared_bytes` is what the kernel's attribute was set to, 0 where it was not.
Status CheckLaunch(const LaunchConfig& config, const KernelInfo& kernel,
                   const DeviceProperties& properties, std::size_t max_dynamic_shared_bytes);

// How many blocks a multiprocessor holds at one time. What registers a kernel takes is not known
// here, so that they do not count.
struct Residency {
  int by_threads = 0, by_blocks = 0, by_shared = 0;
};
Residency ResidencyOf(const KernelInfo& kernel, const DeviceProperties& properties,
                      int block_threads, std::size_t dynamic_shared_bytes);
int ActiveBlocks(const KernelInfo& kernel, const DeviceProperties& properties, int block_threads,
                 std::size_t dynamic_shared_bytes);
// And all of them together.
std::uint64_t ResidentBlocks(const LaunchConfig& config, const KernelInfo& kernel,
                             const DeviceProperties& properties);

// The shape of the clusters a launch that was checked runs in.
Dim3 ClusterOf(const LaunchConfig& config, const KernelInfo& kernel);

// Gives a launch that was checked its place in its meter's log; if there is no room, it has none.
void BeginMetering(const DeviceProperties& properties, Launch* launch);

// Copies the values behind `arguments`, one pointer per parameter, to where the kernel reads them.
Status PackParameters(const KernelInfo& kernel, void** arguments, std::vector<std::byte>* packed);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_LAUNCH_H_
