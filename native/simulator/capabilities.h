#ifndef NODECUDA_SIMULATOR_CAPABILITIES_H_
#define NODECUDA_SIMULATOR_CAPABILITIES_H_

#include "runtime/runtime.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda::simulator {

// The properties of device `index` of those options, which must be valid: the limits are those of
// real hardware, because launch code branches on them; only the multiprocessors are few, to keep
// grids that fill the device small, unless a model is asked for.
DeviceProperties SimulatedProperties(const SimulatedOptions& options, int index);

// The memory that a device gets when nothing is asked for: min(8 GiB, half of the host's memory).
std::size_t DefaultMemoryBytes();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_CAPABILITIES_H_
