#ifndef NODECUDA_SIMULATOR_EXEC_MEMORY_TENSOR_MAP_H_
#define NODECUDA_SIMULATOR_EXEC_MEMORY_TENSOR_MAP_H_

#include <cstdint>

#include "runtime/tensor_map.h"
#include "simulator/exec/code/async.h"

// The simulated device's own encoding of a tensor map. NVIDIA's is not public.
namespace nodecuda::simulator {

// Checks `tiled` as cuTensorMapEncodeTiled does. False, and *map untouched, when it is refused.
bool EncodeTensorMap(const TensorMapTiled& tiled, TensorMap* map);

// False for bytes that EncodeTensorMap cannot have made: a kernel may pass anything.
bool DecodeTensorMap(const TensorMap& map, TensorMapTiled* tiled);

// Puts `value` into a map, which need not be a whole one yet; what copies take is checked when they
// are made. False: there is no such value, or it is one that the simulated device does not know.
bool ReplaceTensorMapField(TensorMap* map, TensorMapField field, std::uint32_t ordinal,
                           std::uint64_t value);

// Bytes of an element.
std::uint64_t SizeOf(TensorMapDataType type);

// Elements of the box along a dimension: the element stride leaves some out.
std::uint32_t BoxExtent(const TensorMapTiled& tiled, std::uint32_t dimension);

// What one copy of the box moves, and counts, wherever in the tensor the box lies.
std::uint64_t BoxBytes(const TensorMapTiled& tiled);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MEMORY_TENSOR_MAP_H_
