#ifndef NODECUDA_SIMULATOR_EXEC_DEBUG_SESSION_H_
#define NODECUDA_SIMULATOR_EXEC_DEBUG_SESSION_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "simulator/exec/code/instruction.h"
#include "simulator/exec/debug/breakpoint.h"

// A debugger of the process: what its owner asks for, and the threads that execute kernels and stop
// for it.
namespace nodecuda::simulator {

class BlockRunner;
class Grid;
class LaunchDebugger;

enum class StopReason : std::uint8_t { kBreakpoint, kStep, kPause, kFault, kDeadlock };

// How far what a breakpoint looks for has been in launches so far.
enum class Match : std::uint8_t {
  kNone,
  kCode,  // in the code, but not the block or thread
  kAll,
};

enum class Pace : std::uint8_t {
  kContinue,
  kInstruction,  // to the next one of the warp
  kLine,         // to another line of the source, of the thread
  kOver,         // likewise, past the functions that it calls
  kOut,          // until the thread's function has returned
};

struct Resumption {
  Pace pace = Pace::kContinue;
  const BlockRunner* block = nullptr;
  int warp = 0, lane = 0;
  bool rejected = false;  // it need not have stopped
};

// A thread of a kernel that is stopped. Lives as long as it is.
struct Stop {
  StopReason reason = StopReason::kPause;
  int breakpoint = 0;        // its id
  std::string message = {};  // of a fault or deadlock, or why it is not known whether to stop
  const LaunchDebugger* launch = nullptr;
  BlockRunner* block = nullptr;
  int warp = 0, lane = 0;
  std::uint32_t pc = 0;
  LaneMask mask = 0;   // lanes that are about to run it, and have been taken out of the warp; or 0
  LaneMask asked = 0;  // for which of them the owner says whether to stop; 0 once it has
  Resumption resumption = {};  // how to go on
};

// Thrown where a launch is to end because the debugger does.
struct LaunchEnded {};

// All members may be called from any thread.
class DebugSession {
 public:
  // Null where there is one. From now on kernels are decoded to be watched when they are launched.
  static std::shared_ptr<DebugSession> Open();
  static std::shared_ptr<DebugSession> Current();  // null: none is open, which is quick to tell

  int Add(Breakpoint breakpoint);  // its id
  bool Remove(int id);
  std::vector<Breakpoint> breakpoints() const;
  Match MatchOf(int id) const;
  // Stops the first launch that comes by.
  void Pause();
  // No launch stops any more. `end`: those that run, or come, fail instead.
  void Close(bool end);
  bool is_open() const { return !closed_; }
  bool ended() const { return ended_; }

  // True at a stop; false once the session is closed, or when `abandon` is set.
  bool WaitForStop(const std::atomic<bool>& abandon) const;
  // The stop, which stays while this exists; null: none.
  class Held {
   public:
    explicit Held(DebugSession& session) : session_(session), lock_(session.mutex_) {}
    const Stop* stop() const { return session_.stop_; }
    void Resume(const Resumption& how);  // there is a stop; then it is gone
    // There is a stop that asks. It is one, of that lane, and perhaps not for sure.
    void Confirm(int lane, std::string message);

   private:
    DebugSession& session_;
    const std::unique_lock<std::mutex> lock_;
  };
  Held Hold() { return Held(*this); }

  // For launches. Changes when what they look for does.
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_relaxed); }
  // What a launch has of a breakpoint.
  void Matched(int id, Match match);
  // True for one of those that ask after Pause.
  bool TakePause() { return pause_.exchange(false); }
  // Waits until it is resumed, or the device of `grid` is to stop.
  Resumption Halt(Stop stop, const Grid& grid);
  // Lets who is halted look whether its device is to stop.
  void Wake();

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::atomic<std::uint64_t> epoch_ = 1;
  std::atomic<bool> pause_ = false, closed_ = false, ended_ = false;
  // Guarded by mutex_.
  std::vector<Breakpoint> breakpoints_;
  int last_id_ = 0;
  Stop* stop_ = nullptr;
  std::map<int, Match> matches_;  // by id
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DEBUG_SESSION_H_
