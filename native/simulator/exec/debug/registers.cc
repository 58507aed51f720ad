#include "simulator/exec/debug/registers.h"

#include <cstring>
#include <map>

namespace nodecuda::simulator {
namespace {

bool IsThere(const RegisterNote& note, std::uint32_t pc) {
  return pc >= note.begin && pc < note.end;
}

bool IsInUse(const RegisterNote& note, std::uint32_t pc) {
  return pc >= note.first_use && pc <= note.last_use;
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

const RegisterNote* FindRegister(const DecodedKernel& kernel, std::string_view name,
                                 std::uint32_t pc) {
  const RegisterNote* found = nullptr;
  for (const RegisterNote& note : kernel.registers) {
    if (note.name != name || !IsThere(note, pc)) continue;
    if (found == nullptr || (IsInUse(note, pc) && !IsInUse(*found, pc))) found = &note;
  }
  return found;
}

}  // namespace nodecuda::simulator
