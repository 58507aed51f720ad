#ifndef NODECUDA_SIMULATOR_LAUNCH_H_
#define NODECUDA_SIMULATOR_LAUNCH_H_

#include "runtime/runtime.h"
#include "simulator/engine.h"

namespace nodecuda::simulator {

// What CUDA checks when a kernel is launched, before anything runs. These errors do not stick.
Status CheckLaunch(const LaunchConfig& config, const KernelInfo& kernel,
                   const DeviceProperties& properties);

// Copies the values behind `arguments`, one pointer per parameter, to where the kernel reads them.
Status PackParameters(const KernelInfo& kernel, void** arguments, std::vector<std::byte>* packed);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_LAUNCH_H_
