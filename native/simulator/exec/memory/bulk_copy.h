#ifndef NODECUDA_SIMULATOR_EXEC_MEMORY_BULK_COPY_H_
#define NODECUDA_SIMULATOR_EXEC_MEMORY_BULK_COPY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ptx/ast.h"
#include "runtime/tensor_map.h"
#include "simulator/exec/code/instruction.h"
#include "simulator/exec/memory/memory_view.h"

namespace nodecuda::simulator {

// Joins each element at `to` with one from `from`; both aligned to elements.
using BulkReduction = void (*)(std::byte* to, const std::byte* from, std::size_t bytes);

// A copy (cp.async.bulk and its tensor form) from its issue to its end, with everything it needs:
// its thread may have gone on. Shared addresses are those of the cluster (kSharedCluster), made
// absolute: the rank of the block is in them.
struct BulkCopy {
  enum class Kind : std::uint8_t { kLinear, kTensorLoad, kTensorStore };
  Kind kind = Kind::kLinear;
  // Who issued it, where.
  int rank = 0, warp = 0, lane = 0;
  std::uint32_t pc = 0;
  int thread() const { return warp * kWarpSize + lane; }
  // When it ends: in_group, with the bulk group it belongs to (0: none yet); else it tells
  // `mbarriers`.
  std::uint64_t round = 0;
  bool in_group = false;
  std::uint32_t group = 0;
  std::vector<std::uint64_t> mbarriers;
  // What it moves: `bytes` from `source` to each of `destinations`; a tensor copy the box of `map`
  // at `coordinates` instead of the one that is in device memory.
  std::uint64_t bytes = 0;
  ptx::Space source_space = ptx::Space::kGlobal, destination_space = ptx::Space::kSharedCluster;
  std::uint64_t source = 0;
  BulkReduction reduce = nullptr;  // in place of a copy
  std::vector<std::uint64_t> destinations;
  TensorMapTiled map;
  std::array<std::int32_t, kMaxTensorRank> coordinates = {};
};

inline constexpr std::uint64_t kBulkAlignment = 16;     // of addresses and sizes
inline constexpr std::uint64_t kTensorAlignment = 128;  // of boxes in shared memory

// Moves the bytes. False: view.fault() tells why; what it had moved by then stays.
bool RunBulkCopy(const BulkCopy& copy, MemoryView& view);

// Calls visit(address, bytes) for each row of the box of a tensor copy, as far as it lies in the
// tensor: in device memory.
void ForEachRow(const BulkCopy& copy,
                const std::function<void(std::uint64_t address, std::uint64_t bytes)>& visit);

// Where the byte that belongs at `address` of shared memory is put: the 16-byte units of each 32,
// 64 or 128 bytes change places, as bits of the address above say.
constexpr std::uint64_t SwizzledAddress(std::uint64_t address, TensorMapSwizzle swizzle) {
  const auto bits = static_cast<unsigned>(swizzle);  // 0 to 3 of them
  return address ^ ((address >> 7 & ((1u << bits) - 1)) << 4);
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MEMORY_BULK_COPY_H_
