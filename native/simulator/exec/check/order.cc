#include "simulator/exec/check/order.h"

#include <algorithm>

namespace nodecuda::simulator {
namespace {

void Raise(Times& times, const Times& others) {
  if (times.size() < others.size()) times.resize(others.size());
  for (std::size_t i = 0; i < others.size(); ++i) times[i] = std::max(times[i], others[i]);
}

bool IsWithin(const Times& one, const Times& other) {
  return one.size() <= other.size() &&
         std::equal(one.begin(), one.end(), other.begin(), std::less_equal<>());
}

bool IsOver(const SharedTimes& times, unsigned thread, std::uint32_t time) {
  return times != nullptr && thread < times->size() && (*times)[thread] >= time;
}

SharedTimes Joined(const SharedTimes& one, const SharedTimes& other) {
  if (one == nullptr || one == other) return other;
  if (other == nullptr) return one;
  if (IsWithin(*one, *other)) return other;
  auto joined = std::make_shared<Times>(*one);
  Raise(*joined, *other);
  return joined;
}

}  // namespace

bool Knowledge::Covers(std::uint64_t own_block, std::uint64_t block, unsigned thread,
                       std::uint32_t time) const {
  if (is_whole) return true;
  if (block == own_block) return IsOver(own, thread, time);
  if (others == nullptr) return false;
  const auto found = others->find(block);
  return found != others->end() && IsOver(found->second, thread, time);
}

Times& SyncPoint::Writable(Part& part) {
  if (part.times == nullptr)
    part.times = std::make_shared<Times>(threads_);
  else if (part.times.use_count() > 1)
    part.times = std::make_shared<Times>(*part.times);
  return *part.times;
}

void SyncPoint::Join(std::uint64_t block, const SharedTimes& times) {
  if (times == nullptr) return;
  Part& part = parts_[block];
  if (part.joined_last == times) return;
  part.joined_last = times;
  Raise(Writable(part), *times);
}

void SyncPoint::Leave(std::uint64_t block, unsigned thread, const Knowledge& knowledge,
                      std::uint32_t time) {
  if (has_taken_) {  // lets go of what it shares
    has_taken_ = false;
    taken_before_ = taken_ = {};
  }
  is_whole_ |= knowledge.is_whole || parts_.size() > kMostBlocks;
  if (is_whole_) return parts_.clear();
  Join(block, knowledge.own);
  Times& times = Writable(parts_[block]);
  if (times.size() <= thread) times.resize(thread + std::size_t{1});
  times[thread] = std::max(times[thread], time);
  if (knowledge.others == nullptr || knowledge.others == others_joined_last_) return;
  others_joined_last_ = knowledge.others;
  for (const auto& [other, known] : *knowledge.others) Join(other, known);
}

Knowledge SyncPoint::Take(std::uint64_t block, const Knowledge& before) {
  if (has_taken_ && taken_by_ == block && taken_before_ == before) return taken_;
  Knowledge after = before;
  after.is_whole |= is_whole_;
  std::shared_ptr<TimesByBlock> others;
  for (const auto& [of, part] : parts_) {
    if (of == block) {
      after.own = Joined(before.own, part.times);
      continue;
    }
    if (others == nullptr)
      others = before.others == nullptr ? std::make_shared<TimesByBlock>()
                                        : std::make_shared<TimesByBlock>(*before.others);
    SharedTimes& known = (*others)[of];
    known = Joined(known, part.times);
  }
  if (others != nullptr) after.others = std::move(others);
  has_taken_ = true;
  taken_by_ = block;
  taken_before_ = before;
  taken_ = after;
  return after;
}

}  // namespace nodecuda::simulator
