#include "simulator/exec/matrix/sparsity.h"

namespace nodecuda::simulator {

// Elements of a row that four bits are for: 2 of tf32, 4 of 16 and 8 bits, 8 of 4 bits.
int Sparsity::codes() const {
  return k / (bits == 32 ? 2 : bits == 4 ? 8 : 4);
}

// All lanes together hold 16 rows at 16 codes.
int Sparsity::selectors() const {
  return 16 / codes();
}

// Lane 4 * g + i is for rows g and g + 8: of 16 bits and tf32 it has four codes of the upper row,
// then four of the lower; of fewer bits it has eight of one row. The PTX ISA has pictures of that
// only
// ("Sparse MMA metadata layout"). These agree on it:
// - CuTe's traits of all these instructions (ELayout in mma_traits_sm80_sparse.hpp);
// - but for tf32 ptxas 13: for sm_100a it sorts the metadata of a plain mma.sp, and for each lane
//   shuffles those together that belong to the elements which the lane holds;
// - CUTLASS's order of metadata in memory (reorder_meta), of elements of 2 bytes for 16 bits and
//   tf32, of 4 bytes for 8 bits at m16n8k64 and 4 bits at m16n8k128;
// - LLVM's sparse-mma-2-4-f16.mlir, for 16 bits at m16n8k32.
// Which lanes a selector names, and what the codes mean, the text of the ISA tells.
int Sparsity::RowOfB(const std::uint32_t* metadata, int selector, int row, int column) const {
  const int stored = bits == 32 ? 1 : bits == 4 ? 4 : 2;  // of one code
  const int code = column / stored, index = column % stored;
  int lane = row % 8 * 4 + selector * codes() / 4, shift;
  if (bits >= 16) {
    lane += code / 4;
    shift = row / 8 * 16 + code % 4 * 4;
  } else {
    lane += code / 8 * 2 + row / 8;
    shift = code % 8 * 4;
  }
  const auto value = static_cast<int>(metadata[lane] >> shift & 15);
  switch (bits) {
    case 32:
      return code * 2 + (value >> 1 & 1);
    case 4:
      return code * 8 + (value >> index / 2 * 2 & 3) * 2 + index % 2;
    default:
      return code * 4 + (value >> index * 2 & 3);
  }
}

}  // namespace nodecuda::simulator
