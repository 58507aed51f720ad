#include "simulator/capabilities.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>

#include "simulator/exec/code/kernel.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda::simulator {
namespace {

constexpr int kMaxBlock[] = {1024, 1024, 64};
constexpr int kMaxGrid[] = {2147483647, 65535, 65535};

// Of a compute capability, from the programming guide's table of technical specifications.
struct Limits {
  int capability;
  int threads_per_multiprocessor, blocks_per_multiprocessor;
  int shared_optin_kib, shared_per_multiprocessor_kib;
};

constexpr Limits kLimits[] = {
    {75, 1024, 16, 64, 64},   {80, 2048, 32, 163, 164}, {86, 1536, 16, 99, 100},
    {89, 1536, 24, 99, 100},  {90, 2048, 32, 227, 228}, {100, 2048, 32, 227, 228},
    {120, 1536, 24, 99, 100},
};

// Of a GPU, from NVIDIA's data sheets and white papers of its architecture. The first of a
// capability gives its L2 and bus to devices that are no model. Clocks are left out, as there are
// no times; a GB of a data sheet is 2^30 bytes, of which a GPU keeps some for itself.
struct Model {
  std::string_view name;  // for SimulatedOptions; empty: no model
  int capability, multiprocessors;
  int memory_gib, l2_mib, bus_bits;
};

constexpr Model kModels[] = {
    {"T4", 75, 40, 16, 4, 256},          // Turing, Tesla T4
    {"A100", 80, 108, 40, 40, 5120},     // SXM, 40 GB
    {"", 86, 72, 24, 6, 384},            // A10
    {"", 89, 58, 24, 48, 192},           // L4
    {"RTX 4090", 89, 128, 24, 72, 384},  //
    {"H100", 90, 132, 80, 50, 5120},     // SXM
    {"H200", 90, 132, 141, 50, 6144},    // SXM
    {"B200", 100, 148, 180, 126, 8192},  // of HGX B200
    {"", 120, 170, 32, 96, 512},         // RTX 5090
};

const Limits* FindLimits(int capability) {
  return std::ranges::find(kLimits, capability, &Limits::capability);
}

const Model* FindModel(std::string_view name) {
  const auto* found = std::ranges::find(kModels, name, &Model::name);
  return name.empty() || found == std::end(kModels) ? nullptr : found;
}

}  // namespace

std::span<const int> SupportedCapabilities() {
  static constexpr auto kAll = [] {
    std::array<int, std::size(kLimits)> all{};
    std::ranges::transform(kLimits, all.begin(), &Limits::capability);
    return all;
  }();
  return kAll;
}

bool IsModel(std::string_view name) {
  return FindModel(name) != nullptr;
}

DeviceProperties SimulatedProperties(const SimulatedOptions& options, int index) {
  const Model* const model = FindModel(options.model);
  const int capability = model == nullptr ? options.major * 10 + options.minor : model->capability;
  const Limits& limits = *FindLimits(capability);
  const Model& board =
      model != nullptr ? *model : *std::ranges::find(kModels, capability, &Model::capability);
  const std::size_t default_bytes =
      model == nullptr ? DefaultMemoryBytes() : std::size_t(model->memory_gib) << 30;
  DeviceProperties properties;
  properties.name = "nodecuda simulated device (" +
                    (model == nullptr ? "sm_" + std::to_string(capability) : options.model) + ")";
  // "nodecuda-sim", the capability, and the index: never the UUID of a GPU.
  std::ranges::copy(std::string_view("nodecuda-sim"), properties.uuid);
  properties.uuid[12] = static_cast<std::uint8_t>(capability);
  properties.uuid[14] = static_cast<std::uint8_t>(index >> 8);
  properties.uuid[15] = static_cast<std::uint8_t>(index);
  properties.major = capability / 10;
  properties.minor = capability % 10;
  properties.total_memory = options.memory_bytes != 0 ? options.memory_bytes : default_bytes;
  properties.multiprocessor_count = model == nullptr ? kMultiprocessors : model->multiprocessors;
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
  properties.memory_bus_width_bits = board.bus_bits;
  properties.l2_cache_bytes = std::size_t(board.l2_mib) << 20;
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
