#ifndef NODECUDA_OPS_KERNELS_LAUNCH_H_
#define NODECUDA_OPS_KERNELS_LAUNCH_H_

#include <cstdint>

#include "ops/kernels/builtin_kernels.h"

namespace nodecuda {

constexpr std::uint64_t CeilDiv(std::uint64_t value, std::uint64_t divisor) {
  return value / divisor + (value % divisor != 0);
}

inline constexpr std::uint64_t kMaxBlocks = 0x7fffffff;  // gridDim.x, on every device

// Launches a kernel. The arguments must have exactly the types of the kernel's parameters: nothing
// converts them.
template <typename... Arguments>
Status Launch(const OpContext& context, KernelId kernel, const LaunchConfig& config,
              const Arguments&... values) {
  // CUDA takes pointers to what it only reads.
  void* arguments[] = {const_cast<void*>(static_cast<const void*>(&values))...};
  return context.runtime.LaunchKernelExC(config, context.kernels[static_cast<std::size_t>(kernel)],
                                         arguments);
}

// The same for a one-dimensional grid.
template <typename... Arguments>
Status Launch(const OpContext& context, KernelId kernel, std::uint64_t blocks,
              std::uint32_t threads, const Arguments&... values) {
  if (blocks > kMaxBlocks) return Status::kInvalidConfiguration;
  LaunchConfig config;
  config.grid.x = static_cast<std::uint32_t>(blocks);
  config.block.x = threads;
  config.stream = context.stream;
  return Launch(context, kernel, config, values...);
}

}  // namespace nodecuda

#endif  // NODECUDA_OPS_KERNELS_LAUNCH_H_
