#ifndef NODECUDA_RUNTIME_METER_LOG_H_
#define NODECUDA_RUNTIME_METER_LOG_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/runtime.h"

// What the meter of a simulated device has counted, on its way to JavaScript.
namespace nodecuda {

// Of device or local memory. A request is an instruction of a warp of which some lane touches it.
struct MemoryCounts {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;           // that lanes ask for, those of several lanes several times
  std::uint64_t sectors = 0;         // of 32 bytes, that a request touches
  std::uint64_t fewest_sectors = 0;  // that could hold the bytes, each of them once
  std::uint64_t lines = 0;           // of 128 bytes
  void Add(const MemoryCounts& other);
};

struct SharedCounts {
  std::uint64_t requests = 0, bytes = 0;
  std::uint64_t wavefronts = 0;  // in which no bank gives more than one word
  std::uint64_t fewest_wavefronts = 0;
  void Add(const SharedCounts& other);
};

struct MeterCounts {
  std::uint64_t warp_instructions = 0;
  std::uint64_t thread_instructions = 0;  // lanes that the guard lets through
  std::uint64_t branches = 0, divergent_branches = 0;
  std::uint64_t barriers = 0;
  std::uint64_t atomics = 0, atomic_operations = 0;  // of warps, of lanes
  std::uint64_t atomic_addresses = 0;                // different ones within an instruction
  MemoryCounts global, local;
  SharedCounts shared;
  void Add(const MeterCounts& other);
};

struct MeteredInstruction {
  int line = 0;  // of the PTX
  std::string text, mnemonic;
  std::string file;               // of the source; empty where the PTX does not tell
  std::uint32_t source_line = 0;  // in it
  MeterCounts counts;
};

struct MeteredLaunch {
  std::string kernel;
  Dim3 grid, block, cluster;
  std::size_t static_shared_bytes = 0, dynamic_shared_bytes = 0;
  std::uint32_t max_registers = 0;                                        // .maxnreg; 0: not known
  int blocks_by_threads = 0, blocks_by_blocks = 0, blocks_by_shared = 0;  // per multiprocessor
  std::vector<MeteredInstruction> instructions;  // those that were executed
};

// All members may be called from any thread.
class MeterLog {
 public:
  // Of all launches together: bounds what a long profile takes.
  static constexpr std::size_t kMostInstructions = std::size_t{1} << 18;

  // Keeps a place for a launch whose kernel has that many instructions, in the order of the calls.
  // nullopt: there is no room, and it is not to be metered.
  std::optional<std::size_t> Begin(MeteredLaunch launch, std::size_t instructions) {
    const std::lock_guard lock(mutex_);
    if (instructions >= kMostInstructions - used_) {
      ++dropped_;
      return std::nullopt;
    }
    used_ += instructions + 1;
    launches_.push_back(std::move(launch));
    return launches_.size() - 1;
  }
  // The same for a launch of which that is known already.
  void Drop() {
    const std::lock_guard lock(mutex_);
    ++dropped_;
  }
  void Finish(std::size_t place, std::vector<MeteredInstruction> instructions) {
    const std::lock_guard lock(mutex_);
    launches_[place].instructions = std::move(instructions);
  }
  std::vector<MeteredLaunch> Launches() const {
    const std::lock_guard lock(mutex_);
    return launches_;
  }
  // Launches for which there was no room.
  std::size_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<MeteredLaunch> launches_;
  std::size_t used_ = 0, dropped_ = 0;
};

inline void MemoryCounts::Add(const MemoryCounts& other) {
  requests += other.requests;
  bytes += other.bytes;
  sectors += other.sectors;
  fewest_sectors += other.fewest_sectors;
  lines += other.lines;
}

inline void SharedCounts::Add(const SharedCounts& other) {
  requests += other.requests;
  bytes += other.bytes;
  wavefronts += other.wavefronts;
  fewest_wavefronts += other.fewest_wavefronts;
}

inline void MeterCounts::Add(const MeterCounts& other) {
  warp_instructions += other.warp_instructions;
  thread_instructions += other.thread_instructions;
  branches += other.branches;
  divergent_branches += other.divergent_branches;
  barriers += other.barriers;
  atomics += other.atomics;
  atomic_operations += other.atomic_operations;
  atomic_addresses += other.atomic_addresses;
  global.Add(other.global);
  local.Add(other.local);
  shared.Add(other.shared);
}

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_METER_LOG_H_
