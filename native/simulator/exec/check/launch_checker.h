#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_LAUNCH_CHECKER_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_LAUNCH_CHECKER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/check_log.h"
#include "simulator/exec/block/observer.h"
#include "simulator/exec/check/meetings.h"
#include "simulator/exec/check/races.h"
#include "simulator/exec/check/reporter.h"
#include "simulator/exec/touch/traits.h"
#include "simulator/memory/footprint.h"

namespace nodecuda::simulator {

class BlockChecker;

inline Actor ActorOf(const Trace& trace, int lane) {
  return {trace.block + static_cast<std::uint64_t>(trace.begun_by), trace.warp, lane, trace.pc};
}

// Checks one launch, whose blocks run on one thread. Its kernel was decoded to be watched.
class LaunchChecker final : public LaunchObserver {
 public:
  LaunchChecker(const DecodedKernel& kernel, CheckLog& log) : traits(TraitsOf(kernel)), log_(log) {}

  std::unique_ptr<BlockObserver> Watch(BlockRunner& block) override;
  void Deadlocked(const BlockRunner& block, const std::string& report) override;
  void Overdue(const BlockRunner& block, const std::string& report) override {
    Deadlocked(block, report);
  }
  // All blocks have ended well. Fills in the footprint, if it is not null.
  void Finish(Footprint* footprint);

  // What the checkers of its blocks share.
  Reporter& reporter() { return *reporter_; }
  const std::vector<Traits> traits;               // by instruction
  std::map<std::uint64_t, BlockChecker*> blocks;  // those that run, by index
  WordMap words;
  MeetingWords meetings;
  std::map<std::uint64_t, Meetings::Phased> clusters;  // by first block
  // Of the barriers of all threads of a block, by instruction: how often a warp came to it from
  // where memory may have been touched since the one before, and not.
  struct BarrierUse {
    std::uint64_t needed = 0, idle = 0;
    Actor actor;
  };
  std::map<std::uint32_t, BarrierUse> barriers;

 private:
  void AdviseOnBarriers();
  void TellFootprint(Footprint* footprint) const;

  CheckLog& log_;
  std::optional<Reporter> reporter_;  // from the first block on
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_LAUNCH_CHECKER_H_
