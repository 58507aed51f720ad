#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_POOL_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_POOL_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace nodecuda::simulator {

// Threads that run one job at a time together with the caller.
class Pool {
 public:
  // `size` counts the calling thread. Threads start with the first job; where the system gives
  // fewer, fewer run.
  explicit Pool(int size) : size_(size) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int size() const { return size_; }

  // Calls `job` on this thread and, meanwhile, once on each of up to `others` more; returns when
  // all have returned. A thread that has not begun when this one has finished does not begin any
  // more.
  void Run(std::uint64_t others, const std::function<void()>& job);

 private:
  void StartThreads();
  void ThreadMain();

  const int size_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void()>* job_ = nullptr;
  unsigned generation_ = 0;   // of the job; a thread runs each once
  std::uint64_t wanted_ = 0;  // more threads that may begin the job
  std::size_t busy_ = 0;      // that have begun, and not returned
  bool stopping_ = false;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_POOL_H_
