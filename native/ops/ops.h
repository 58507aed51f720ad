#ifndef NODECUDA_OPS_OPS_H_
#define NODECUDA_OPS_OPS_H_

#include <cstddef>
#include <cstdint>

#include "ops/builtin_kernels.h"
#include "ops/dtype.h"

// The operations, host side. Each turns shapes into a kernel variant and a grid and enqueues it on
// context.stream; none waits, allocates or checks ownership. Sizes are in elements and have been
// checked against the buffers. The returned status is that of cudaLaunchKernelExC.
namespace nodecuda {

// out[i] = x[i] + y[i]. out may be x or y. Integers wrap around; float16 and bfloat16 are added in
// float32 and rounded once, to nearest even.
Status EnqueueAdd(const OpContext& context, Dtype dtype, const void* x, const void* y, void* out,
                  std::size_t length);

// Writes the low `element_bytes` (1, 2, 4 or 8) of `pattern` `length` times.
Status EnqueueFill(const OpContext& context, std::size_t element_bytes, std::uint64_t pattern,
                   void* out, std::size_t length);

// c = alpha op(a) op(b) + beta c, row-major. op(a) is (m, k), op(b) (k, n), c (m, n).
// a is stored (m, k) with rows lda apart, or (k, m) if transpose_a; likewise b. With beta 0, c is
// not read. With k 0, c = beta c. c must not overlap a or b.
struct MatmulProblem {
  Dtype dtype;  // kFloat32 or kFloat64
  bool transpose_a, transpose_b;
  std::int64_t m, n, k;
  double alpha, beta;
  const void* a;
  std::int64_t lda;
  const void* b;
  std::int64_t ldb;
  void* c;
  std::int64_t ldc;
};
Status EnqueueMatmul(const OpContext& context, const MatmulProblem& problem);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_OPS_H_
