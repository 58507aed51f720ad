#ifndef NODECUDA_SIMULATOR_EXEC_CODE_INSTRUCTION_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_INSTRUCTION_H_

#include <cstddef>
#include <cstdint>

// The decoded form of an instruction, shared by the decoder, the interpreter and the arithmetic
// handlers.
namespace nodecuda::simulator {

inline constexpr int kWarpSize = 32;
using LaneMask = std::uint32_t;
inline constexpr LaneMask kFullMask = 0xffffffffu;

struct Instruction;

// Instruction sets the handlers are compiled for. Results are bit-identical across them.
enum class Isa { kBaseline, kAvx2, kAvx512 };

// Runs an instruction for the lanes of `mask`. `file` is the warp's register file: for each slot
// the values of the 32 lanes side by side, at a 64-byte aligned byte offset (a predicate slot is
// one LaneMask). Destination lanes outside the mask keep their value. Slots are the same or do
// not overlap. A handler reads nothing but the instruction and its source slots, writes nothing
// but its destination slots, and cannot fail.
using AluHandler = void (*)(std::byte* file, const Instruction& instruction, LaneMask mask);

// Runs an instruction that looks across lanes or at memory, for the lanes of `mask`, at least one.
// False: it faulted, and context.view.fault() tells how.
struct WarpContext;
using WarpHandler = bool (*)(const Instruction& instruction, WarpContext& context, LaneMask mask);

inline constexpr int kMaxSlots = 8;
inline constexpr std::uint32_t kNoSlot = 0xffffffffu;
inline constexpr int kAddressSlot = 4;           // of what has an address
inline constexpr std::uint8_t kWideAddress = 8;  // in detail[1]: the address has 64 bits

// Moves the lanes of a load or store, if all of them lie in `region` and are aligned. False: they
// do not, and nothing has been touched.
struct Region;
using MemoryHandler = bool (*)(std::byte* file, const Instruction& instruction, LaneMask mask,
                               const Region& region);

struct Instruction {
  union {
    AluHandler alu = nullptr;  // null: the interpreter runs it, as `kind` says
    WarpHandler warp;          // of a kHandled or kCollective
    MemoryHandler memory;      // of a kLoad or kStore; null for rare forms
  };
  // Byte offsets into the register file: destinations first, then sources, in the order PTX writes
  // them, vectors and pairs flattened. kNoSlot for a discarded destination.
  std::uint32_t slot[kMaxSlots];
  std::uint32_t guard = kNoSlot;  // slot of the guard predicate
  bool guard_negated = false;
  std::uint8_t kind = 0;            // a meaning of the interpreter's own
  std::uint8_t detail[2] = {0, 0};  // likewise (vector length, element bytes, barrier flavour...)
  std::uint32_t target = 0;         // branch target, or index into DecodedKernel::operand_lists
  std::int32_t line = 0;            // PTX line
  std::int64_t offset = 0;          // constant part of an address
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_INSTRUCTION_H_
