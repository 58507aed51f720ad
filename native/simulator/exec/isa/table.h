#ifndef NODECUDA_SIMULATOR_EXEC_ISA_TABLE_H_
#define NODECUDA_SIMULATOR_EXEC_ISA_TABLE_H_

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// What the handler files, compiled once per instruction set, tell alu.cc about their handlers.
// Plain data only: nothing here may become code with weak linkage.
namespace nodecuda::simulator {

// The operands of an instruction, in the order of Instruction::slot.
struct Operands {
  int destinations;
  int count;
  ptx::Type types[kMaxSlots];
};

struct AluRow {
  // The full mnemonic; parts in brackets may be left out: "add[.rn].f32".
  const char* mnemonic;
  Operands operands;
  AluHandler handler;
  // The slot behind the operands is the threads' carry flag (add.cc and its relatives).
  bool carry;
};

struct AluRows {
  const AluRow* rows;
  int count;
};

// A handler, and what it is to find in Instruction::offset.
struct AluCall {
  AluHandler handler;
  std::int64_t offset;
};

// setp.<compare>[.<combine>].<type>: the handlers of one comparison.
enum Combine { kCombineNone, kCombineAnd, kCombineOr, kCombineXor, kCombineCount };
// In Instruction::offset of such a handler.
struct SetpForm {
  Combine combine;
  bool pair;  // p|q
  std::int64_t Packed() const { return combine * 2 + pair; }
  static SetpForm Of(const Instruction& in) {
    return {static_cast<Combine>(in.offset / 2), in.offset % 2 != 0};
  }
};
struct SetpRow {
  const char* compare;  // "lt", "lt.ftz"
  ptx::Type type;
  AluHandler plain, combined;  // setp of one p; any, with its combination in Instruction::offset
};
struct SetpRows {
  const SetpRow* rows;
  int count;
};

enum class Round { kNearest, kZero, kDown, kUp };

// cvt of one value. A register may be wider than an integer type it holds.
struct Conversion {
  ptx::Type to, from;
  int to_bytes, from_bytes;                                 // of the registers
  enum class Rounding { kNone, kReal, kInteger } rounding;  // absent, .rn, .rni
  Round round;
  bool ftz, sat, relu;
};

// A load or store: bytes of an element and of a register, elements of a lane.
struct MemoryShape {
  int element, reg, vector;
  bool is_signed, is_store;
};

struct TensorTile;  // isa/tensor_tile.h

// One of these for each instruction set, in its namespace. Convert (its handler) and Pack return
// null for what does not exist; Pack's handler joins (or splits) `parts` elements of `bytes` each.
#define NODECUDA_DECLARE_ISA(isa)                 \
  namespace isa {                                 \
  AluRows IntegerRows();                          \
  AluRows CarryRows();                            \
  AluRows BitRows();                              \
  AluRows SelectRows();                           \
  AluRows FloatRows();                            \
  AluRows HalfRows();                             \
  AluRows MathRows();                             \
  AluRows ConvertRows();                          \
  AluRows NarrowRows();                           \
  AluRows ExchangeRows();                         \
  SetpRows Comparisons();                         \
  AluCall Convert(const Conversion& conversion);  \
  AluHandler Pack(int bytes, int parts);          \
  AluHandler Unpack(int bytes, int parts);        \
  MemoryHandler Access(const MemoryShape& shape); \
  void MultiplyTile(const TensorTile& tile);      \
  }
NODECUDA_DECLARE_ISA(baseline)
NODECUDA_DECLARE_ISA(avx2)
NODECUDA_DECLARE_ISA(avx512)

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_ISA_TABLE_H_
