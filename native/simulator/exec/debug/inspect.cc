#include "simulator/exec/debug/inspect.h"

#include <algorithm>
#include <span>
#include <utility>

#include "simulator/exec/debug/launch_debugger.h"

namespace nodecuda::simulator {
namespace {

using State = Fragment::State;

std::string_view NameOf(State state) {
  switch (state) {
    case State::kReady:
    case State::kRested:
      return "ready";
    case State::kAtBarrier:
      return "at a barrier";
    case State::kAtWarpSync:
    case State::kAtCollective:
      return "waiting for its warp";
    case State::kAtMbarrier:
      return "at an mbarrier";
    case State::kAtClusterBarrier:
      return "at the cluster's barrier";
  }
  return "";
}

// Those that wait have passed the instruction they wait at, but for two that look again.
bool HasPassed(State state) {
  return state == State::kAtBarrier || state == State::kAtWarpSync ||
         state == State::kAtClusterBarrier;
}

// A generic address becomes one in its space.
void ResolveGeneric(ptx::Space* space, std::uint64_t* address) {
  if (*space != ptx::Space::kNone) return;
  *space = ptx::Space::kGlobal;
  for (const auto& [window, name] :
       {std::pair(kSharedWindow, ptx::Space::kShared), std::pair(kLocalWindow, ptx::Space::kLocal),
        std::pair(kParamWindow, ptx::Space::kParam)}) {
    if (*address - window >= kWindowBytes) continue;
    *space = name;
    *address -= window;
    return;
  }
}

}  // namespace

Dim3 ThreadAt(const Dim3& shape, int warp, int lane) {
  const auto thread = static_cast<std::uint32_t>(warp * kWarpSize + lane);
  return {thread % shape.x, thread / shape.x % shape.y, thread / shape.x / shape.y};
}

std::vector<LaneGroup> GroupsOf(const BlockRunner& block, const Stop* stop) {
  std::vector<LaneGroup> groups;
  if (block.running_threads() == 0) return groups;
  for (std::size_t w = 0; w < block.warps().size(); ++w) {
    const Warp& warp = block.warps()[w];
    const int index = static_cast<int>(w);
    if (stop != nullptr && stop->warp == index && stop->mask != 0)
      groups.push_back({index, stop->mask, stop->pc, warp.depth(), "running"});
    for (int i = 0; i < warp.fragment_count(); ++i) {
      const Fragment& fragment = warp.fragment(i);
      const std::uint32_t pc = fragment.pc - (HasPassed(fragment.state()) ? 1 : 0);
      groups.push_back({index, fragment.mask, pc, fragment.depth(), NameOf(fragment.state())});
    }
  }
  return groups;
}

std::uint64_t NumberOf(const BlockRunner& block) {
  const Dim3& grid = block.grid().shape().grid;
  const Dim3 index = block.grid().IndexOf(block.index());
  return index.x + std::uint64_t{grid.x} * (index.y + std::uint64_t{grid.y} * index.z);
}

BlockRunner* FindBlock(const Stop& stop, std::uint64_t number) {
  for (BlockRunner* block : stop.launch->runners())
    if (block->running_threads() != 0 && NumberOf(*block) == number) return block;
  return nullptr;
}

std::optional<LaneGroup> FindThread(const Stop& stop, const BlockRunner& block,
                                    std::uint32_t thread) {
  for (const LaneGroup& group : GroupsOf(block, stop.block == &block ? &stop : nullptr))
    if (group.warp == static_cast<int>(thread / kWarpSize) &&
        (group.mask >> (thread % kWarpSize) & 1) != 0)
      return group;
  return std::nullopt;
}

CodePlace PlaceOf(const DecodedKernel& kernel, std::uint32_t pc) {
  CodePlace place{FunctionAt(kernel, pc).name, {}, kernel.mnemonics[pc], kernel.code[pc].line};
  if (const InstructionNotes& notes = kernel.notes[pc]; notes.line != 0 && !notes.file.empty())
    place.source = std::string(notes.file) + ":" + std::to_string(notes.line);
  return place;
}

std::vector<CodePlace> FramesOf(const Stop& stop, const BlockRunner& block, std::uint32_t thread) {
  std::vector<CodePlace> frames;
  const auto group = FindThread(stop, block, thread);
  if (!group) return frames;
  const DecodedKernel& kernel = stop.launch->kernel();
  frames.push_back(PlaceOf(kernel, group->pc));
  for (std::uint32_t depth = group->depth; depth-- > 0;) {
    const int lane = static_cast<int>(thread % kWarpSize);
    frames.push_back(PlaceOf(kernel, block.ReturnOf(group->warp, depth, lane) - 1));
  }
  return frames;
}

std::optional<VariablePlace> FindVariable(const Stop& stop, BlockRunner& block,
                                          std::uint32_t thread, std::string_view name) {
  const auto group = FindThread(stop, block, thread);
  if (!group) return std::nullopt;
  for (const VariableNote& note : stop.launch->kernel().variables) {
    if (note.name != name || group->pc < note.begin || group->pc >= note.end) continue;
    VariablePlace place{note.space, note.address};
    if (note.frame != kNoSlot)
      place.address += reinterpret_cast<const std::uint64_t*>(block.FileOf(group->warp) +
                                                              note.frame)[thread % kWarpSize];
    return place;
  }
  const GlobalVariable global = block.grid().launch().program->FindVariable(name);
  if (global.address == 0) return std::nullopt;
  return VariablePlace{ptx::Space::kGlobal, global.address};
}

std::byte* FindMemory(BlockRunner& block, std::uint32_t thread, ptx::Space space,
                      std::uint64_t address, std::size_t bytes) {
  ResolveGeneric(&space, &address);
  if (space == ptx::Space::kGlobal) {
    const DeviceMemory::Range range = block.grid().memory().Find(address);
    const bool is_there = bytes != 0 && address + bytes - 1 >= address &&
                          range.Contains(address, address + bytes - 1);
    return is_there ? reinterpret_cast<std::byte*>(address) : nullptr;
  }
  const SharedMemory shared = block.shared();
  const std::span<const std::byte> memory =
      space == ptx::Space::kShared  ? std::span<const std::byte>(shared.base, shared.bytes)
      : space == ptx::Space::kLocal ? block.LocalOfThread(thread)
                                    : block.grid().launch().parameters;
  if (address > memory.size() || bytes > memory.size() - address) return nullptr;
  return const_cast<std::byte*>(memory.data()) + address;
}

bool WriteMemory(BlockRunner& block, std::uint32_t thread, ptx::Space space, std::uint64_t address,
                 std::span<const std::byte> bytes) {
  ResolveGeneric(&space, &address);
  if (space == ptx::Space::kParam) return false;
  std::byte* to = FindMemory(block, thread, space, address, bytes.size());
  if (to == nullptr) return false;
  std::ranges::copy(bytes, to);
  if (space == ptx::Space::kGlobal) block.view().NoteWritten(address, bytes.size());
  return true;
}

}  // namespace nodecuda::simulator
