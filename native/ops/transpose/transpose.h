#ifndef NODECUDA_OPS_TRANSPOSE_TRANSPOSE_H_
#define NODECUDA_OPS_TRANSPOSE_TRANSPOSE_H_

#include <cstddef>
#include <cstdint>

#include "ops/kernels/builtin_kernels.h"

namespace nodecuda {

// out (batches, columns, rows) = x (batches, rows, columns), by element size: 1, 2, 4 or 8.
struct TransposeProblem {
  std::size_t element_bytes;
  const void* x;
  void* out;
  std::int64_t batches, rows, columns;
};
Status EnqueueTranspose(const OpContext& context, const TransposeProblem& problem);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_TRANSPOSE_TRANSPOSE_H_
