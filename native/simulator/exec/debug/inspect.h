#ifndef NODECUDA_SIMULATOR_EXEC_DEBUG_INSPECT_H_
#define NODECUDA_SIMULATOR_EXEC_DEBUG_INSPECT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/debug/session.h"

// What can be seen of a launch while it is stopped.
namespace nodecuda::simulator {

// Lanes of a warp that stand at one instruction.
struct LaneGroup {
  int warp = 0;
  LaneMask mask = 0;
  std::uint32_t pc = 0;
  std::uint32_t depth = 0;  // of calls
  std::string_view state;   // "running": the stopped one; "ready"; or what it waits at
};

Dim3 ThreadAt(const Dim3& shape, int warp, int lane);

// Of the block that the runner runs. `stop`: the one in it, or null.
std::vector<LaneGroup> GroupsOf(const BlockRunner& block, const Stop* stop);

// By its number in the grid, x first; null where that block does not run.
BlockRunner* FindBlock(const Stop& stop, std::uint64_t number);
std::uint64_t NumberOf(const BlockRunner& block);

// Where a thread stands; nullopt once it has ended.
std::optional<LaneGroup> FindThread(const Stop& stop, const BlockRunner& block,
                                    std::uint32_t thread);

struct CodePlace {
  std::string_view function;
  std::string source;  // "scale.cu:12"; empty where the PTX does not tell
  std::string_view mnemonic;
  int line = 0;  // of the PTX
};
CodePlace PlaceOf(const DecodedKernel& kernel, std::uint32_t pc);

// Where a thread is, and from where its functions were called, the innermost first.
std::vector<CodePlace> FramesOf(const Stop& stop, const BlockRunner& block, std::uint32_t thread);

// A variable that PTX names, where the thread stands.
struct VariablePlace {
  ptx::Space space = ptx::Space::kGlobal;  // or shared, local, or that of a kernel's parameters
  std::uint64_t address = 0;
};
// nullopt where there is none of that name.
std::optional<VariablePlace> FindVariable(const Stop& stop, BlockRunner& block,
                                          std::uint32_t thread, std::string_view name);

// Where bytes of memory are on the host; null where not all of them are there. `space`: of a
// VariablePlace, or none for a generic address; `thread` counts for local memory.
std::byte* FindMemory(BlockRunner& block, std::uint32_t thread, ptx::Space space,
                      std::uint64_t address, std::size_t bytes);
// The same to write them, which a kernel's parameters do not allow.
bool WriteMemory(BlockRunner& block, std::uint32_t thread, ptx::Space space, std::uint64_t address,
                 std::span<const std::byte> bytes);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DEBUG_INSPECT_H_
