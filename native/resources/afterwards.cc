#include "resources/afterwards.h"

#include <algorithm>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

#include "resources/shutdown.h"

namespace nodecuda {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::microseconds kShortestPause{200}, kLongestPause{5000};

struct Kept {
  std::shared_ptr<PhysicalDevice> device;
  Clock::time_point until;
  Release release;  // to be done behind the event, if any is
  std::shared_ptr<EventBox> end;
};

// Never destroyed: the thread is not joined, and may outlive static objects.
struct Keeper {
  std::mutex mutex;
  std::list<Kept> added;
  bool running = false;
  std::list<Kept> kept;  // the thread's own
};

Keeper& TheKeeper() {
  static auto* keeper = new Keeper;
  return *keeper;
}

// True when there is nothing more to wait for, and if that went well the handle is given back.
bool IsReleased(const Kept& kept) noexcept {
  Runtime& runtime = kept.device->runtime();
  Status status = Status::kSuccess;
  if (kept.end != nullptr) {
    status = Quietly([&] { return runtime.EventQuery(kept.end->handle()); });
  }
  if (status == Status::kNotReady) return false;
  if (status == Status::kSuccess)
    Quietly([&] { return kept.release.call(runtime, kept.release.handle); });
  return true;
}

bool IsOver(const Kept& kept) noexcept {
  PhysicalDevice& device = *kept.device;
  if (!device.EnterQuietly()) return true;
  if (kept.release.call != nullptr) return IsReleased(kept) || Clock::now() > kept.until;
  device.staging().Trim(StagingPool::kMostIdleBytes);
  return !device.staging().Busy() || Clock::now() > kept.until;
}

// One round. Devices that are over are let go, and closed if nobody else has them. False when there
// is nothing left to do.
bool Go(Keeper& keeper, std::chrono::microseconds* pause) noexcept {
  {
    std::lock_guard lock(keeper.mutex);
    if (!keeper.added.empty()) *pause = kShortestPause;
    keeper.kept.splice(keeper.kept.end(), keeper.added);
    keeper.running = !keeper.kept.empty();
    if (!keeper.running) return false;
  }
  const BackgroundCalls calls;
  if (Exiting()) return false;
  std::erase_if(keeper.kept, IsOver);
  return true;
}

void Run(Keeper& keeper) noexcept {
  auto pause = kShortestPause;
  while (Go(keeper, &pause)) {
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

void Keep(Kept&& kept) noexcept {
  Keeper& keeper = TheKeeper();
  try {
    std::list<Kept> one;
    one.push_back(std::move(kept));
    std::lock_guard lock(keeper.mutex);
    if (!keeper.running) {
      std::thread([&keeper] { Run(keeper); }).detach();
      keeper.running = true;
    }
    keeper.added.splice(keeper.added.end(), one);
  } catch (...) {
  }
}

}  // namespace

void LookAfter(std::shared_ptr<PhysicalDevice> device) noexcept {
  Keep({std::move(device), Clock::now() + kPatience, {}, nullptr});
}

void TrimLater(const std::shared_ptr<PhysicalDevice>& device) noexcept {
  if (device->staging().HasSurplus()) LookAfter(device);
}

void LetGo(const std::shared_ptr<PhysicalDevice>& device, bool had_work) noexcept {
  if (!device->EnterQuietly() || device->staging().IsEmpty()) return;
  // To free staging memory is to wait for work, too.
  if (had_work || device->staging().Busy()) LookAfter(device);
}

void ReleaseBehind(std::shared_ptr<PhysicalDevice> device, Release release,
                   std::shared_ptr<EventBox> end) noexcept {
  Kept kept{std::move(device), Clock::now() + kPatience, release, std::move(end)};
  if (!IsReleased(kept)) Keep(std::move(kept));
}

}  // namespace nodecuda
