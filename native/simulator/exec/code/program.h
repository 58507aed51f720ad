#ifndef NODECUDA_SIMULATOR_EXEC_CODE_PROGRAM_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/calls.h"
#include "simulator/exec/code/instruction.h"
#include "simulator/exec/code/kernel.h"
#include "simulator/exec/code/notes.h"

// The decoded form of a kernel: what the decoder makes and the interpreter runs.
namespace nodecuda::simulator {

// What Instruction::kind says.
enum class Operation : std::uint8_t {
  kAlu,         // unguarded: call `alu`, nothing else
  kGuardedAlu,  // the same under a guard
  kLoad,        // slot[0..3]: destinations; slot[kAddressSlot]; detail: MemoryForm
  kStore,       // slot[0..3]: sources; slot[kAddressSlot]; detail: MemoryForm
  kBranch,      // to `target`, for the lanes the guard selects
  kExit,        // exit, and ret of a kernel
  kCall,        // DecodedKernel::call_sites[target]; slot[0]: the function's address, or kNoSlot;
                // slot[1]: what places in the caller's frame are relative to, or kNoSlot
  kReturn,      // from DecodedKernel::functions[target]
  kAllocateStack,  // slot[0]: address; slot[1]: bytes; offset: alignment
  kRestoreStack,   // slot[0]: address
  kTrap,           // a fault
  kBarrierSync,    // slot[0]: barrier id; slot[1]: thread count, or kNoSlot for the whole block
  kBarrierArrive,  // the same, without waiting
  kBarrierReduce,  // as kBarrierSync; slot[2]: predicate; slot[3]: destination; detail[0]:
                   // Reduction
  kWarpSync,       // slot[0]: member mask
  kHandled,        // call `warp` for the lanes that come
  kCollective,     // call `warp` when all 32 lanes have come that have not exited
  kExchange,       // call `alu` when all lanes have come that slot[kMemberSlot] names and that have
                   // not exited: CollectiveOperands
  kFence,
  kYield,      // nanosleep: lets the others run first
  kAsync,      // mbarriers, bulk copies, wgmma, clusters: async.h
  kReadClock,  // slot[0]: the lane constant to refresh; detail[0]: bytes; detail[1]: a Special
};

inline constexpr int kFrameSlot = 1;   // of a kCall
inline constexpr int kMemberSlot = 7;  // of a kExchange
inline constexpr int kMaxVector = 4;

// The operands of a kExchange, whose lanes may come to it at several places in the
// code: packed into Instruction::detail and ::offset.
struct CollectiveOperands {
  int destinations = 0, count = 0;
  std::uint8_t width[kMaxSlots] = {};  // bytes per lane; 0: a predicate

  void PackInto(Instruction* in) const {
    in->detail[0] = static_cast<std::uint8_t>(destinations);
    in->detail[1] = static_cast<std::uint8_t>(count);
    for (int i = 0; i < count; ++i) in->offset |= std::int64_t{width[i]} << (8 * i);
  }
  static CollectiveOperands Of(const Instruction& in) {
    CollectiveOperands operands{in.detail[0], in.detail[1], {}};
    for (int i = 0; i < operands.count; ++i)
      operands.width[i] = static_cast<std::uint8_t>(in.offset >> (8 * i));
    return operands;
  }
};

// Whether lanes at one and at the other meet: the same instruction, wherever it stands.
inline bool SameCollective(const Instruction& one, const Instruction& other) {
  return &one == &other || (one.kind == static_cast<std::uint8_t>(Operation::kExchange) &&
                            other.kind == one.kind && one.alu == other.alu);
}

// What bar.red makes of the threads' predicates.
enum class Reduction : std::uint8_t { kAnd, kOr, kCount };

// How a load or store moves its lanes, packed into Instruction::detail.
struct MemoryForm {
  ptx::Space space = ptx::Space::kNone;  // kNone: generic
  bool wide_address = false;             // the address register has 64 bits
  unsigned element_log2 = 0;             // bytes in memory, of one element
  unsigned register_log2 = 0;            // bytes of the register, per lane
  unsigned vector_log2 = 0;
  bool is_signed = false;  // a load extends the sign

  void PackInto(std::uint8_t (&detail)[2]) const {
    detail[0] = static_cast<std::uint8_t>(element_log2 | register_log2 << 2 | vector_log2 << 4 |
                                          (is_signed ? 1u << 6 : 0u));
    detail[1] = static_cast<std::uint8_t>(static_cast<unsigned>(space) |
                                          (wide_address ? kWideAddress : 0u));
  }
  static MemoryForm Of(const Instruction& in) {
    return {static_cast<ptx::Space>(in.detail[1] & 7),
            (in.detail[1] & kWideAddress) != 0,
            in.detail[0] & 3u,
            in.detail[0] >> 2 & 3u,
            in.detail[0] >> 4 & 3u,
            (in.detail[0] & 64) != 0};
  }
  std::uint64_t access_bytes() const { return std::uint64_t{1} << (element_log2 + vector_log2); }
};

// Generic addresses of the spaces that are private to a block or a thread. Device memory is at
// host addresses, which on every 64-bit host lie below these windows. A shared address that mapa
// made has the rank of its block within the cluster, plus one, above kSharedRankShift; 0 there
// means the block that uses the address.
inline constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kSharedWindow = std::uint64_t{1} << 60;
inline constexpr std::uint64_t kLocalWindow = kSharedWindow + kWindowBytes;
inline constexpr std::uint64_t kParamWindow = kLocalWindow + kWindowBytes;
inline constexpr int kSharedRankShift = 24;
inline constexpr std::size_t kMaxSharedBytes = std::size_t{1} << kSharedRankShift;
inline constexpr std::size_t kReservedSharedBytes = 1024;              // per block, from 8.0 on
inline constexpr std::size_t kMaxLocalBytes = std::size_t{512} << 10;  // per thread, as CUDA's
inline constexpr std::size_t kMaxConstBytes = std::size_t{64} << 10;   // per module, as CUDA's

// The special registers. Their values are lane constants: filled in before the block starts, the
// clocks again at each use.
enum class Special : std::uint8_t {
  kNone,
  kTidX,
  kTidY,
  kTidZ,
  kNtidX,
  kNtidY,
  kNtidZ,
  kCtaidX,
  kCtaidY,
  kCtaidZ,
  kNctaidX,
  kNctaidY,
  kNctaidZ,
  kLaneId,
  kWarpId,
  kNwarpId,
  kLaneMaskEq,
  kLaneMaskLe,
  kLaneMaskLt,
  kLaneMaskGe,
  kLaneMaskGt,
  kDynamicSharedBytes,
  kTotalSharedBytes,
  kAllSharedBytes,  // %aggr_smem_size: with what is reserved
  kReservedBegin,   // of the shared memory that CUDA's headers use, if the kernel asks where it is
  kReservedMiddle,  // %reserved_smem_offset_1
  kReservedEnd,
  kReservedBytes,
  kMultiprocessor,   // %smid
  kMultiprocessors,  // %nsmid
  kGridId,
  kZero,  // what is not there: performance counters, the graph, the fourth component
  kClusterCtaidX,
  kClusterCtaidY,
  kClusterCtaidZ,
  kClusteridX,
  kClusteridY,
  kClusteridZ,
  kClusterCtarank,
  kClusterNctaidX,
  kClusterNctaidY,
  kClusterNctaidZ,
  kNclusteridX,
  kNclusteridY,
  kNclusteridZ,
  kClusterNctarank,
  kIsExplicitCluster,  // a predicate
  kWorkspaceHigh,      // %envreg1: halves of the address that a cooperative launch hands its blocks
  kWorkspaceLow,       // %envreg2
  kParameter,          // the kernel's, whose bytes begin at `bits` of the launch's
  kStackPointer,       // the end of a thread's stack of frames, in local memory
  kClock,
  kClockHigh,
  kGlobalTimer,
  kGlobalTimerHigh,
};

inline constexpr int kNoVariable = -1;

// 32 lanes in the constant part of the register file.
struct LaneConstant {
  std::uint32_t slot = 0;
  std::uint8_t bytes = 0;  // per lane; 0: a predicate, one LaneMask
  Special special = Special::kNone;
  std::uint64_t bits = 0;  // the value, where it is no special register; of kParameter, its place
  // What the address of this variable of the module is added to (Program::variables).
  int variable = kNoVariable;
};

// Nothing of a device is in here, so that devices may share it, nor does a launch change it.
struct DecodedKernel : KernelInfo {
  std::vector<Instruction> code;            // ends in an unguarded kExit
  std::vector<std::string_view> mnemonics;  // one per instruction, into the module's text
  std::vector<LaneConstant> constants;
  // Register file offsets of the operands that Instruction::slot has no room for, instruction after
  // instruction; Instruction::target is the index of the first. In the order PTX writes them.
  std::vector<std::uint32_t> operand_lists;
  // Of a kernel that was decoded to be watched: one per instruction, and one per listed operand.
  std::vector<InstructionNotes> notes;
  std::vector<ListedNote> listed_notes;
  std::vector<RegisterNote> registers;    // likewise; those that are used
  std::vector<VariableNote> variables;    // likewise
  std::string_view text;                  // of the module
  int capability = 0;                     // of the devices it was decoded for, 90 for 9.0
  Isa isa = Isa::kBaseline;               // likewise: whose handlers it calls
  std::size_t file_bytes = 0;             // register file of one warp
  std::size_t dynamic_shared_offset = 0;  // where the launch's dynamic shared memory begins
  bool reserves_shared = false;           // it has kReservedSharedBytes behind that
  // The code of functions follows the kernel's own.
  std::vector<CalledFunction> functions;  // the module's, where there are calls
  std::vector<CallSite> call_sites;
  std::uint64_t function_window = 0;      // the address of function 0; of no other module
  std::uint32_t stack_pointer = kNoSlot;  // slot; kNoSlot if nothing is on the stack
  std::size_t saved_bytes = 0;            // what a call may save
  const SourceLines* sources = nullptr;   // of the module
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_PROGRAM_H_
