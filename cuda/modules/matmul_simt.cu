// Matmul without tensor cores. The host chooses among the variants (native/ops/matmul/matmul.cc,
// which repeats tiles and threads). How a and b are stored is an argument, so there is one kernel
// for all four layouts.
#include "cuda/matmul/simt/simt.cuh"
#include "cuda/matmul/simt/skinny.cuh"
#include "cuda/matmul/split_sum.cuh"

namespace matmul {

// Element types as stored and computed with, tile, thread's part of it, stages, unrolled steps.
using Float32Tall = Shape<float, float, 256, 128, 8, 16, 8, 3, 4>;
using Float32Wide = Shape<float, float, 128, 256, 8, 16, 8, 3, 4>;
using Float32Medium = Shape<float, float, 128, 128, 8, 8, 8, 4, 4>;
using Float32Small = Shape<float, float, 64, 64, 16, 8, 4, 3, 4>;
using Float64Medium = Shape<double, double, 128, 64, 8, 8, 4, 3, 4>;
using Float64Small = Shape<double, double, 64, 64, 8, 8, 4, 3, 4>;
// For what the tensor cores of a GPU, or the kernels for them, cannot take.
using GenericFloat16 = Shape<Float16, float, 64, 64, 16, 8, 4, 2, 4>;
using GenericBfloat16 = Shape<Bfloat16, float, 64, 64, 16, 8, 4, 2, 4>;
using GenericInt8 = Shape<std::int8_t, std::int32_t, 64, 64, 16, 8, 4, 2, 4>;

}  // namespace matmul

// `blocks` is how many a multiprocessor must have registers for.
#define NODECUDA_MATMUL(name, threads, blocks, ...)             \
  extern "C" __global__ void __launch_bounds__(threads, blocks) \
      name(const __grid_constant__ MatmulArguments arguments) { \
    matmul::__VA_ARGS__(arguments);                             \
  }
#define NODECUDA_MATMUL_TILES(name, Shape, blocks) \
  NODECUDA_MATMUL(matmul_##name, matmul::Shape::kThreads, blocks, Run<matmul::Shape>)

NODECUDA_MATMUL_TILES(float32_256x128, Float32Tall, 1)
NODECUDA_MATMUL_TILES(float32_128x256, Float32Wide, 1)
// Two, except where copies go through registers as well (sm_75).
NODECUDA_MATMUL_TILES(float32_128x128, Float32Medium, matmul::kHasAsyncCopies ? 2 : 1)
NODECUDA_MATMUL_TILES(float32_64x64, Float32Small, 4)
NODECUDA_MATMUL_TILES(float64_128x64, Float64Medium, 1)
NODECUDA_MATMUL_TILES(float64_64x64, Float64Small, 2)
NODECUDA_MATMUL_TILES(generic_float16, GenericFloat16, 3)
NODECUDA_MATMUL_TILES(generic_bfloat16, GenericBfloat16, 3)
NODECUDA_MATMUL_TILES(generic_int8, GenericInt8, 3)

// The number is how many vectors the small operand may have. Memory is waited for by as many
// threads as registers allow.
#define NODECUDA_MATMUL_SKINNY(name, Stored, T, count)                                            \
  NODECUDA_MATMUL(matmul_skinny_dot##count##_##name, matmul::kSkinnyThreads, count == 1 ? 4 : 3,  \
                  RunSkinnyDot<matmul::SkinnyShape<Stored, T, count>>)                            \
  NODECUDA_MATMUL(matmul_skinny_axpy##count##_##name, matmul::kSkinnyThreads, count == 1 ? 4 : 3, \
                  RunSkinnyAxpy<matmul::SkinnyShape<Stored, T, count>>)
#define NODECUDA_MATMUL_SKINNY_COUNTS(name, Stored, T) \
  NODECUDA_MATMUL_SKINNY(name, Stored, T, 1)           \
  NODECUDA_MATMUL_SKINNY(name, Stored, T, 4)           \
  NODECUDA_MATMUL_SKINNY(name, Stored, T, 16)

NODECUDA_MATMUL_SKINNY_COUNTS(float32, float, float)
NODECUDA_MATMUL_SKINNY_COUNTS(float64, double, double)
NODECUDA_MATMUL_SKINNY_COUNTS(float16, matmul::Float16, float)
NODECUDA_MATMUL_SKINNY_COUNTS(bfloat16, matmul::Bfloat16, float)

NODECUDA_MATMUL(matmul_split_sum_float32, matmul::kSplitSumThreads, 1, SumSplits<float>)
NODECUDA_MATMUL(matmul_split_sum_float64, matmul::kSplitSumThreads, 1, SumSplits<double>)
NODECUDA_MATMUL(matmul_split_sum_int32, matmul::kSplitSumThreads, 1, SumSplits<std::int32_t>)

#undef NODECUDA_MATMUL_SKINNY_COUNTS
#undef NODECUDA_MATMUL_SKINNY
#undef NODECUDA_MATMUL_TILES
#undef NODECUDA_MATMUL
