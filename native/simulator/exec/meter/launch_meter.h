#ifndef NODECUDA_SIMULATOR_EXEC_METER_LAUNCH_METER_H_
#define NODECUDA_SIMULATOR_EXEC_METER_LAUNCH_METER_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "runtime/meter_log.h"
#include "simulator/exec/block/observer.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/touch/traits.h"

namespace nodecuda::simulator {

// What the meter has to know of an instruction.
struct MeteredSite {
  std::uint32_t first = 0;  // of the PTX instruction that it belongs to
  bool begins = false;      // is that, and has a place in the PTX
  bool is_branch = false, is_barrier = false;
  bool waits = false;  // lanes may have to wait there, and come again
  // Of the whole PTX instruction.
  std::uint32_t guard = kNoSlot;
  bool guard_negated = false;
  Traits traits;
};

// Counts what the blocks of one launch do, on any number of threads. Its kernel was decoded to be
// watched.
class LaunchMeter final : public LaunchObserver {
 public:
  explicit LaunchMeter(const DecodedKernel& kernel);

  std::unique_ptr<BlockObserver> Watch(BlockRunner& block) override;
  void Deadlocked(const BlockRunner&, const std::string&) override {}
  void Overdue(const BlockRunner&, const std::string&) override {}
  // Of a runner that is through with its blocks, by instruction.
  void Add(const std::vector<MeterCounts>& counts);
  // All are.
  std::vector<MeteredInstruction> Finish() const;

  const std::vector<MeteredSite>& sites() const { return sites_; }
  std::span<MeterCounts> counts() { return counts_; }  // where one thread runs all blocks

 private:
  const DecodedKernel& kernel_;
  std::vector<MeteredSite> sites_;
  std::mutex mutex_;
  std::vector<MeterCounts> counts_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_METER_LAUNCH_METER_H_
