#include "simulator/exec/check/pending_copies.h"

#include <algorithm>

namespace nodecuda::simulator {

void PendingCopies::Start(std::size_t threads, std::size_t shared_bytes) {
  threads_.assign(threads, {});
  pending_ = 0;
  writers_.assign(shared_bytes, 0);
}

void PendingCopies::Mark(const Access& to, std::uint16_t writer) {
  const std::uint64_t end = std::min<std::uint64_t>(to.address + to.bytes, writers_.size());
  for (std::uint64_t i = to.address; i < end; ++i) writers_[i] = writer;
}

void PendingCopies::Add(std::size_t thread, const Copy& copy) {
  threads_[thread].copies.push_back(copy);
  ++threads_[thread].open;
  ++pending_;
  Mark(copy.to, static_cast<std::uint16_t>(thread + 1));
}

void PendingCopies::Commit(std::size_t thread) {
  threads_[thread].groups.push_back(threads_[thread].open);
  threads_[thread].open = 0;
}

std::vector<PendingCopies::Copy> PendingCopies::Wait(std::size_t thread, std::int64_t pending) {
  Thread& of = threads_[thread];
  std::size_t count = 0;
  if (pending < 0) {
    count = of.copies.size();
    of.groups.clear();
    of.open = 0;
  } else {
    while (of.groups.size() > static_cast<std::size_t>(pending)) {
      count += of.groups.front();
      of.groups.pop_front();
    }
  }
  const auto end = of.copies.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Copy> done(of.copies.begin(), end);
  of.copies.erase(of.copies.begin(), end);
  for (const Copy& copy : done) Mark(copy.to, 0);
  pending_ -= count;
  return done;
}

std::size_t PendingCopies::WriterOf(std::uint64_t offset, std::uint64_t bytes) const {
  if (pending_ == 0) return kNobody;
  const std::uint64_t end = std::min<std::uint64_t>(offset + bytes, writers_.size());
  for (std::uint64_t i = offset; i < end; ++i)
    if (writers_[i] != 0) return std::size_t{writers_[i]} - 1;
  return kNobody;
}

}  // namespace nodecuda::simulator
