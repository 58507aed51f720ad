#ifndef NODECUDA_COMPILER_ASIDE_H_
#define NODECUDA_COMPILER_ASIDE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace nodecuda::compiler {

// Ends early, if it can, once `cancelled` is set.
using Work = std::function<std::shared_ptr<void>(const std::atomic<bool>& cancelled)>;

struct Outcome {
  std::shared_ptr<void> result;  // null if it was stopped
  bool shared = false;           // somebody else's work with the same key
};

// Calls `work` on a thread that nobody joins, and returns what it leaves, or nothing soon after
// `stop`. Who comes with the key of what is running already waits for that instead; an empty key is
// shared with nobody. When all who wait were stopped, the work is told to end, which takes as long
// as it takes, and what it leaves is dropped. It may use only what it owns. Throws what the work
// throws, and std::system_error if there is no thread to be had.
Outcome RunAside(const std::string& key, Work work, const std::atomic<bool>& stop);

// The process begins to exit. What runs aside is told to end, and given a moment for it. If it is
// not over by the time that the process runs the destructors of its libraries, NVRTC's among them,
// they are not run.
void BeginExit() noexcept;

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_ASIDE_H_
