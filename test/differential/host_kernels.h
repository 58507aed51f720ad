#ifndef NODECUDA_TEST_DIFFERENTIAL_HOST_KERNELS_H_
#define NODECUDA_TEST_DIFFERENTIAL_HOST_KERNELS_H_

#include "ops/kernels/kernel_names.h"
#include "runtime/runtime.h"

namespace nodecuda {

// Runs the g++ build of a kernel over a grid, in the calling thread. `arguments`
// as in cudaLaunchKernelExC. False if the block's threads disagree about barriers.
bool RunOnHost(KernelId kernel, Dim3 grid, unsigned threads, void** arguments);

}  // namespace nodecuda

#endif  // NODECUDA_TEST_DIFFERENTIAL_HOST_KERNELS_H_
