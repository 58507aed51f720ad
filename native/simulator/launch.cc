#include "simulator/launch.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "simulator/exec/code/program.h"

namespace nodecuda::simulator {
namespace {

// True when every dimension is between 1 and its limit.
bool Within(const Dim3& dimensions, const int (&limits)[3]) {
  const std::uint32_t values[3] = {dimensions.x, dimensions.y, dimensions.z};
  for (int i = 0; i < 3; ++i) {
    if (values[i] == 0 || values[i] > static_cast<std::uint32_t>(limits[i])) return false;
  }
  return true;
}

// Larger clusters need an attribute of the kernel that Runtime does not have.
constexpr std::uint64_t kMaxPortableCluster = 8;

Status CheckCluster(const LaunchConfig& config, const KernelInfo& kernel,
                    const DeviceProperties& properties) {
  const auto& required = kernel.required_cluster;
  const Dim3& asked = config.cluster;
  if (asked.x == 0 && required[0] == 0) return Status::kSuccess;
  if (properties.major < 9) return Status::kNotSupported;
  const bool as_required =
      asked.x == required[0] && asked.y == required[1] && asked.z == required[2];
  if (asked.x != 0 && required[0] != 0 && !as_required) return Status::kInvalidClusterSize;
  if (asked.x != 0 && (asked.y == 0 || asked.z == 0)) return Status::kInvalidClusterSize;
  const Dim3 cluster = ClusterOf(config, kernel);
  const std::uint64_t plane = std::uint64_t{cluster.x} * cluster.y;
  if (plane > kMaxPortableCluster || plane * cluster.z > kMaxPortableCluster) {
    return Status::kInvalidClusterSize;
  }
  const bool divides = config.grid.x % cluster.x == 0 && config.grid.y % cluster.y == 0 &&
                       config.grid.z % cluster.z == 0;
  return divides ? Status::kSuccess : Status::kInvalidConfiguration;
}

}  // namespace

Status CheckLaunch(const LaunchConfig& config, const KernelInfo& kernel,
                   const DeviceProperties& properties, std::size_t max_dynamic_shared_bytes) {
  const Dim3& block = config.block;
  if (!Within(config.grid, properties.max_grid_dim)) return Status::kInvalidConfiguration;
  if (!Within(block, properties.max_block_dim)) return Status::kInvalidConfiguration;
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  if (threads > static_cast<std::uint64_t>(properties.max_threads_per_block)) {
    return Status::kInvalidConfiguration;
  }

  if (kernel.max_threads != 0 && threads > kernel.max_threads) return Status::kInvalidValue;
  const auto& required = kernel.required_threads;
  const bool as_required =
      block.x == required[0] && block.y == required[1] && block.z == required[2];
  if (required[0] != 0 && !as_required) return Status::kInvalidValue;

  const std::size_t shared = properties.shared_memory_per_block;
  if (kernel.static_shared_bytes > shared) return Status::kLaunchOutOfResources;
  const std::size_t dynamic =
      std::max(shared - kernel.static_shared_bytes, max_dynamic_shared_bytes);
  const std::size_t most = properties.shared_memory_per_block_optin - kernel.static_shared_bytes;
  if (config.dynamic_shared_bytes > std::min(dynamic, most)) return Status::kInvalidValue;
  if (const Status status = CheckCluster(config, kernel, properties); status != Status::kSuccess)
    return status;
  // Blocks that wait for each other have to be there at one time.
  const std::uint64_t blocks = std::uint64_t{config.grid.x} * config.grid.y * config.grid.z;
  const bool fits = !config.cooperative || blocks <= ResidentBlocks(config, kernel, properties);
  return fits ? Status::kSuccess : Status::kCooperativeLaunchTooLarge;
}

Residency ResidencyOf(const KernelInfo& kernel, const DeviceProperties& properties,
                      int block_threads, std::size_t dynamic_shared_bytes) {
  if (block_threads > properties.max_threads_per_block) return {};
  // CUDA itself takes 1 KiB of each block's from capability 8.0 on.
  const std::size_t reserved = properties.major >= 8 ? 1024 : 0;
  const std::size_t shared = kernel.static_shared_bytes + dynamic_shared_bytes;
  if (shared > properties.shared_memory_per_block_optin) return {};
  const int warps = (block_threads + properties.warp_size - 1) / properties.warp_size;
  const int by_threads = properties.max_threads_per_multiprocessor / (warps * properties.warp_size);
  const std::size_t by_shared =
      properties.shared_memory_per_multiprocessor / std::max<std::size_t>(shared + reserved, 1);
  return {by_threads, properties.max_blocks_per_multiprocessor,
          static_cast<int>(std::min<std::size_t>(by_shared, std::numeric_limits<int>::max()))};
}

int ActiveBlocks(const KernelInfo& kernel, const DeviceProperties& properties, int block_threads,
                 std::size_t dynamic_shared_bytes) {
  const auto [by_threads, by_blocks, by_shared] =
      ResidencyOf(kernel, properties, block_threads, dynamic_shared_bytes);
  return std::min({by_threads, by_blocks, by_shared});
}

std::uint64_t ResidentBlocks(const LaunchConfig& config, const KernelInfo& kernel,
                             const DeviceProperties& properties) {
  const Dim3& block = config.block;
  const int active = ActiveBlocks(kernel, properties, static_cast<int>(block.x * block.y * block.z),
                                  config.dynamic_shared_bytes);
  return static_cast<std::uint64_t>(properties.multiprocessor_count) *
         static_cast<std::uint64_t>(active);
}

void BeginMetering(const DeviceProperties& properties, Launch* launch) {
  if (launch->meter == nullptr) return;
  const KernelInfo& kernel = *launch->kernel;
  const Dim3& block = launch->block;
  const auto [by_threads, by_blocks, by_shared] =
      ResidencyOf(kernel, properties, static_cast<int>(block.x * block.y * block.z),
                  launch->dynamic_shared_bytes);
  MeteredLaunch metered;
  metered.kernel = kernel.name;
  metered.grid = launch->grid;
  metered.block = block;
  metered.cluster = launch->cluster;
  metered.static_shared_bytes = kernel.static_shared_bytes;
  metered.dynamic_shared_bytes = launch->dynamic_shared_bytes;
  metered.max_registers = kernel.max_registers;
  metered.blocks_by_threads = by_threads;
  metered.blocks_by_blocks = by_blocks;
  metered.blocks_by_shared = by_shared;
  const std::size_t instructions = static_cast<const DecodedKernel&>(kernel).code.size();
  if (const auto place = launch->meter->Begin(std::move(metered), instructions))
    launch->metered = *place;
  else
    launch->meter = nullptr;
}

Dim3 ClusterOf(const LaunchConfig& config, const KernelInfo& kernel) {
  const auto& required = kernel.required_cluster;
  if (required[0] != 0) return {required[0], required[1], required[2]};
  return config.cluster.x != 0 ? config.cluster : Dim3{1, 1, 1};
}

Status PackParameters(const KernelInfo& kernel, void** arguments, std::vector<std::byte>* packed) {
  packed->assign(kernel.parameter_bytes, std::byte{0});
  if (!kernel.parameters.empty() && arguments == nullptr) return Status::kInvalidValue;
  for (std::size_t i = 0; i < kernel.parameters.size(); ++i) {
    const ParameterInfo& parameter = kernel.parameters[i];
    if (arguments[i] == nullptr) return Status::kInvalidValue;
    std::memcpy(packed->data() + parameter.offset, arguments[i], parameter.bytes);
  }
  return Status::kSuccess;
}

}  // namespace nodecuda::simulator
