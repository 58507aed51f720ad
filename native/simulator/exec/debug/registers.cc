#include "simulator/exec/debug/registers.h"

#include <cstring>
#include <map>

#include "simulator/exec/block/block.h"
#include "simulator/exec/block/grid.h"
#include "simulator/exec/code/lane_constants.h"

namespace nodecuda::simulator {
namespace {

bool IsThere(const RegisterNote& note, std::uint32_t pc) {
  return pc >= note.begin && pc < note.end;
}

bool IsInUse(const RegisterNote& note, std::uint32_t pc) {
  return pc >= note.first_use && pc <= note.last_use;
}

const RegisterNote* FindRegister(const DecodedKernel& kernel, std::string_view name,
                                 std::uint32_t pc) {
  const RegisterNote* found = nullptr;
  for (const RegisterNote& note : kernel.registers) {
    if (note.name != name || !IsThere(note, pc)) continue;
    if (found == nullptr || (IsInUse(note, pc) && !IsInUse(*found, pc))) found = &note;
  }
  return found;
}

std::optional<TypedBits> ReadSpecial(BlockRunner& block, int warp, int lane,
                                     std::string_view name) {
  const Special special = SpecialFromName(name);
  if (special == Special::kNone) return std::nullopt;
  const LaneConstant constant{.bytes = sizeof(std::uint64_t), .special = special};
  std::uint64_t lanes[kWarpSize];
  FillConstant(constant, block.grid().shape(), block.grid().IndexOf(block.index()), warp,
               reinterpret_cast<std::byte*>(lanes));
  const std::uint64_t value = lanes[lane];
  if (special == Special::kIsExplicitCluster) return TypedBits{ptx::Type::kPred, {value & 1}};
  if (name.ends_with("64") || name == "%globaltimer" || special == Special::kGridId)
    return TypedBits{ptx::Type::kU64, {value}};
  return TypedBits{ptx::Type::kU32, {static_cast<std::uint32_t>(value)}};
}

}  // namespace

RegisterBits ReadRegister(const RegisterNote& note, const std::byte* file, int lane) {
  RegisterBits bits;
  const auto index = static_cast<std::size_t>(lane);
  if (note.type == ptx::Type::kPred) {
    LaneMask mask = 0;
    std::memcpy(&mask, file + note.slot, sizeof mask);
    bits.low = mask >> index & 1;
    return bits;
  }
  const bool is_wide = note.type == ptx::Type::kB128;
  const std::size_t width = is_wide ? 8 : SizeOf(note.type);
  std::memcpy(&bits.low, file + note.slot + index * width, width);
  if (is_wide && note.high != kNoSlot) std::memcpy(&bits.high, file + note.high + index * 8, 8);
  return bits;
}

std::vector<const RegisterNote*> RegistersAt(const DecodedKernel& kernel, std::uint32_t pc) {
  std::vector<const RegisterNote*> found;
  std::map<std::string_view, std::size_t> places;
  for (const RegisterNote& note : kernel.registers) {
    if (!IsThere(note, pc)) continue;
    const auto [place, added] = places.try_emplace(note.name, found.size());
    if (added) {
      found.push_back(&note);
    } else if (IsInUse(note, pc) && !IsInUse(*found[place->second], pc)) {
      found[place->second] = &note;
    }
  }
  return found;
}

bool WriteRegister(BlockRunner& block, std::uint32_t pc, int warp, int lane, std::string_view name,
                   const RegisterBits& bits) {
  const RegisterNote* note = FindRegister(block.grid().kernel(), name, pc);
  if (note == nullptr) return false;
  std::byte* file = block.FileOf(warp);
  const auto index = static_cast<std::size_t>(lane);
  if (note->type == ptx::Type::kPred) {
    auto* mask = reinterpret_cast<LaneMask*>(file + note->slot);
    const LaneMask bit = LaneMask{1} << index;
    *mask = bits.low != 0 ? *mask | bit : *mask & ~bit;
    return true;
  }
  const bool is_wide = note->type == ptx::Type::kB128;
  const std::size_t width = is_wide ? 8 : SizeOf(note->type);
  std::memcpy(file + note->slot + index * width, &bits.low, width);
  if (is_wide && note->high != kNoSlot) std::memcpy(file + note->high + index * 8, &bits.high, 8);
  return true;
}

std::optional<TypedBits> ReadNamed(BlockRunner& block, std::uint32_t pc, int warp, int lane,
                                   std::string_view name) {
  const RegisterNote* found = FindRegister(block.grid().kernel(), name, pc);
  if (found != nullptr)
    return TypedBits{found->type, ReadRegister(*found, block.FileOf(warp), lane)};
  return ReadSpecial(block, warp, lane, name);
}

}  // namespace nodecuda::simulator
