#include "binding/watcher.h"

#include <algorithm>
#include <chrono>

#include "resources/shutdown.h"

namespace nodecuda {

using std::chrono::microseconds;

Watcher::Watcher(std::shared_ptr<PhysicalDevice> device, std::function<void(Waits)> deliver)
    : device_(std::move(device)), deliver_(std::move(deliver)), thread_([this] { Run(); }) {}

Watcher::~Watcher() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watcher::Add(Waits waits) noexcept {
  for (Wait& wait : waits) {
    wait.watcher = this;
    ++outstanding;
  }
  {
    std::lock_guard lock(mutex_);
    added_.splice(added_.end(), waits);
  }
  changed_.notify_one();
}

bool Watcher::Poll(PhysicalDevice& device, Wait& wait) noexcept {
  try {
    device.Enter();
    while (!wait.events.empty()) {
      Status status = device.runtime().EventQuery(wait.events.back());
      if (status == Status::kNotReady) {
        return false;
      }
      device.Check(status, "cudaEventQuery");
      // Returns at once; its status is the verdict, and the driver takes back pool memory here.
      device.Check(device.runtime().EventSynchronize(wait.events.back()), "cudaEventSynchronize");
      wait.events.pop_back();
    }
  } catch (...) {
    wait.failure = CurrentFailure();
  }
  return true;
}

void Watcher::Run() noexcept {
  constexpr int kQuickRounds = 50;
  constexpr microseconds kShortestPause{20}, kLongestPause{500};
  int rounds = 0;
  microseconds pause = kShortestPause;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (!added_.empty()) {
      waiting_.splice(waiting_.end(), added_);
      rounds = 0;
      pause = kShortestPause;
    }
    if (waiting_.empty()) {
      changed_.wait(lock, [this] { return stop_ || !added_.empty(); });
      continue;
    }
    lock.unlock();
    bool any = false;
    for (auto wait = waiting_.begin(); wait != waiting_.end();) {
      const auto next = std::next(wait);
      if (Poll(*device_, *wait)) {
        Waits over;
        over.splice(over.begin(), waiting_, wait);
        deliver_(std::move(over));
        any = true;
      }
      wait = next;
    }
    if (any) {
      rounds = 0;
      pause = kShortestPause;
    } else if (++rounds <= kQuickRounds) {
      std::this_thread::yield();
    }
    lock.lock();
    if (!any && rounds > kQuickRounds) {
      changed_.wait_for(lock, pause, [this] { return stop_ || !added_.empty(); });
      pause = std::min(2 * pause, kLongestPause);
    }
  }
}

}  // namespace nodecuda
