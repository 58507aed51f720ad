#ifndef NODECUDA_SIMULATOR_EXEC_WARP_REDUCTIONS_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_REDUCTIONS_H_

#include <span>
#include <string_view>

#include "runtime/tensor_map.h"
#include "simulator/exec/memory/bulk_copy.h"

// What cp.reduce.async.bulk does to elements in memory.
namespace nodecuda::simulator {

struct MemoryReduction {
  std::string_view name;  // such as `add.noftz.bf16`
  BulkReduction run = nullptr;
  bool in_shared = false;  // also where the destination is shared memory
};

// An instruction keeps a place among them, from 1 on.
std::span<const MemoryReduction> AllReductions();
std::size_t FindReduction(std::string_view name);  // 0: there is none

// The same for those of a tensor copy, `add`, whose types are the tensor's.
std::size_t FindTensorReduction(std::string_view operation);  // 0: none
const MemoryReduction* TensorReductionOf(std::size_t place,
                                         TensorMapDataType elements);  // null: none

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_REDUCTIONS_H_
