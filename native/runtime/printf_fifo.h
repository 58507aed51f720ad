#ifndef NODECUDA_RUNTIME_PRINTF_FIFO_H_
#define NODECUDA_RUNTIME_PRINTF_FIFO_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>

namespace nodecuda {

// What kernels have printed and nobody has fetched yet. As in CUDA it is of 1 MiB, and what is
// oldest goes when there is no more room; here not in silence. Any thread may call.
class PrintfFifo {
 public:
  // cudaLimitPrintfFifoSize, as it is unless a program sets it.
  static constexpr std::size_t kBytes = std::size_t{1} << 20;
  // What a call of printf takes besides its text.
  static constexpr std::size_t kEntryBytes = 32;

  // Adds what each of some calls has printed, with nothing of others in between.
  void Add(std::span<std::string> printed);
  // Everything, behind a line that tells what was lost, if anything was.
  std::string Take();

 private:
  std::mutex mutex_;
  std::deque<std::string> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t lost_bytes_ = 0;
};

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_PRINTF_FIFO_H_
