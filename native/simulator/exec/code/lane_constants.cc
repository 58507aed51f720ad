#include "simulator/exec/code/lane_constants.h"

#include <bit>
#include <chrono>
#include <cstring>

namespace nodecuda::simulator {
namespace {

using ptx::Operand;
using ptx::Type;

struct SpecialName {
  std::string_view name;
  Special special;
};

constexpr SpecialName kSpecials[] = {
    {"%tid.x", Special::kTidX},
    {"%tid.y", Special::kTidY},
    {"%tid.z", Special::kTidZ},
    {"%ntid.x", Special::kNtidX},
    {"%ntid.y", Special::kNtidY},
    {"%ntid.z", Special::kNtidZ},
    {"%ctaid.x", Special::kCtaidX},
    {"%ctaid.y", Special::kCtaidY},
    {"%ctaid.z", Special::kCtaidZ},
    {"%nctaid.x", Special::kNctaidX},
    {"%nctaid.y", Special::kNctaidY},
    {"%nctaid.z", Special::kNctaidZ},
    {"%laneid", Special::kLaneId},
    {"%warpid", Special::kWarpId},
    {"%nwarpid", Special::kNwarpId},
    {"%lanemask_eq", Special::kLaneMaskEq},
    {"%lanemask_le", Special::kLaneMaskLe},
    {"%lanemask_lt", Special::kLaneMaskLt},
    {"%lanemask_ge", Special::kLaneMaskGe},
    {"%lanemask_gt", Special::kLaneMaskGt},
    {"%dynamic_smem_size", Special::kDynamicSharedBytes},
    {"%total_smem_size", Special::kTotalSharedBytes},
    {"%aggr_smem_size", Special::kAllSharedBytes},
    {"%reserved_smem_offset_begin", Special::kReservedBegin},
    {"%reserved_smem_offset_0", Special::kReservedBegin},
    {"%reserved_smem_offset_1", Special::kReservedMiddle},
    {"%reserved_smem_offset_end", Special::kReservedEnd},
    {"%reserved_smem_offset_cap", Special::kReservedBytes},
    {"%smid", Special::kMultiprocessor},
    {"%nsmid", Special::kMultiprocessors},
    {"%gridid", Special::kGridId},
    {"%current_graph_exec", Special::kZero},
    {"%cluster_ctaid.x", Special::kClusterCtaidX},
    {"%cluster_ctaid.y", Special::kClusterCtaidY},
    {"%cluster_ctaid.z", Special::kClusterCtaidZ},
    {"%cluster_nctaid.x", Special::kClusterNctaidX},
    {"%cluster_nctaid.y", Special::kClusterNctaidY},
    {"%cluster_nctaid.z", Special::kClusterNctaidZ},
    {"%cluster_ctarank", Special::kClusterCtarank},
    {"%cluster_nctarank", Special::kClusterNctarank},
    {"%clusterid.x", Special::kClusteridX},
    {"%clusterid.y", Special::kClusteridY},
    {"%clusterid.z", Special::kClusteridZ},
    {"%nclusterid.x", Special::kNclusteridX},
    {"%nclusterid.y", Special::kNclusteridY},
    {"%nclusterid.z", Special::kNclusteridZ},
    {"%is_explicit_cluster", Special::kIsExplicitCluster},
    {"%envreg1", Special::kWorkspaceHigh},
    {"%envreg2", Special::kWorkspaceLow},
    {"%clock", Special::kClock},
    {"%clock_hi", Special::kClockHigh},
    {"%clock64", Special::kClock},
    {"%globaltimer", Special::kGlobalTimer},
    {"%globaltimer_lo", Special::kGlobalTimer},
    {"%globaltimer_hi", Special::kGlobalTimerHigh},
};

std::uint64_t Nanoseconds(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

std::uint64_t ValueOf(const LaneConstant& constant, const LaunchShape& shape, const Dim3& block,
                      int warp, int lane) {
  const std::uint32_t thread =
      static_cast<std::uint32_t>(warp) * kWarpSize + static_cast<std::uint32_t>(lane);
  const std::uint32_t threads = shape.block.x * shape.block.y * shape.block.z;
  const std::uint32_t bit = 1u << lane;
  switch (constant.special) {
    case Special::kNone:
      return constant.variable == kNoVariable
                 ? constant.bits
                 : constant.bits + shape.variables[static_cast<std::size_t>(constant.variable)];
    case Special::kTidX:
      return shape.block.x == threads ? thread : thread % shape.block.x;
    case Special::kTidY:
      return thread / shape.block.x % shape.block.y;
    case Special::kTidZ:
      return thread / shape.block.x / shape.block.y;
    case Special::kNtidX:
      return shape.block.x;
    case Special::kNtidY:
      return shape.block.y;
    case Special::kNtidZ:
      return shape.block.z;
    case Special::kCtaidX:
      return block.x;
    case Special::kCtaidY:
      return block.y;
    case Special::kCtaidZ:
      return block.z;
    case Special::kNctaidX:
      return shape.grid.x;
    case Special::kNctaidY:
      return shape.grid.y;
    case Special::kNctaidZ:
      return shape.grid.z;
    case Special::kLaneId:
      return static_cast<std::uint64_t>(lane);
    case Special::kWarpId:
      return static_cast<std::uint64_t>(warp);
    case Special::kNwarpId:
      return (threads + kWarpSize - 1) / kWarpSize;
    case Special::kLaneMaskEq:
      return bit;
    case Special::kLaneMaskLe:
      return bit | (bit - 1);
    case Special::kLaneMaskLt:
      return bit - 1;
    case Special::kLaneMaskGe:
      return ~(bit - 1);
    case Special::kLaneMaskGt:
      return ~(bit | (bit - 1));
    case Special::kDynamicSharedBytes:
      return shape.dynamic_shared_bytes;
    case Special::kTotalSharedBytes:
      return shape.allocated_shared_bytes();
    case Special::kAllSharedBytes:
      return shape.allocated_shared_bytes() + kReservedSharedBytes;
    case Special::kReservedBegin:
      return shape.allocated_shared_bytes();
    case Special::kReservedMiddle:
      return shape.allocated_shared_bytes() + kReservedSharedBytes / 2;
    case Special::kReservedEnd:
      return shape.allocated_shared_bytes() + kReservedSharedBytes;
    case Special::kReservedBytes:
      return kReservedSharedBytes;
    case Special::kMultiprocessor:
      return (block.x + shape.grid.x * (block.y + std::uint64_t{shape.grid.y} * block.z)) %
             static_cast<std::uint64_t>(shape.multiprocessors);
    case Special::kMultiprocessors:
      return static_cast<std::uint64_t>(shape.multiprocessors);
    case Special::kGridId:
      return shape.id;
    case Special::kZero:
      return 0;
    case Special::kClusterCtaidX:
      return block.x % shape.cluster.x;
    case Special::kClusterCtaidY:
      return block.y % shape.cluster.y;
    case Special::kClusterCtaidZ:
      return block.z % shape.cluster.z;
    case Special::kClusteridX:
      return block.x / shape.cluster.x;
    case Special::kClusteridY:
      return block.y / shape.cluster.y;
    case Special::kClusteridZ:
      return block.z / shape.cluster.z;
    case Special::kClusterCtarank:
      return block.x % shape.cluster.x +
             shape.cluster.x * (block.y % shape.cluster.y +
                                std::uint64_t{shape.cluster.y} * (block.z % shape.cluster.z));
    case Special::kClusterNctaidX:
      return shape.cluster.x;
    case Special::kClusterNctaidY:
      return shape.cluster.y;
    case Special::kClusterNctaidZ:
      return shape.cluster.z;
    case Special::kNclusteridX:
      return shape.grid.x / shape.cluster.x;
    case Special::kNclusteridY:
      return shape.grid.y / shape.cluster.y;
    case Special::kNclusteridZ:
      return shape.grid.z / shape.cluster.z;
    case Special::kClusterNctarank:
      return std::uint64_t{shape.cluster.x} * shape.cluster.y * shape.cluster.z;
    case Special::kIsExplicitCluster:
      return shape.explicit_cluster ? kFullMask : 0;
    case Special::kWorkspaceHigh:
      return shape.workspace >> 32;
    case Special::kWorkspaceLow:
      return shape.workspace & 0xffffffff;
    case Special::kStackPointer:
      return constant.bits;
    case Special::kParameter: {
      std::uint64_t value = 0;
      std::memcpy(&value, shape.parameters.data() + constant.bits, constant.bytes);
      return value;
    }
    case Special::kClock:
      return Nanoseconds(std::chrono::steady_clock::now().time_since_epoch());
    case Special::kClockHigh:
      return Nanoseconds(std::chrono::steady_clock::now().time_since_epoch()) >> 32;
    case Special::kGlobalTimer:
      return Nanoseconds(std::chrono::system_clock::now().time_since_epoch());
    case Special::kGlobalTimerHigh:
      return Nanoseconds(std::chrono::system_clock::now().time_since_epoch()) >> 32;
  }
  return 0;
}

bool VariesByLane(Special special) {
  return (special >= Special::kTidX && special <= Special::kTidZ) || special == Special::kLaneId ||
         (special >= Special::kLaneMaskEq && special <= Special::kLaneMaskGt);
}

template <typename T>
void Narrow(const std::uint64_t (&values)[kWarpSize], std::byte* slot) {
  T narrow[kWarpSize];
  for (int lane = 0; lane < kWarpSize; ++lane) narrow[lane] = static_cast<T>(values[lane]);
  std::memcpy(slot, narrow, sizeof narrow);
}

}  // namespace

Special SpecialFromName(std::string_view name) {
  for (const SpecialName& entry : kSpecials)
    if (entry.name == name) return entry.special;
  // The parser knows the names; these are the ones that have no value here.
  const bool is_zero =
      name.starts_with("%envreg") || name.starts_with("%pm") || name.ends_with(".w");
  return is_zero ? Special::kZero : Special::kNone;
}

std::optional<std::uint64_t> EncodeLiteral(const Operand& literal, Type type) {
  switch (literal.kind) {
    case Operand::Kind::kInteger:
      if (type == Type::kPred) return literal.bits != 0 ? kFullMask : 0;
      return literal.bits;
    case Operand::Kind::kFloat32:
      if (type == Type::kF64) {
        const double wide = std::bit_cast<float>(static_cast<std::uint32_t>(literal.bits));
        return std::bit_cast<std::uint64_t>(wide);
      }
      return SizeOf(type) >= 4 && type != Type::kPred ? std::optional(literal.bits) : std::nullopt;
    case Operand::Kind::kFloat64:
      if (type == Type::kF32) {
        const auto narrow = static_cast<float>(std::bit_cast<double>(literal.bits));
        return std::bit_cast<std::uint32_t>(narrow);
      }
      return SizeOf(type) == 8 ? std::optional(literal.bits) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::uint32_t ConstantPool::Add(RegisterWidth width, Special special, std::uint64_t bits,
                                int variable) {
  if (width == 0) bits &= kFullMask;
  if (width != 0 && width < 8) bits &= (std::uint64_t{1} << (8 * width)) - 1;
  const auto next = static_cast<std::uint32_t>(constants_.size());
  const auto [entry, added] = numbers_.insert({{width, special, bits, variable}, next});
  if (added) constants_.push_back({0, width, special, bits, variable});
  return entry->second | kConstantBit;
}

std::optional<std::uint64_t> ConstantPool::NumberOf(std::uint32_t constant) const {
  const LaneConstant& found = constants_[constant & ~kConstantBit];
  const bool is_number = found.special == Special::kNone && found.variable == kNoVariable;
  return is_number ? std::optional(found.bits) : std::nullopt;
}

std::vector<LaneConstant> ConstantPool::Place(std::size_t* end) const {
  std::vector<LaneConstant> placed = constants_;
  for (LaneConstant& constant : placed) {
    constant.slot = static_cast<std::uint32_t>(*end);
    // Predicates too take a whole line here, which keeps the rest aligned; they are rare.
    *end += constant.bytes == 0 ? 64 : SlotBytes(constant.bytes);
  }
  return placed;
}

void FillConstant(const LaneConstant& constant, const LaunchShape& shape, const Dim3& block_index,
                  int warp, std::byte* file) {
  std::byte* slot = file + constant.slot;
  if (constant.bytes == 0) {
    const auto mask = static_cast<LaneMask>(ValueOf(constant, shape, block_index, warp, 0));
    std::memcpy(slot, &mask, sizeof mask);
    return;
  }
  std::uint64_t values[kWarpSize];
  const bool varies = VariesByLane(constant.special);
  for (int lane = 0; lane < (varies ? kWarpSize : 1); ++lane)
    values[lane] = ValueOf(constant, shape, block_index, warp, lane);
  if (!varies) std::fill_n(values + 1, kWarpSize - 1, values[0]);
  switch (constant.bytes) {
    case 1:
      return Narrow<std::uint8_t>(values, slot);
    case 2:
      return Narrow<std::uint16_t>(values, slot);
    case 4:
      return Narrow<std::uint32_t>(values, slot);
    default:
      std::memcpy(slot, values, sizeof values);
  }
}

std::size_t LineBytes(const LaneConstant& constant) {
  return constant.bytes == 0 ? sizeof(LaneMask) : kWarpSize * std::size_t{constant.bytes};
}

}  // namespace nodecuda::simulator
