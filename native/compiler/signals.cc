#include "compiler/signals.h"

#include <dlfcn.h>
#include <signal.h>

#include <cstddef>
#include <iterator>
#include <mutex>

namespace nodecuda::compiler {
namespace {

constexpr int kSignals[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL,  SIGABRT,
                            SIGBUS, SIGFPE, SIGSEGV, SIGPIPE, SIGTERM};

struct Kept {
  std::mutex mutex;
  int users = 0;
  struct sigaction actions[std::size(kSignals)];
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

KeptSignals::KeptSignals(const void* function) noexcept : function_(function) {
  Kept& kept = Process();
  const std::lock_guard lock(kept.mutex);
  if (kept.users++ != 0) return;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &kept.actions[i]);
  }
}

KeptSignals::~KeptSignals() {
  Kept& kept = Process();
  const std::lock_guard lock(kept.mutex);
  if (--kept.users != 0) return;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    struct sigaction now;
    if (sigaction(kSignals[i], nullptr, &now) != 0) continue;
    const void* handler = HandlerOf(now);
    const struct sigaction& before = kept.actions[i];
    const bool is_same = handler == HandlerOf(before);
    const bool is_special = now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN;
    if (is_same ? now.sa_flags != before.sa_flags : !is_special && SameObject(handler, function_)) {
      sigaction(kSignals[i], &before, nullptr);
    }
  }
}

}  // namespace nodecuda::compiler
