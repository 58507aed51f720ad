#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_OBSERVER_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_OBSERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "simulator/exec/code/instruction.h"

// Watching blocks run: what a checker, a profiler or a debugger hangs on. Launches that nobody
// watches pay nothing for it: the interpreter is compiled twice.
namespace nodecuda::simulator {

class BlockRunner;
struct BulkCopy;
struct CalledFunction;
struct CallSite;
struct MemoryFault;

// An instruction that a warp is about to execute.
struct Step {
  int warp = 0;
  std::uint32_t pc = 0;
  LaneMask mask = 0;   // the lanes that stand there
  LaneMask lanes = 0;  // of these, those that its guard lets through; perhaps none
};

// Watches the blocks of one runner, one after the other, on its thread.
class BlockObserver {
 public:
  virtual ~BlockObserver() = default;

  // A block is ready to run its first instruction.
  virtual void Start() = 0;
  // Comes again for lanes that return to an instruction at which they had to wait.
  virtual void Before(const Step& step) = 0;
  // All have come to a barrier, and are about to go on.
  virtual void Released(std::uint32_t barrier) = 0;
  virtual void Exited(int warp, LaneMask lanes) = 0;
  // Lanes stand at the first instruction of a function, what they pass has been copied; or behind
  // the call, what they were given has been.
  virtual void Entered(int warp, LaneMask lanes, const CalledFunction& callee) = 0;
  virtual void Returned(int warp, LaneMask lanes, std::uint32_t call) = 0;
  // A copy that the block has issued has moved its bytes, and is about to tell so.
  virtual void Finished(const BulkCopy& copy) = 0;
  virtual void Faulted(int warp, std::uint32_t pc, const MemoryFault& fault) = 0;
  // Whether it has stopped at a brkpt, which is a fault otherwise.
  virtual bool StopsAtBreak() const { return false; }
};

class LaunchObserver {
 public:
  virtual ~LaunchObserver() = default;
  // `block` outlives what it returns.
  virtual std::unique_ptr<BlockObserver> Watch(BlockRunner& block) = 0;
  // Nothing can run any more, as the report tells.
  virtual void Deadlocked(const BlockRunner& block, const std::string& report) = 0;
  // The launch has taken longer than it may, and `block` is one that still runs.
  virtual void Overdue(const BlockRunner& block, const std::string& report) = 0;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_OBSERVER_H_
