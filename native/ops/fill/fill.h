#ifndef NODECUDA_OPS_FILL_FILL_H_
#define NODECUDA_OPS_FILL_FILL_H_

#include <cstddef>
#include <cstdint>

#include "ops/kernels/builtin_kernels.h"

namespace nodecuda {

// Writes the low `element_bytes` (1, 2, 4 or 8) of `pattern` `length` times.
Status EnqueueFill(const OpContext& context, std::size_t element_bytes, std::uint64_t pattern,
                   void* out, std::size_t length);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_FILL_FILL_H_
