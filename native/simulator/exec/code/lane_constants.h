#ifndef NODECUDA_SIMULATOR_EXEC_CODE_LANE_CONSTANTS_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_LANE_CONSTANTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "ptx/ast.h"
#include "runtime/runtime.h"
#include "simulator/exec/code/draft.h"
#include "simulator/exec/code/program.h"

namespace nodecuda::simulator {

// kNone for a name this simulator does not know.
Special SpecialFromName(std::string_view name);
inline bool IsClock(Special special) {
  return special >= Special::kClock;
}

// The bits of a literal read as a value of `type`; nullopt if it cannot be one.
std::optional<std::uint64_t> EncodeLiteral(const ptx::Operand& literal, ptx::Type type);

// Collects the lane constants of a kernel, equal ones once.
class ConstantPool {
 public:
  // Returns the constant's number, with kConstantBit set.
  std::uint32_t Add(RegisterWidth width, Special special, std::uint64_t bits,
                    int variable = kNoVariable);
  // The bits of a constant that is a plain number; nullopt for any other.
  std::optional<std::uint64_t> NumberOf(std::uint32_t constant) const;
  // Places the constants from `*end` on and moves *end; numbers index the result.
  std::vector<LaneConstant> Place(std::size_t* end) const;

 private:
  std::vector<LaneConstant> constants_;
  std::map<std::tuple<RegisterWidth, Special, std::uint64_t, int>, std::uint32_t> numbers_;
};

// Where the code that nvcc makes of grid.sync() counts arrivals: two words, of which the second is
// its.
inline constexpr std::size_t kWorkspaceBytes = 8;

// What the lane constants of a launch are made of.
struct LaunchShape {
  Dim3 grid, block;
  Dim3 cluster;  // in blocks
  bool explicit_cluster = false;
  std::uint32_t dynamic_shared_bytes = 0, total_shared_bytes = 0;  // without what is reserved
  bool reserves_shared = false;
  int capability = 0;
  std::span<const std::uint64_t> variables = {};  // Program::variables
  std::uint64_t workspace = 0;  // of a cooperative launch: kWorkspaceBytes, zeroed
  std::uint64_t id = 0;         // counts the launches of a device
  std::span<const std::byte> parameters = {};
  int multiprocessors = kMultiprocessors;

  // In units that shared memory is given out in.
  std::uint32_t allocated_shared_bytes() const {
    const std::uint32_t unit = capability < 80 ? 256 : 128;
    return (total_shared_bytes + unit - 1) / unit * unit;
  }
  std::uint32_t shared_bytes() const {
    return reserves_shared
               ? allocated_shared_bytes() + static_cast<std::uint32_t>(kReservedSharedBytes)
               : total_shared_bytes;
  }
};

// Whether it is about the shared memory that kernels do not have unless they ask for it.
inline bool NamesReservedShared(Special special) {
  return special >= Special::kReservedBegin && special <= Special::kReservedEnd;
}

// Writes a constant's 32 lanes for warp `warp` of block `block_index`.
void FillConstant(const LaneConstant& constant, const LaunchShape& shape, const Dim3& block_index,
                  int warp, std::byte* file);
// Of those lanes.
std::size_t LineBytes(const LaneConstant& constant);
inline bool DependsOnWarp(Special special) {
  return (special >= Special::kTidX && special <= Special::kTidZ) || special == Special::kWarpId;
}
// Or must be as it was before a block has run.
inline bool DependsOnBlock(Special special) {
  return (special >= Special::kCtaidX && special <= Special::kCtaidZ) ||
         special == Special::kStackPointer || special == Special::kMultiprocessor ||
         (special >= Special::kClusterCtaidX && special <= Special::kClusterCtarank);
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_LANE_CONSTANTS_H_
