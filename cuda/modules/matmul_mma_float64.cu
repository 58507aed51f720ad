// The tensor core kernels for float64. Not for 12.0, which has no such tensor cores: ptxas would
// put a long sequence of other instructions in their place.
#include "cuda/matmul/mma/mma.cuh"

namespace matmul {

using MmaLarge64 = MmaShape<128, 128, 32, 64, 3>;
using MmaSmall64 = MmaShape<64, 64, 32, 32, 3>;

}  // namespace matmul

NODECUDA_MMA_LAYOUTS(matmul_float64_mma_128x128, Float64Kind, MmaLarge64, 1)
NODECUDA_MMA_LAYOUTS(matmul_float64_mma_64x64, Float64Kind, MmaSmall64, 2)
