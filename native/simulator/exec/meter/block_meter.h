#ifndef NODECUDA_SIMULATOR_EXEC_METER_BLOCK_METER_H_
#define NODECUDA_SIMULATOR_EXEC_METER_BLOCK_METER_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/meter/launch_meter.h"
#include "simulator/exec/meter/patterns.h"

namespace nodecuda::simulator {

// Counts what the blocks of one runner do.
class BlockMeter final : public BlockObserver {
 public:
  BlockMeter(BlockRunner& block, LaunchMeter& launch);
  ~BlockMeter() override {
    if (!own_.empty()) launch_.Add(own_);
  }

  void Start() override;
  void Before(const Step& step) override;
  void Released(std::uint32_t) override {}
  void Exited(int, LaneMask) override {}
  void Entered(int, LaneMask, const CalledFunction&) override {}
  void Returned(int, LaneMask, std::uint32_t) override {}
  void Finished(const BulkCopy&) override {}
  void Faulted(int, std::uint32_t, const MemoryFault&) override {}

 private:
  // Lanes of a warp that were last seen at an instruction at which they may have had to wait.
  struct Waiting {
    LaneMask lanes = 0;
    std::array<std::uint32_t, kWarpSize> pcs;
    // Of `mask`, at `pc`: those that were counted there and have not got on since.
    LaneMask Return(std::uint32_t pc, LaneMask mask);
    void Note(std::uint32_t pc, LaneMask mask);
  };

  void Count(const Step& step, LaneMask fresh);
  bool Splits(const Step& step, LaneMask lanes) const;
  bool SplitsByTable(const Step& step, LaneMask lanes) const;
  void CountAccesses(const Step& step);

  BlockRunner& block_;
  LaunchMeter& launch_;
  const DecodedKernel& kernel_;
  const std::vector<MeteredSite>& sites_;
  std::vector<MeterCounts> own_;   // by instruction; empty: no other thread runs blocks
  std::span<MeterCounts> counts_;  // these, or the launch's
  std::vector<Waiting> waiting_;   // by warp
  std::vector<Access> accesses_, global_, local_, shared_;
  Patterns patterns_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_METER_BLOCK_METER_H_
