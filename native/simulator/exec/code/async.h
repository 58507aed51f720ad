#ifndef NODECUDA_SIMULATOR_EXEC_CODE_ASYNC_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_ASYNC_H_

#include <cstdint>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// The instructions of kind kAsync: barriers and copies that go on while the thread does, matrix
// products of a warpgroup, clusters. Addresses stand in slots of 64 bits, constant parts added.
namespace nodecuda::simulator {

// What Instruction::detail[0] says, and which slots it takes.
enum class AsyncOp : std::uint8_t {
  kMbarrierInit,          // 1: address; 2: count
  kMbarrierInvalidate,    // 1: address
  kMbarrierArrive,        // 0: state or kNoSlot; 1: address; 2: count or kNoSlot (1)
  kMbarrierArriveExpect,  // 0: state or kNoSlot; 1: address; 2: bytes
  kMbarrierExpect,        // 1: address; 2: bytes
  kMbarrierComplete,      // 1: address; 2: bytes
  kMbarrierTest,          // 0: predicate; 1: address; 2: state, or parity
  kMbarrierTry,           // the same, and waits
  kMbarrierPending,       // 0: count; 1: state
  kCopyArrive,            // 1: address; detail[1]: flag: .noinc
  kMapa,                  // 0: address; 1: address; 2: rank; detail[1]: AddressForm of both
  kGetCtaRank,            // 0: rank; 1: address
  kClusterArrive,
  kClusterWait,
  kBulkToShared,  // 0: destination; 1: source; 2: bytes; 3: mbarrier; 4: multicast mask or kNoSlot;
                  // `offset`: place of its reduction, 0 for a copy
  kBulkToGlobal,  // 0: destination; 1: source; 2: bytes; `offset`: as above
  kTensorLoad,    // 0: destination; 1: map; 2: mbarrier; 3: multicast mask or kNoSlot;
                  // listed: coordinates; `offset`: TensorForm
  kTensorStore,   // 0: source; 1: map; listed: coordinates; `offset`: TensorForm
  kMapReplace,    // 1: address of a tensor map; 2: value; `offset`: MapFieldForm
  kMapCopy,       // 0: destination; 1: source, in shared memory
  kBulkCommit,
  kBulkWait,  // `offset`: groups that may be pending
  kWgmma,  // 0, 1: descriptors; 2: predicate scale-d; `offset`: WgmmaForm; listed: D, A, metadata
  kWgmmaCommit,
  kWgmmaWait,  // `offset`: groups that may be pending
};

// What detail[1] says of mbarrier operations and of the addresses of others.
struct AddressForm {
  ptx::Space space = ptx::Space::kNone;  // of the mbarrier, or of the source of a kBulkToShared
  bool flag = false;  // kMbarrierArrive: noComplete; tests: parity; mapa: 64-bit registers
  bool drop = false;  // arrive_drop

  std::uint8_t Pack() const {
    return static_cast<std::uint8_t>(static_cast<unsigned>(space) | (flag ? 8u : 0u) |
                                     (drop ? 16u : 0u));
  }
  static AddressForm Of(const Instruction& in) {
    return {static_cast<ptx::Space>(in.detail[1] & 7), (in.detail[1] & 8) != 0,
            (in.detail[1] & 16) != 0};
  }
};

// What `offset` says of tensor copies.
struct TensorForm {
  std::uint32_t rank = 1;       // coordinates
  std::uint32_t reduction = 0;  // place of the reduction of a store, 0 for a copy

  std::int64_t Pack() const { return std::int64_t{reduction} << 8 | rank; }
  static TensorForm Of(const Instruction& in) {
    const auto bits = static_cast<std::uint32_t>(in.offset);
    return {bits & 0xff, bits >> 8};
  }
};

// What tensormap.replace sets. Values are those of the instruction: they differ from cuda.h for
// types.
enum class TensorMapField : std::uint8_t {
  kGlobalAddress,
  kRank,  // less one
  kBoxDim,
  kGlobalDim,
  kGlobalStride,  // bytes
  kElementStride,
  kElementType,
  kInterleave,
  kSwizzle,
  kFill,
};

// What `offset` says of a kMapReplace.
struct MapFieldForm {
  TensorMapField field = TensorMapField::kGlobalAddress;
  std::uint32_t ordinal = 0;

  std::int64_t Pack() const {
    return std::int64_t{ordinal} << 8 | static_cast<std::int64_t>(field);
  }
  static MapFieldForm Of(const Instruction& in) {
    const auto bits = static_cast<std::uint64_t>(in.offset);
    return {static_cast<TensorMapField>(bits & 0xff), static_cast<std::uint32_t>(bits >> 8)};
  }
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_ASYNC_H_
