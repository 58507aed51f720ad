#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <string>

#include "simulator/exec/block/block.h"
#include "simulator/exec/block/slot_copy.h"

// Calls that were not inlined: code/calls.h.
namespace nodecuda::simulator {
namespace {

// Where the frame of a lane is, to which its places are relative: 0 for a fixed one.
class FrameBase {
 public:
  explicit FrameBase(const std::uint64_t* lanes) : lanes_(lanes) {}  // null: fixed
  FrameBase(const std::byte* file, std::uint32_t slot)
      : lanes_(slot == kNoSlot ? nullptr : reinterpret_cast<const std::uint64_t*>(file + slot)) {}
  std::uint64_t operator[](int lane) const { return lanes_ == nullptr ? 0 : lanes_[lane]; }

 private:
  const std::uint64_t* lanes_;
};

struct LocalMemory {
  std::byte* base;
  std::size_t stride;
  std::byte* At(int lane, std::uint64_t address) const {
    return base + static_cast<std::size_t>(lane) * stride + address;
  }
};

// The place of one thing that is passed, for each lane.
struct Passed {
  std::int64_t offset;
  const FrameBase& base;
  std::uint64_t operator[](int lane) const {
    return base[lane] + static_cast<std::uint64_t>(offset);
  }
};

void CopyPassed(const LocalMemory& memory, const Passed& from, const Passed& to, std::size_t bytes,
                LaneMask lanes) {
  const auto copy = [&](std::size_t size) {
    ForEachLane(lanes, [&](int lane) {
      std::memcpy(memory.At(lane, to[lane]), memory.At(lane, from[lane]), size);
    });
  };
  switch (bytes) {  // the compiler knows how to copy so few
    case 4:
      return copy(4);
    case 8:
      return copy(8);
    default:
      return copy(bytes);
  }
}

std::string Describe(const std::vector<FrameVariable>& passed) {
  std::string text = "(";
  for (const FrameVariable& variable : passed)
    text += (text.size() > 1 ? ", " : "") + std::to_string(variable.bytes);
  return text + ")";
}

}  // namespace

void BlockRunner::GrowLocal(std::size_t stride) {
  std::vector<Line> grown((stride * kWarpSize * warps_.size() + sizeof(Line) - 1) / sizeof(Line));
  for (std::size_t lane = 0; lane < warps_.size() * kWarpSize; ++lane)
    std::memcpy(grown.data()->bytes + lane * stride, local_.data()->bytes + lane * local_stride_,
                local_stride_);
  local_.swap(grown);
  local_stride_ = stride;
}

template <typename BytesOf>
bool BlockRunner::Push(int warp, std::uint32_t pc, LaneMask lanes, BytesOf bytes_of) {
  auto* stack = reinterpret_cast<std::uint64_t*>(FileOf(warp) + kernel_.stack_pointer);
  const std::size_t most = kernel_.local_bytes + kMaxStackBytes;
  std::uint64_t end = 0;
  for (LaneMask left = lanes; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    const std::uint64_t bytes = bytes_of(lane, stack[lane]);
    if (bytes > most - stack[lane]) {
      Fault(warp, pc, lane, Status::kHardwareStackError,
            "stack overflow: more than " + std::to_string(kMaxStackBytes) +
                " bytes of frames in local memory");
      return false;
    }
    stack[lane] += bytes;
    end = std::max(end, stack[lane]);
  }
  if (end > local_stride_) {
    GrowLocal(std::min(most, std::max<std::size_t>(end, 2 * local_stride_)));
    SetLocal(warp);
  }
  return true;
}

bool BlockRunner::AllocateStack(int warp, std::uint32_t pc, LaneMask lanes) {
  const Instruction& in = kernel_.code[pc];
  std::byte* file = FileOf(warp);
  const auto alignment = static_cast<std::uint64_t>(in.offset);
  const auto* sizes = reinterpret_cast<const std::uint64_t*>(file + in.slot[1]);
  std::uint64_t begin[kWarpSize];
  if (!Push(warp, pc, lanes, [&](int lane, std::uint64_t stack) -> std::uint64_t {
        if (sizes[lane] > kMaxStackBytes) return sizes[lane];
        begin[lane] = (stack + alignment - 1) & ~(alignment - 1);
        const std::uint64_t end = begin[lane] + sizes[lane];
        return (end + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment - stack;
      }))
    return false;
  auto* addresses = reinterpret_cast<std::uint64_t*>(file + in.slot[0]);
  ForEachLane(lanes, [&](int lane) { addresses[lane] = begin[lane]; });
  return true;
}

bool BlockRunner::RestoreStack(int warp, std::uint32_t pc, LaneMask lanes) {
  std::byte* file = FileOf(warp);
  const auto* saved = reinterpret_cast<const std::uint64_t*>(file + kernel_.code[pc].slot[0]);
  auto* stack = reinterpret_cast<std::uint64_t*>(file + kernel_.stack_pointer);
  for (LaneMask left = lanes; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    if (saved[lane] >= kernel_.local_bytes && saved[lane] <= stack[lane]) {
      stack[lane] = saved[lane];
      continue;
    }
    Fault(warp, pc, lane, Status::kIllegalAddress, "this is no place on the stack");
    return false;
  }
  return true;
}

// The function whose address the first lane has, which must take and give what is passed.
bool BlockRunner::FindTarget(int warp, std::uint32_t pc, const CallSite& site, LaneMask lanes,
                             LaneMask* together, std::uint32_t* callee) {
  const auto* targets =
      reinterpret_cast<const std::uint64_t*>(FileOf(warp) + kernel_.code[pc].slot[0]);
  const int lead = std::countr_zero(lanes);
  const std::uint64_t address = targets[lead];
  *together = 0;
  ForEachLane(lanes, [&](int lane) {
    if (targets[lane] == address) *together |= LaneMask{1} << lane;
  });
  const std::uint64_t distance = address - kernel_.function_window;
  const std::uint64_t number = distance >> kFunctionShift;
  const auto refuse = [&](const std::string& what) {
    Fault(warp, pc, lead, Status::kInvalidPc, what);
    return false;
  };
  if (number >= kernel_.functions.size() || number << kFunctionShift != distance) {
    char text[80];
    std::snprintf(text, sizeof text, "0x%llx is the address of no function of this module",
                  static_cast<unsigned long long>(address));
    return refuse(text);
  }
  const CalledFunction& function = kernel_.functions[number];
  if (function.why.empty() && function.signature != site.signature)
    return refuse(std::string(function.name) + " takes parameters of " +
                  Describe(function.parameters) + " bytes and gives " + Describe(function.results) +
                  ", but is called with " + Describe(site.arguments) + " and for " +
                  Describe(site.results));
  *callee = static_cast<std::uint32_t>(number);
  return true;
}

bool BlockRunner::Call(int warp, std::uint32_t pc, LaneMask lanes, LaneMask* together,
                       std::uint32_t* entry) {
  const Instruction& in = kernel_.code[pc];
  const CallSite& site = kernel_.call_sites[in.target];
  std::byte* file = FileOf(warp);
  std::uint32_t number = site.callee;
  *together = lanes;
  if (number == kIndirect && !FindTarget(warp, pc, site, lanes, together, &number)) return false;
  const CalledFunction& callee = kernel_.functions[number];
  const int lead = std::countr_zero(lanes);
  if (callee.begin == kNoCode) {
    Fault(warp, pc, lead, Status::kInvalidPc,
          std::string(callee.name) + " cannot be called: " + callee.why);
    return false;
  }
  const std::uint32_t depth = warps_[static_cast<std::size_t>(warp)].depth();
  if (depth == kMaxCallDepth) {
    Fault(warp, pc, lead, Status::kHardwareStackError,
          "stack overflow: more than " + std::to_string(kMaxCallDepth) + " calls in each other");
    return false;
  }
  std::vector<CallLevel>& levels = call_levels_[static_cast<std::size_t>(warp)];
  if ((depth + 1) * kernel_.saved_bytes > kMaxSavedBytes) {
    Fault(warp, pc, lead, Status::kHardwareStackError,
          "stack overflow: " + std::to_string(depth + 1) + " calls in each other keep more than " +
              std::to_string(kMaxSavedBytes / kWarpSize) + " bytes of registers of a thread");
    return false;
  }
  if (depth == levels.size())
    levels.push_back(
        {{}, std::vector<Line>((kernel_.saved_bytes + sizeof(Line) - 1) / sizeof(Line))});
  CallLevel& level = levels[depth];
  ForEachLane(*together,
              [&](int lane) { level.return_pc[static_cast<std::size_t>(lane)] = pc + 1; });
  for (const SavedSlot& saved : site.saved)
    CopySlot(level.saved.data()->bytes + saved.place, file + saved.slot, saved.width, *together);

  // The caller's places are relative to a stack pointer that has not been moved yet.
  std::uint64_t before[kWarpSize];
  const bool on_stack = in.slot[kFrameSlot] != kNoSlot;
  if (on_stack) std::memcpy(before, file + in.slot[kFrameSlot], sizeof before);
  if (callee.on_stack &&
      !Push(warp, pc, *together, [&](int, std::uint64_t) { return callee.stack_bytes; }))
    return false;
  const FrameBase from(on_stack ? before : nullptr);
  const FrameBase to(file, callee.on_stack ? kernel_.stack_pointer : kNoSlot);
  for (std::size_t i = 0; i < callee.parameters.size(); ++i)
    CopyPassed({LocalOf(warp), local_stride_}, {site.arguments[i].offset, from},
               {callee.parameters[i].offset, to}, callee.parameters[i].bytes, *together);
  *entry = callee.begin;
  if (observer_ != nullptr) observer_->Entered(warp, *together, callee);
  return true;
}

void BlockRunner::Return(int warp, const Instruction& in, LaneMask lanes) {
  const CalledFunction& callee = kernel_.functions[in.target];
  std::byte* file = FileOf(warp);
  Warp& state = warps_[static_cast<std::size_t>(warp)];
  const CallLevel& level = call_levels_[static_cast<std::size_t>(warp)][state.depth()];
  for (LaneMask left = lanes; left != 0;) {
    const std::uint32_t pc = level.return_pc[static_cast<std::size_t>(std::countr_zero(left))];
    LaneMask together = 0;
    ForEachLane(left, [&](int lane) {
      if (level.return_pc[static_cast<std::size_t>(lane)] == pc) together |= LaneMask{1} << lane;
    });
    left &= ~together;
    const Instruction& call = kernel_.code[pc - 1];
    const CallSite& site = kernel_.call_sites[call.target];
    for (const SavedSlot& saved : site.saved)
      CopySlot(file + saved.slot, level.saved.data()->bytes + saved.place, saved.width, together);

    std::uint64_t before[kWarpSize];
    if (callee.on_stack) {
      auto* stack = reinterpret_cast<std::uint64_t*>(file + kernel_.stack_pointer);
      std::memcpy(before, stack, sizeof before);
      ForEachLane(together, [&](int lane) { stack[lane] -= callee.stack_bytes; });
    }
    const FrameBase from(callee.on_stack ? before : nullptr);
    const FrameBase to(file, call.slot[kFrameSlot]);
    for (std::size_t i = 0; i < callee.results.size(); ++i)
      CopyPassed({LocalOf(warp), local_stride_}, {callee.results[i].offset, from},
                 {site.results[i].offset, to}, callee.results[i].bytes, together);
    if (observer_ != nullptr) observer_->Returned(warp, together, pc - 1);
    state.Put(pc, together);
  }
}

}  // namespace nodecuda::simulator
