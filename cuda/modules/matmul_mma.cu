// The tensor core kernels with mma.sync that every GPU from 7.5 on can run.
//
// The host chooses among these and those of the other matmul modules (native/ops/matmul/matmul.cc).
// All mma.sync kernels need a, b, lda, ldb and the batch strides of both at multiples of 16 bytes.
// What a shape needs beyond 48 KB of shared memory, it takes as dynamic shared memory.
#include "cuda/matmul/mma/mma.cuh"

NODECUDA_MMA_LAYOUTS(matmul_float16_128x128, Float16Kind, MmaLarge, 2)
NODECUDA_MMA_LAYOUTS(matmul_float16_64x64, Float16Kind, MmaSmall, 3)
NODECUDA_MMA_LAYOUTS(matmul_int8_128x128, Int8Kind, MmaLarge, 2)
NODECUDA_MMA_LAYOUTS(matmul_int8_64x64, Int8Kind, MmaSmall, 3)
