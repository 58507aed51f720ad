// The tensor core kernels with mma.sync that need an instruction or the shared memory of 8.0.
#include "cuda/matmul/mma/mma.cuh"

namespace matmul {

// Warps of fewer sums, where each takes more registers.
using MmaFast = MmaShape<128, 128, 64, 32, 3>;

}  // namespace matmul

NODECUDA_MMA_LAYOUTS(matmul_float16_128x256, Float16Kind, MmaWide, 1)
NODECUDA_MMA_LAYOUTS(matmul_bfloat16_128x256, Bfloat16Kind, MmaWide, 1)
NODECUDA_MMA_LAYOUTS(matmul_bfloat16_128x128, Bfloat16Kind, MmaLarge, 2)
NODECUDA_MMA_LAYOUTS(matmul_bfloat16_64x64, Bfloat16Kind, MmaSmall, 3)
NODECUDA_MMA_LAYOUTS(matmul_tf32_128x256, Tf32Kind, MmaWide, 1)
NODECUDA_MMA_LAYOUTS(matmul_tf32_128x128, Tf32Kind, MmaLarge, 2)
NODECUDA_MMA_LAYOUTS(matmul_tf32_64x64, Tf32Kind, MmaSmall, 3)
NODECUDA_MMA_LAYOUTS(matmul_fp32fast_128x128, FastFloat32Kind, MmaFast, 1)
NODECUDA_MMA_LAYOUTS(matmul_fp32fast_64x64, FastFloat32Kind, MmaSmall, 3)
