#include "simulator/capabilities.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "simulator/exec/code/kernel.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda::simulator {
namespace {

constexpr int kMaxBlock[] = {1024, 1024, 64};
constexpr int kMaxGrid[] = {2147483647, 65535, 65535};

struct Limits {
  int threads_per_multiprocessor;
  int blocks_per_multiprocessor;
  int shared_optin_kib;
  int shared_per_multiprocessor_kib;
  int l2_mib;
  int bus_bits;
};

constexpr int kCapabilities[] = {75, 80, 86, 89, 90, 100, 120};

// In the order of kCapabilities. Limits from the CUDA programming guide's table of compute
// capabilities, L2 and bus from the data sheet of a common board.
constexpr Limits kLimits[] = {
    {1024, 16, 64, 64, 4, 256},       // T4
    {2048, 32, 163, 164, 40, 5120},   // A100 40 GB
    {1536, 16, 99, 100, 6, 384},      // A10
    {1536, 24, 99, 100, 48, 192},     // L4
    {2048, 32, 227, 228, 50, 5120},   // H100 SXM
    {2048, 32, 227, 228, 126, 8192},  // B200
    {1536, 24, 99, 100, 96, 512},     // RTX 5090
};
static_assert(std::size(kLimits) == std::size(kCapabilities));

}  // namespace

std::span<const int> SupportedCapabilities() {
  return kCapabilities;
}

DeviceProperties SimulatedProperties(int capability, int index, std::size_t memory_bytes) {
  const Limits& limits = kLimits[std::ranges::find(kCapabilities, capability) - kCapabilities];
  DeviceProperties properties;
  properties.name = "nodecuda simulated device (sm_" + std::to_string(capability) + ")";
  // "nodecuda-sim", the capability, and the index: never the UUID of a GPU.
  std::ranges::copy(std::string_view("nodecuda-sim"), properties.uuid);
  properties.uuid[12] = static_cast<std::uint8_t>(capability);
  properties.uuid[14] = static_cast<std::uint8_t>(index >> 8);
  properties.uuid[15] = static_cast<std::uint8_t>(index);
  properties.major = capability / 10;
  properties.minor = capability % 10;
  properties.total_memory = memory_bytes;
  properties.multiprocessor_count = kMultiprocessors;
  properties.max_threads_per_block = 1024;
  properties.max_threads_per_multiprocessor = limits.threads_per_multiprocessor;
  properties.max_blocks_per_multiprocessor = limits.blocks_per_multiprocessor;
  std::ranges::copy(kMaxBlock, properties.max_block_dim);
  std::ranges::copy(kMaxGrid, properties.max_grid_dim);
  properties.shared_memory_per_block = 48 << 10;
  properties.shared_memory_per_block_optin = std::size_t(limits.shared_optin_kib) << 10;
  properties.shared_memory_per_multiprocessor = std::size_t(limits.shared_per_multiprocessor_kib)
                                                << 10;
  properties.registers_per_block = 65536;
  properties.warp_size = 32;
  properties.memory_bus_width_bits = limits.bus_bits;
  properties.l2_cache_bytes = std::size_t(limits.l2_mib) << 20;
  properties.pci_bus = index;
  properties.memory_pools_supported = true;
  properties.simulated = true;
  return properties;
}

std::size_t DefaultMemoryBytes() {
  constexpr std::size_t kMost = std::size_t{8} << 30;
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return kMost / 8;
  return std::min(kMost, static_cast<std::size_t>(pages) * static_cast<std::size_t>(page) / 2);
}

}  // namespace nodecuda::simulator
