#include "compiler/aside.h"

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace nodecuda::compiler {
namespace {

using std::chrono::milliseconds;

// Compilers recurse: as much as a main thread has, and again.
constexpr std::size_t kStackBytes = 16 << 20;
constexpr milliseconds kPause{10};     // between looks at `stop`
constexpr milliseconds kPatience{50};  // at exit

struct Job {
  std::string key;
  Work work;
  int waiting = 0;  // guarded by the mutex of all jobs
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;  // guarded by mutex, as are the next two
  std::shared_ptr<void> result;
  std::exception_ptr failure;
};

// Never destroyed: the threads are not joined, and may outlive static objects.
struct Running {
  std::mutex mutex;
  std::vector<std::shared_ptr<Job>> jobs;
  bool exiting = false;
};

Running& AllRunning() {
  static auto* running = new Running;
  return *running;
}

bool IsAnyRunning() noexcept {
  std::lock_guard lock(AllRunning().mutex);
  return !AllRunning().jobs.empty();
}

// Registered last, so that it runs first: destructors would take from under the compiler what it
// uses.
void LeaveAtOnce(int status, void*) {
  if (!IsAnyRunning()) return;
  std::fflush(nullptr);
  _exit(status);
}

void* Start(void* argument) {
  std::unique_ptr<std::shared_ptr<Job>> owned(static_cast<std::shared_ptr<Job>*>(argument));
  const std::shared_ptr<Job> job = std::move(*owned);
  std::shared_ptr<void> result;
  std::exception_ptr failure;
  try {
    result = job->work(job->cancelled);
  } catch (...) {
    failure = std::current_exception();
  }
  // What the work owns goes on this thread, before it counts as over.
  job->work = nullptr;
  {
    std::lock_guard lock(AllRunning().mutex);
    std::erase(AllRunning().jobs, job);
  }
  std::lock_guard lock(job->mutex);
  job->done = true;
  job->result = std::move(result);
  job->failure = std::move(failure);
  job->changed.notify_all();
  return nullptr;
}

void StartThread(const std::shared_ptr<Job>& job) {
  auto argument = std::make_unique<std::shared_ptr<Job>>(job);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, Start, argument.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) throw std::system_error(error, std::generic_category(), "pthread_create");
  argument.release();  // NOLINT(bugprone-unused-return-value): the thread's now
}

// With the mutex of all jobs locked. Null if there is none of that key that goes on.
std::shared_ptr<Job> FindJob(const std::string& key) {
  if (key.empty()) return nullptr;
  for (const auto& job : AllRunning().jobs) {
    if (job->key == key && !job->cancelled) return job;
  }
  return nullptr;
}

std::shared_ptr<Job> StartJob(const std::string& key, Work work) {
  auto job = std::make_shared<Job>();
  job->key = key;
  job->work = std::move(work);
  // Before the thread starts: what has started, ends.
  AllRunning().jobs.push_back(job);
  try {
    StartThread(job);
  } catch (...) {
    AllRunning().jobs.pop_back();
    throw;
  }
  return job;
}

void StopWaiting(Job& job) {
  std::lock_guard lock(AllRunning().mutex);
  if (--job.waiting == 0) job.cancelled = true;
}

}  // namespace

Outcome RunAside(const std::string& key, Work work, const std::atomic<bool>& stop) {
  Outcome outcome;
  std::shared_ptr<Job> job;
  {
    Running& running = AllRunning();
    std::lock_guard lock(running.mutex);
    if (running.exiting) return outcome;
    static const int registered = on_exit(LeaveAtOnce, nullptr);
    static_cast<void>(registered);
    job = FindJob(key);
    outcome.shared = job != nullptr;
    if (job == nullptr) job = StartJob(key, std::move(work));
    ++job->waiting;
  }
  std::unique_lock lock(job->mutex);
  while (!job->changed.wait_for(lock, kPause, [&] { return job->done; })) {
    if (stop) {
      lock.unlock();
      StopWaiting(*job);
      return outcome;
    }
  }
  if (job->failure != nullptr) std::rethrow_exception(job->failure);
  outcome.result = job->result;
  return outcome;
}

void BeginExit() noexcept {
  {
    Running& running = AllRunning();
    std::lock_guard lock(running.mutex);
    running.exiting = true;
    for (const auto& job : running.jobs) job->cancelled = true;
    if (running.jobs.empty()) return;
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (IsAnyRunning() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  if (IsAnyRunning()) on_exit(LeaveAtOnce, nullptr);
}

}  // namespace nodecuda::compiler
