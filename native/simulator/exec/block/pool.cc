#include "simulator/exec/block/pool.h"

#include <csignal>
#include <exception>

namespace nodecuda::simulator {

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::Run(std::uint64_t others, const std::function<void()>& job) {
  if (others == 0) return job();
  if (size_ > 1 && threads_.empty()) StartThreads();
  if (threads_.empty()) return job();
  {
    const std::lock_guard lock(mutex_);
    job_ = &job;
    ++generation_;
    wanted_ = others;
  }
  if (others >= threads_.size()) {
    wake_.notify_all();
  } else {
    for (std::uint64_t i = 0; i < others; ++i) wake_.notify_one();
  }
  job();
  std::unique_lock lock(mutex_);
  wanted_ = 0;
  done_.wait(lock, [&] { return busy_ == 0; });
}

void Pool::StartThreads() {
  // The threads inherit the mask: signals of the process are the host program's own business.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (int i = 1; i < size_; ++i) threads_.emplace_back([this] { ThreadMain(); });
  } catch (const std::exception&) {
    // No more threads to be had, or no memory for them: those that run, and the caller, do the
    // work.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Pool::ThreadMain() {
  unsigned seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || (generation_ != seen && wanted_ > 0); });
    if (stopping_) return;
    seen = generation_;
    --wanted_;
    ++busy_;
    const std::function<void()>& job = *job_;
    lock.unlock();
    job();
    lock.lock();
    if (--busy_ == 0) done_.notify_one();
  }
}

}  // namespace nodecuda::simulator
