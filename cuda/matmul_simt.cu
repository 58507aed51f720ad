// The variants of matmul: element type, tile, and which operands are stored transposed. The host
// chooses among them (native/ops/matmul.cc, which repeats tile and threads).
#include "matmul.cuh"

namespace matmul {

using Float32Large = Shape<float, 128, 128, 8, 8, 8>;
using Float32Small = Shape<float, 64, 64, 16, 8, 4>;
using Float64Small = Shape<double, 64, 64, 8, 8, 4>;

}  // namespace matmul

#define NODECUDA_MATMUL(name, Shape, blocks, transpose_a, transpose_b)                            \
  extern "C" __global__ void __launch_bounds__(matmul::Shape::kThreads, blocks)                   \
      name(std::int64_t m, std::int64_t n, std::int64_t k, matmul::Shape::T alpha,                \
           const matmul::Shape::T* a, std::int64_t lda, const matmul::Shape::T* b,                \
           std::int64_t ldb, matmul::Shape::T beta, matmul::Shape::T* c, std::int64_t ldc) {      \
    matmul::Run<matmul::Shape, transpose_a, transpose_b>(m, n, k, alpha, a, lda, b, ldb, beta, c, \
                                                         ldc);                                    \
  }

// `blocks` is how many a multiprocessor must have registers for.
#define NODECUDA_MATMUL_LAYOUTS(name, Shape, blocks)      \
  NODECUDA_MATMUL(name##_nn, Shape, blocks, false, false) \
  NODECUDA_MATMUL(name##_nt, Shape, blocks, false, true)  \
  NODECUDA_MATMUL(name##_tn, Shape, blocks, true, false)  \
  NODECUDA_MATMUL(name##_tt, Shape, blocks, true, true)

NODECUDA_MATMUL_LAYOUTS(matmul_float32_128x128, Float32Large, 2)
NODECUDA_MATMUL_LAYOUTS(matmul_float32_64x64, Float32Small, 4)
NODECUDA_MATMUL_LAYOUTS(matmul_float64_64x64, Float64Small, 3)

#undef NODECUDA_MATMUL_LAYOUTS
#undef NODECUDA_MATMUL
