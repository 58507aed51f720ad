#ifndef NODECUDA_SIMULATOR_STREAM_RACES_H_
#define NODECUDA_SIMULATOR_STREAM_RACES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "runtime/check_log.h"
#include "simulator/memory/footprint.h"
#include "simulator/memory/memory_record.h"

namespace nodecuda::simulator {

// How much of each stream, by its number, is over: so many operations. What a stream knows when an
// operation is queued, an event when it is recorded, the host when it has waited.
class StreamOrder {
 public:
  void Join(const StreamOrder& other);
  void Set(std::uint64_t stream, std::uint64_t count) { counts_[stream] = count; }
  bool Covers(std::uint64_t stream, std::uint64_t count) const {
    const auto found = counts_.find(stream);
    return found != counts_.end() && found->second >= count;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> counts_;
};

// Finds operations of different streams that touch the same bytes, at least one to write, where
// neither an event nor a wait of the host orders them. For all devices of a runtime; any thread may
// call.
class StreamRaces {
 public:
  explicit StreamRaces(std::shared_ptr<CheckLog> log) : log_(std::move(log)) {}

  struct Operation {
    std::uint64_t stream = 0, count = 0;  // it is that one of the stream
    StreamOrder known;                    // what comes before it
  };
  // An operation has been done, on memory of which `record` is kept.
  void Done(const Operation& operation, Footprint footprint, const MemoryRecord* record);
  // Nothing else is queued, and all that comes will come after what is `known`. True if nothing is
  // left then.
  bool Forget(const StreamOrder& known);

 private:
  struct Entry {
    std::uint64_t stream = 0, count = 0;
    Footprint footprint;
  };
  // Bounds what streams take that nobody waits for.
  static constexpr std::size_t kMostEntries = 1024, kMostRanges = std::size_t{1} << 20;

  void Compare(const Entry& now, const Entry& earlier, const MemoryRecord* record);
  void Report(const Entry& now, const Entry& earlier, Footprint::Way way, Footprint::Way other_way,
              const Footprint::Range& range, const Footprint::Range& other,
              const MemoryRecord* record);
  void Erase(std::uintptr_t begin, std::uintptr_t end);
  void DropFirst();

  const std::shared_ptr<CheckLog> log_;
  std::mutex mutex_;
  std::deque<Entry> done_;  // the first first
  std::size_t ranges_ = 0;  // of all of them
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_STREAM_RACES_H_
