#ifndef NODECUDA_OPS_OPS_H_
#define NODECUDA_OPS_OPS_H_

#include <cstddef>
#include <cstdint>

#include "ops/builtin_kernels.h"
#include "ops/kernels/dtype.h"

// The operations, host side. Each turns shapes into a kernel variant and a grid and enqueues it on
// context.stream; none waits, allocates or checks ownership. Sizes are in elements and have been
// checked against the buffers. The returned status is that of cudaLaunchKernelExC.
namespace nodecuda {

// Writes the low `element_bytes` (1, 2, 4 or 8) of `pattern` `length` times.
Status EnqueueFill(const OpContext& context, std::size_t element_bytes, std::uint64_t pattern,
                   void* out, std::size_t length);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_OPS_H_
