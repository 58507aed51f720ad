#ifndef NODECUDA_TEST_DIFFERENTIAL_MACHINES_H_
#define NODECUDA_TEST_DIFFERENTIAL_MACHINES_H_

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "ops/kernels/builtin_kernels.h"

namespace nodecuda {

using Bytes = std::vector<std::byte>;
// Enqueues operations on the memory given, one pointer for each buffer.
using Work = std::function<Status(const OpContext& context, std::span<void* const> pointers)>;

// Both run the work on copies of the buffers, exactly as long as these are, and give back what they
// hold afterwards. What fails on the way fails the test in progress.

// The shipped PTX of a module on a simulated device of this capability. Device memory is
// bounds-checked.
std::vector<Bytes> RunOnSimulator(int capability, Module module, std::vector<Bytes> buffers,
                                  const Work& work);
// The kernels' source as g++ compiles it.
std::vector<Bytes> RunOnHost(std::vector<Bytes> buffers, const Work& work);

}  // namespace nodecuda

#endif  // NODECUDA_TEST_DIFFERENTIAL_MACHINES_H_
