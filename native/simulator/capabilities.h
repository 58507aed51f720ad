#ifndef NODECUDA_SIMULATOR_CAPABILITIES_H_
#define NODECUDA_SIMULATOR_CAPABILITIES_H_

#include "runtime/runtime.h"

namespace nodecuda::simulator {

// The properties of device `index` of the given compute capability, which must be one of
// SupportedCapabilities: the limits are those of real hardware, because launch code branches on
// them; only the multiprocessors are few, to keep grids that fill the device small.
DeviceProperties SimulatedProperties(int capability, int index, std::size_t memory_bytes);

// What a device gets when nothing is asked for: min(8 GiB, half of the host's memory).
std::size_t DefaultMemoryBytes();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_CAPABILITIES_H_
