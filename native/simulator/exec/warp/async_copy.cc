#include "simulator/exec/warp/async_copy.h"

#include <bit>
#include <cstring>
#include <string>

#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {

using ptx::Space;

void AsyncCopies::Clear() {
  for (Thread& thread : threads_) thread = {};
}

void AsyncCopies::Perform(const Copy& copy) {
  if (copy.read != 0) std::memcpy(copy.to, copy.from, copy.read);
  std::memset(copy.to + copy.read, 0, copy.bytes - copy.read);
}

void AsyncCopies::PerformFirst(Thread& thread, std::size_t copies, std::size_t groups) {
  for (std::size_t i = 0; i < copies; ++i) Perform(thread.copies[i]);
  thread.copies.erase(thread.copies.begin(),
                      thread.copies.begin() + static_cast<std::ptrdiff_t>(copies));
  thread.group_ends.erase(thread.group_ends.begin(),
                          thread.group_ends.begin() + static_cast<std::ptrdiff_t>(groups));
  for (std::size_t& end : thread.group_ends) end -= copies;
}

void AsyncCopies::Wait(int lane, std::size_t pending) {
  Thread& thread = Of(lane);
  if (thread.group_ends.size() <= pending) return;
  const std::size_t groups = thread.group_ends.size() - pending;
  PerformFirst(thread, thread.group_ends[groups - 1], groups);
}

void AsyncCopies::WaitAll(int lane) {
  Thread& thread = Of(lane);
  PerformFirst(thread, thread.copies.size(), thread.group_ends.size());
}

namespace {

bool RunCopy(const Instruction& in, WarpContext& context, LaneMask mask) {
  const AsyncCopyForm form = AsyncCopyForm::Of(in);
  const std::uint32_t bytes = 1u << form.bytes_log2;
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    std::uint32_t read = bytes;
    if (in.slot[kCopyReadBytes] != kNoSlot)
      read = context.Slot<std::uint32_t>(in.slot[kCopyReadBytes])[lane];
    if (in.slot[kCopyIgnore] != kNoSlot &&
        (*context.Slot<LaneMask>(in.slot[kCopyIgnore]) >> lane & 1) != 0)
      read = 0;
    if (read > bytes)
      return context.view.Fail(Status::kLaunchFailure, lane,
                               "a source size of " + std::to_string(read) + " in a copy of " +
                                   std::to_string(bytes) + " bytes");
    const std::uint64_t to_address = LaneAddress(
        context.file, in.slot[kCopyTo], static_cast<std::int32_t>(in.target), form.wide_to, lane);
    std::uint64_t to = 0, from = 0;
    if (!ResolveLane(context.view, Space::kShared, to_address, bytes, bytes, true, lane, &to))
      return false;
    const std::uint64_t from_address =
        LaneAddress(context.file, in.slot[kCopyFrom], in.offset, form.wide_from, lane);
    // Nothing is read: the address may be anything.
    if (read != 0 &&
        !ResolveLane(context.view, Space::kGlobal, from_address, read, bytes, false, lane, &from))
      return false;
    const AsyncCopies::Copy copy{reinterpret_cast<std::byte*>(to),
                                 reinterpret_cast<const std::byte*>(from), bytes, read};
    if (context.copies != nullptr) {
      context.copies->Start(lane, copy);
    } else {
      AsyncCopies::Perform(copy);
    }
  }
  return true;
}

bool RunCommit(const Instruction&, WarpContext& context, LaneMask mask) {
  for (LaneMask rest = mask; context.copies != nullptr && rest != 0; rest &= rest - 1)
    context.copies->Commit(std::countr_zero(rest));
  return true;
}

bool RunWait(const Instruction& in, WarpContext& context, LaneMask mask) {
  for (LaneMask rest = mask; context.copies != nullptr && rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (in.offset < 0) {
      context.copies->WaitAll(lane);
    } else {
      context.copies->Wait(lane, static_cast<std::size_t>(in.offset));
    }
  }
  return true;
}

}  // namespace

WarpHandler AsyncCopyHandler() {
  return RunCopy;
}

WarpHandler CommitGroupHandler() {
  return RunCommit;
}

WarpHandler WaitGroupHandler() {
  return RunWait;
}

}  // namespace nodecuda::simulator
