#include "compiler/signals.h"

#include <dlfcn.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace nodecuda::compiler {
namespace {

constexpr int kSignals[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL,  SIGABRT,
                            SIGBUS, SIGFPE, SIGSEGV, SIGPIPE, SIGTERM};

struct Kept {
  std::mutex mutex;
  int users = 0;
  struct sigaction actions[std::size(kSignals)];
  std::vector<const void*> functions;  // of each library that was called meanwhile
};

// Never destroyed: a compilation may outlive static objects.
Kept& Process() {
  static auto* kept = new Kept;
  return *kept;
}

const void* HandlerOf(const struct sigaction& action) {
  return reinterpret_cast<const void*>(action.sa_handler);
}

bool SameObject(const void* a, const void* b) {
  Dl_info of_a, of_b;
  return dladdr(a, &of_a) != 0 && dladdr(b, &of_b) != 0 && of_a.dli_fbase == of_b.dli_fbase;
}

}  // namespace

KeptSignals::KeptSignals(const void* function) {
  Kept& kept = Process();
  const std::lock_guard lock(kept.mutex);
  if (std::ranges::find(kept.functions, function) == kept.functions.end()) {
    kept.functions.push_back(function);
  }
  if (kept.users++ != 0) return;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &kept.actions[i]);
  }
}

KeptSignals::~KeptSignals() {
  Kept& kept = Process();
  const std::lock_guard lock(kept.mutex);
  // Libraries that run beside each other see each other's handlers: all is restored with the last.
  if (--kept.users != 0) return;
  const std::vector<const void*> functions = std::move(kept.functions);
  kept.functions.clear();
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    struct sigaction now;
    if (sigaction(kSignals[i], nullptr, &now) != 0) continue;
    const void* handler = HandlerOf(now);
    const struct sigaction& before = kept.actions[i];
    const bool is_same = handler == HandlerOf(before);
    const bool is_special = now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN;
    const auto is_theirs = [&](const void* function) { return SameObject(handler, function); };
    if (is_same ? now.sa_flags != before.sa_flags
                : !is_special && std::ranges::any_of(functions, is_theirs)) {
      sigaction(kSignals[i], &before, nullptr);
    }
  }
}

}  // namespace nodecuda::compiler
