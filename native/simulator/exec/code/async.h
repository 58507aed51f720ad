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
  kBulkToShared,  // 0: destination; 1: source; 2: bytes; 3: mbarrier; 4: multicast mask or kNoSlot
  kBulkToGlobal,  // 0: destination; 1: source; 2: bytes
  kTensorLoad,    // 0: destination; 1: map; 2: mbarrier; 3: multicast mask or kNoSlot;
                  // listed: coordinates, `offset` of them
  kTensorStore,   // 0: source; 1: map; listed: coordinates, `offset` of them
  kBulkCommit,
  kBulkWait,  // `offset`: groups that may be pending
  kWgmma,     // 0, 1: descriptors; 2: predicate scale-d; `offset`: WgmmaForm; listed: D, A
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

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_ASYNC_H_
