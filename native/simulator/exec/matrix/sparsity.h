#ifndef NODECUDA_SIMULATOR_EXEC_MATRIX_SPARSITY_H_
#define NODECUDA_SIMULATOR_EXEC_MATRIX_SPARSITY_H_

#include <cstdint>

// Matrices of which every second element is zero and not stored, 2 of 4 in a row (1 of 2 of tf32,
// and pairs of four bits), as mma.sp and wgmma.mma_async.sp take A. For each four bits of metadata
// tell which they are; they lie in registers of some of the lanes, which a selector names.
namespace nodecuda::simulator {

// The 16 rows of A that a warp has.
struct Sparsity {
  int bits;  // of an element: 4, 8, 16, or 32
  int k;     // of the instruction; half as many are stored in a row

  // Ways to select the lanes: 4, 2 or 1.
  int selectors() const;

  // Row of B that the stored element `column` of `row` is multiplied by. `metadata` is the register
  // of the 32 lanes. The indices count as they are, in any order and also twice the same, where PTX
  // leaves open what happens; of tf32, whose index has four bits, the second lowest counts.
  int RowOfB(const std::uint32_t* metadata, int selector, int row, int column) const;

 private:
  int codes() const;  // of four bits, in a row
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MATRIX_SPARSITY_H_
