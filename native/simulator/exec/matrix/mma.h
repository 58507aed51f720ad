#ifndef NODECUDA_SIMULATOR_EXEC_MATRIX_MMA_H_
#define NODECUDA_SIMULATOR_EXEC_MATRIX_MMA_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ptx/ast.h"
#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/code/instruction.h"

// mma.sync: d = a * b + c for matrices that lie in the registers of a warp, and mma.sp, where half
// of a is zeros and not stored. The registers are in the instruction's operand list, in the order
// d, a, b, c, and the metadata of a sparse a.
namespace nodecuda::simulator {

enum class MmaType : std::uint8_t {
  kF16,
  kBF16,
  kTF32,
  kE4M3,
  kE5M2,
  kF64,
  kS8,
  kU8,
  kS4,
  kU4,
  kB1,
  kF32,  // accumulators only, as kS32
  kS32,
};

int BitsOf(MmaType type);
std::optional<MmaType> MmaTypeNamed(std::string_view name);
TensorType TensorTypeOf(MmaType type);  // of the floats that tensor_math.h knows

// What takes the place of a product of bits.
enum class MmaBits : std::uint8_t { kNone, kXor, kAnd };

struct MmaForm {
  static constexpr int n = 8;

  std::uint8_t m, k_steps;  // k in fours
  MmaType a, b, accumulator;
  MmaBits bits;
  bool saturates;
  std::uint8_t sparsity;  // 0: all of a is stored; else one more than the selector (sparsity.h)

  bool sparse() const { return sparsity != 0; }
  int selector() const { return sparsity - 1; }
  int k() const { return 4 * k_steps; }
  int stored_k() const { return sparse() ? k() / 2 : k(); }  // of a

  // Elements of a or b in one register, and registers of a, b, and c or d.
  int a_per_register() const;
  int a_registers() const { return m * stored_k() / (kWarpSize * a_per_register()); }
  int b_registers() const { return k() * n / (kWarpSize * a_per_register()); }
  int c_registers() const;
  ptx::Type a_type() const { return a == MmaType::kF64 ? ptx::Type::kF64 : ptx::Type::kB32; }
  ptx::Type c_type() const {
    return accumulator == MmaType::kF64 ? ptx::Type::kF64 : ptx::Type::kB32;
  }

  // Instruction::offset holds it.
  std::int64_t Packed() const { return std::bit_cast<std::int64_t>(*this); }
  static MmaForm Of(const Instruction& in) { return std::bit_cast<MmaForm>(in.offset); }
};

// What a mnemonic says; nullopt, with the reason in *why, for one that does not exist or is not
// supported.
std::optional<MmaForm> ParseMma(const ptx::Instruction& instruction, std::string* why);

WarpHandler MmaHandler(const MmaForm& form);
WarpHandler SparseMmaHandler(const MmaForm& form);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MATRIX_MMA_H_
