#ifndef NODECUDA_SIMULATOR_EXEC_DEBUG_LAUNCH_DEBUGGER_H_
#define NODECUDA_SIMULATOR_EXEC_DEBUG_LAUNCH_DEBUGGER_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/block/observer.h"
#include "simulator/exec/debug/session.h"

namespace nodecuda::simulator {

class BlockDebugger;

// Stops one launch, whose blocks run on one thread, where its session says. Its kernel was decoded
// to be watched.
class LaunchDebugger final : public LaunchObserver {
 public:
  // `next` sees the same, unless it is null.
  LaunchDebugger(const DecodedKernel& kernel, DebugSession& session, LaunchObserver* next)
      : kernel_(kernel), session_(session), next_(next) {}

  std::unique_ptr<BlockObserver> Watch(BlockRunner& block) override;
  void Deadlocked(const BlockRunner& block, const std::string& report) override;
  void Overdue(const BlockRunner& block, const std::string& report) override {
    if (next_ != nullptr) next_->Overdue(block, report);
  }

  // While it is stopped.
  const DecodedKernel& kernel() const { return kernel_; }
  const std::vector<BlockRunner*>& runners() const { return runners_; }  // some may run no block

 private:
  friend BlockDebugger;

  // A place at which a breakpoint has stopped lanes that have not left it: they may come to it
  // again, as those do that wait there.
  struct Told {
    const BlockRunner* block;
    int warp;
    std::uint32_t pc;
    LaneMask mask;
  };
  struct Armed {
    Breakpoint breakpoint;
    std::vector<std::uint32_t> places;
  };
  // Until where to go on; of the place where it began.
  struct Stepping : Resumption {
    bool any = false;  // the thread has ended: to the next instruction, whosever
    std::string_view file;
    std::uint32_t line = 0, depth = 0;
  };

  void Look(BlockRunner& block, const Step& step);
  void Refresh(const LaunchShape& shape);
  void Forget(const BlockRunner& block, const Step& step);
  bool HaltAtBreakpoints(BlockRunner& block, const Step& step, Stop stop);
  // Of the lanes, those that the breakpoint is for.
  LaneMask LanesOf(const Breakpoint& breakpoint, BlockRunner& block, const Step& step,
                   LaneMask fresh) const;
  bool EndsStep(const BlockRunner& block, const Step& step) const;
  void NoteExit(const BlockRunner& block, int warp, LaneMask lanes);
  bool Halt(Stop stop);  // false: it need not have stopped
  bool IsBreak(std::size_t pc) const { return kernel_.mnemonics[pc] == "brkpt"; }

  const DecodedKernel& kernel_;
  DebugSession& session_;
  LaunchObserver* const next_;
  std::vector<BlockRunner*> runners_;
  std::uint64_t epoch_ = 0;  // of the session, whose breakpoints these are:
  std::vector<Armed> armed_;
  std::vector<bool> is_armed_;  // by instruction
  bool pausing_ = false;        // somebody is to be stopped, perhaps here
  std::vector<Told> told_;
  std::set<int> entered_;  // breakpoints of the kernel's name that have stopped it
  Stepping stepping_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DEBUG_LAUNCH_DEBUGGER_H_
