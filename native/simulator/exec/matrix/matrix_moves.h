#ifndef NODECUDA_SIMULATOR_EXEC_MATRIX_MATRIX_MOVES_H_
#define NODECUDA_SIMULATOR_EXEC_MATRIX_MATRIX_MOVES_H_

#include "simulator/exec/code/instruction.h"

// ldmatrix, stmatrix and movmatrix: 8x8 matrices of 16-bit elements between shared memory, one row
// a lane, and registers, two elements of row lane / 4 a lane.
namespace nodecuda::simulator {

// For `count` matrices, 1, 2 or 4. slot[0..count-1] and slot[kAddressSlot]; detail as kLoad's.
WarpHandler LoadMatrixHandler(int count, bool transposed);
// For 1 or 2 matrices of 16x16 bytes, transposed: twice as many registers.
WarpHandler LoadByteMatrixHandler(int count);
WarpHandler StoreMatrixHandler(int count, bool transposed);
// slot[0] = the transpose of slot[1].
WarpHandler TransposeMatrixHandler();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MATRIX_MATRIX_MOVES_H_
