#include "runtime/printf_fifo.h"

#include <utility>

namespace nodecuda {

void PrintfFifo::Add(std::span<std::string> printed) {
  const std::lock_guard lock(mutex_);
  for (std::string& text : printed) {
    if (text.empty()) continue;
    entries_.push_back(std::move(text));
    bytes_ += entries_.back().size() + kEntryBytes;
  }
  while (bytes_ > kBytes) {
    const std::size_t oldest = entries_.front().size();
    bytes_ -= oldest + kEntryBytes;
    lost_bytes_ += oldest;
    entries_.pop_front();
  }
}

std::string PrintfFifo::Take() {
  const std::lock_guard lock(mutex_);
  std::string text;
  if (lost_bytes_ != 0) {
    text = "[nodecuda: " + std::to_string(lost_bytes_) +
           " bytes of printf output were lost: 1 MiB is kept from one wait to the next]\n";
  }
  for (const std::string& entry : entries_) text += entry;
  entries_.clear();
  bytes_ = 0;
  lost_bytes_ = 0;
  return text;
}

}  // namespace nodecuda
