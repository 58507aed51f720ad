#include "binding/watcher.h"

#include <algorithm>
#include <chrono>

#include "resources/shutdown.h"

namespace nodecuda {

using std::chrono::microseconds;

Watcher::Watcher(std::shared_ptr<PhysicalDevice> device, std::function<void(Wait)> deliver)
    : device_(std::move(device)), deliver_(std::move(deliver)), thread_([this] { Run(); }) {}

Watcher::~Watcher() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watcher::Add(Wait wait) {
  {
    std::lock_guard lock(mutex_);
    added_.push_back(std::move(wait));
  }
  changed_.notify_one();
}

bool Watcher::Poll(PhysicalDevice& device, Wait& wait) {
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
  } catch (const Failure& failure) {
    wait.failure = failure;
  }
  return true;
}

void Watcher::Run() {
  constexpr int kQuickRounds = 50;
  constexpr microseconds kShortestPause{20}, kLongestPause{500};
  int rounds = 0;
  microseconds pause = kShortestPause;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (!added_.empty()) {
      std::move(added_.begin(), added_.end(), std::back_inserter(waiting_));
      added_.clear();
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
      if (Poll(*device_, *wait)) {
        deliver_(std::move(*wait));
        wait = waiting_.erase(wait);
        any = true;
      } else {
        ++wait;
      }
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
