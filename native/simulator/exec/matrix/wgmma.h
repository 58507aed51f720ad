#ifndef NODECUDA_SIMULATOR_EXEC_MATRIX_WGMMA_H_
#define NODECUDA_SIMULATOR_EXEC_MATRIX_WGMMA_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "simulator/exec/arithmetic/tensor_math.h"

// Matrix products of a warpgroup: what the instruction says, and where it finds its operands.
namespace nodecuda::simulator {

inline constexpr int kWgmmaRows = 16;         // of A and D that each of the four warps has
inline constexpr int kWgmmaDepthBytes = 32;   // of what is stored of a row of A, in any type
inline constexpr int kWgmmaRegistersOfA = 4;  // where they hold it
inline constexpr int kWarpsOfGroup = 4;

// Element types, those of tensor_math.h first.
// Of single bits eight are taken for an element.
enum class WgmmaType : std::uint8_t { kF16, kBF16, kTF32, kE4M3, kE5M2, kS8, kU8, kB1 };
static_assert(static_cast<int>(WgmmaType::kE5M2) == static_cast<int>(TensorType::kE5M2));

constexpr bool IsInteger(WgmmaType type) {
  return type >= WgmmaType::kS8;
}
constexpr int BytesOf(WgmmaType type) {
  return type <= WgmmaType::kBF16 ? 2 : type == WgmmaType::kTF32 ? 4 : 1;
}

struct WgmmaForm {
  WgmmaType a = WgmmaType::kF16, b = WgmmaType::kF16;
  int n = 8;
  bool half_result = false;
  bool a_in_registers = false;
  bool negate_a = false, negate_b = false;
  bool a_is_m_major = false, b_is_n_major = false;
  bool saturate = false;
  bool is_sparse = false;  // A: half of it is stored
  int selector = 0;        // of a sparse A: sparsity.h

  int stored_k() const { return kWgmmaDepthBytes / BytesOf(a); }  // of A
  int k() const { return is_sparse ? 2 * stored_k() : stored_k(); }
  int result_registers() const { return half_result ? n / 4 : n / 2; }
  std::int64_t Pack() const;
  static WgmmaForm Unpack(std::int64_t bits);
};

// The 64 bits that tell where a matrix lies in shared memory.
struct MatrixDescriptor {
  explicit MatrixDescriptor(std::uint64_t bits);

  // Address of the 16 bytes that hold element `along` of the dimension whose elements are
  // neighbours and row `across` of the other one. `unit` is along / (elements in 16 bytes).
  std::uint64_t UnitAddress(bool is_k_major, std::uint32_t unit, std::uint32_t across) const;

  std::uint32_t start = 0, leading = 0, stride = 0;  // bytes
  std::uint32_t base_offset = 0;
  std::uint32_t span = 16;  // bytes in which 16-byte units change places: 16, 32, 64 or 128
};

// Where an element goes: number row * row_step + k * k_step of `elements`.
struct MatrixTarget {
  std::uint32_t* elements = nullptr;
  std::size_t row_step = 0, k_step = 0;
};

// Reads `count` rows of A from `first` on (or columns of B, called rows here too), `depth` elements
// each, as their bits. `read` copies the 16 bytes at an address, or returns false.
using UnitReader = std::function<bool(std::uint64_t address, void* unit)>;
struct MatrixPart {
  bool is_k_major;
  WgmmaType type;
  std::uint32_t first, count, depth;
  static MatrixPart OfA(const WgmmaForm& form, int warp);
  static MatrixPart OfB(const WgmmaForm& form);
};
bool ReadMatrix(const MatrixDescriptor& descriptor, const MatrixPart& part, const UnitReader& read,
                const MatrixTarget& target);

// Lists the addresses of those units, 16 bytes each.
void ListUnits(const MatrixDescriptor& descriptor, const MatrixPart& part,
               std::vector<std::uint64_t>* addresses);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MATRIX_WGMMA_H_
