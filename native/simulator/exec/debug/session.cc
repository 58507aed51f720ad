#include "simulator/exec/debug/session.h"

#include <algorithm>
#include <chrono>

#include "simulator/exec/block/grid.h"

namespace nodecuda::simulator {
namespace {

struct Process {
  std::mutex mutex;
  std::weak_ptr<DebugSession> session;
  std::atomic<bool> has_session = false;  // or had one
};

// Never destroyed: at exit other threads may still be using it.
Process& TheProcess() {
  static auto* process = new Process;
  return *process;
}

}  // namespace

std::shared_ptr<DebugSession> DebugSession::Open() {
  Process& process = TheProcess();
  const std::lock_guard lock(process.mutex);
  const auto known = process.session.lock();
  if (known != nullptr && known->is_open()) return nullptr;
  auto session = std::make_shared<DebugSession>();
  process.session = session;
  process.has_session = true;
  return session;
}

std::shared_ptr<DebugSession> DebugSession::Current() {
  Process& process = TheProcess();
  if (!process.has_session) return nullptr;
  const std::lock_guard lock(process.mutex);
  auto session = process.session.lock();
  return session != nullptr && session->is_open() ? session : nullptr;
}

int DebugSession::Add(Breakpoint breakpoint) {
  const std::lock_guard lock(mutex_);
  breakpoint.id = ++last_id_;
  breakpoints_.push_back(std::move(breakpoint));
  ++epoch_;
  return last_id_;
}

bool DebugSession::Remove(int id) {
  const std::lock_guard lock(mutex_);
  ++epoch_;
  return std::erase_if(breakpoints_, [&](const Breakpoint& each) { return each.id == id; }) != 0;
}

std::vector<Breakpoint> DebugSession::breakpoints() const {
  const std::lock_guard lock(mutex_);
  return breakpoints_;
}

Match DebugSession::MatchOf(int id) const {
  const std::lock_guard lock(mutex_);
  const auto found = matches_.find(id);
  return found == matches_.end() ? Match::kNone : found->second;
}

void DebugSession::Matched(int id, Match match) {
  const std::lock_guard lock(mutex_);
  Match& known = matches_[id];
  known = std::max(known, match);
}

void DebugSession::Pause() {
  const std::lock_guard lock(mutex_);
  if (stop_ != nullptr && stop_->asked == 0) return;
  pause_ = true;
  ++epoch_;
}

void DebugSession::Held::Resume(const Resumption& how) {
  session_.stop_->resumption = how;
  session_.stop_ = nullptr;
  session_.changed_.notify_all();
}

void DebugSession::Held::Confirm(int lane, std::string message) {
  session_.stop_->lane = lane;
  session_.stop_->message = std::move(message);
  session_.stop_->asked = 0;
  session_.pause_ = false;
}

void DebugSession::Close(bool end) {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  if (end) ended_ = true;
  stop_ = nullptr;
  ++epoch_;
  changed_.notify_all();
}

bool DebugSession::WaitForStop(const std::atomic<bool>& abandon) const {
  // Who sets the flag does not know of this.
  constexpr std::chrono::milliseconds kPatience{20};
  std::unique_lock lock(mutex_);
  while (stop_ == nullptr && !closed_ && !abandon) changed_.wait_for(lock, kPatience);
  return stop_ != nullptr;
}

Resumption DebugSession::Halt(Stop stop, const Grid& grid) {
  std::unique_lock lock(mutex_);
  const auto over = [&] { return closed_ || grid.Abandoned(0); };
  // One launch at a time is stopped: another device's waits for its turn.
  changed_.wait(lock, [&] { return stop_ == nullptr || over(); });
  if (!over()) {
    stop_ = &stop;
    if (stop.asked == 0) pause_ = false;
    changed_.notify_all();
    changed_.wait(lock, [&] { return stop_ != &stop || over(); });
  }
  if (stop_ == &stop) {
    stop_ = nullptr;
    changed_.notify_all();
  }
  if (ended_) throw LaunchEnded();
  return stop.resumption;
}

void DebugSession::Wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace nodecuda::simulator
