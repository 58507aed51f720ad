#ifndef NODECUDA_SIMULATOR_EXEC_MATRIX_WMMA_H_
#define NODECUDA_SIMULATOR_EXEC_MATRIX_WMMA_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <string>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"
#include "simulator/exec/matrix/mma.h"

// wmma: products of matrices that one warp loads, multiplies and stores as fragments. Which lane
// holds which element is not said by PTX; here lanes divide a matrix, in rows, into pieces of equal
// length. The registers are in the instruction's operand list.
namespace nodecuda::simulator {

// A matrix, and the registers that hold it. Those of f16 have more room than most matrices need:
// they repeat what they hold, so that arithmetic on all of a fragment stays arithmetic on the
// matrix.
struct WmmaFragment {
  std::uint8_t rows, columns;
  std::uint8_t bits;  // of an element
  std::uint8_t registers;

  bool operator==(const WmmaFragment&) const = default;
  ptx::Type register_type() const { return bits == 64 ? ptx::Type::kF64 : ptx::Type::kB32; }
};

// Elements in a word of 32 bits, where these are moved as such: the stride counts elements.
enum class WmmaPacking : std::uint8_t { kNone, kNibbles, kBits };

// wmma.load and wmma.store. slot[kAddressSlot] and slot[kStrideSlot], elements from one row or
// column to the next; kNoSlot where they follow each other.
inline constexpr int kStrideSlot = 5;
struct WmmaMoveForm {
  WmmaFragment fragment;
  bool is_store = false;
  bool by_columns = false;
  ptx::Space space = ptx::Space::kNone;
  bool wide_address = false;
  WmmaPacking packing = WmmaPacking::kNone;

  // From one row or column to the next, in what is moved, of a stride in elements.
  std::uint32_t Stride(std::uint32_t elements) const {
    return packing == WmmaPacking::kNone      ? elements
           : packing == WmmaPacking::kNibbles ? elements / 8
                                              : elements / 32;
  }
  void PackInto(std::uint8_t (&detail)[2]) const;
  static WmmaMoveForm Of(const Instruction& in);
};
// But for the space, which is the mnemonic's last part but one where there are nine. nullopt, with
// the reason in *why, for a mnemonic that does not exist or is not supported.
std::optional<WmmaMoveForm> ParseWmmaMove(const ptx::Instruction& instruction, std::string* why);
WarpHandler WmmaMoveHandler();

// wmma.mma: d = a * b + c. The operand list holds d, a, b, c.
struct WmmaForm {
  std::uint8_t m, n, k;
  MmaType a, b, c, d;
  bool saturates : 1;
  MmaBits bits : 7;  // of kB1

  WmmaFragment FragmentOfA() const;
  WmmaFragment FragmentOfB() const;
  WmmaFragment FragmentOfC() const;
  WmmaFragment FragmentOfD() const;

  // Instruction::offset holds it.
  std::int64_t Packed() const { return std::bit_cast<std::int64_t>(*this); }
  static WmmaForm Of(const Instruction& in) { return std::bit_cast<WmmaForm>(in.offset); }
};
std::optional<WmmaForm> ParseWmma(const ptx::Instruction& instruction, std::string* why);
WarpHandler WmmaHandler(const WmmaForm& form);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MATRIX_WMMA_H_
