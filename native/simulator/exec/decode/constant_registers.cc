#include <algorithm>

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/memory_syntax.h"

// Registers that only ever hold what is known when a launch begins, as nvcc loads each parameter
// into one: they become lane constants, and what writes them is left out.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;

namespace {

// How often each register stands where it may be written; more than once is 2.
void CountWrites(const Operand& operand, std::vector<std::uint8_t>* writes) {
  if (operand.kind == Operand::Kind::kAddress) return;
  if (operand.kind == Operand::Kind::kRegister) {
    std::uint8_t& count = (*writes)[static_cast<std::size_t>(operand.register_index)];
    count = static_cast<std::uint8_t>(std::min(2, count + 1));
  }
  for (const Operand& element : operand.elements) CountWrites(element, writes);
}

}  // namespace

void BodyDecoder::FindConstantRegisters() {
  std::vector<std::uint8_t> writes(function_.registers.size());
  for (const ptx::Instruction& instruction : function_.body)
    if (!instruction.operands.empty()) CountWrites(instruction.operands[0], &writes);
  constant_of_.assign(writes.size(), kNoSlot);
  for (const ptx::Instruction& instruction : function_.body) {
    const auto& operands = instruction.operands;
    if (instruction.guard >= 0 || operands.size() != 2 ||
        operands[0].kind != Operand::Kind::kRegister || IsWide(operands[0]))
      continue;
    const auto reg = static_cast<std::size_t>(operands[0].register_index);
    if (writes[reg] == 1 && widths_[reg] != 0) constant_of_[reg] = ConstantOf(instruction);
  }
  why_.clear();
}

bool BodyDecoder::MakesConstant(const ptx::Instruction& instruction) const {
  // No other instruction has such a register in this place.
  return !instruction.operands.empty() &&
         instruction.operands[0].kind == Operand::Kind::kRegister &&
         (SlotOf(instruction.operands[0]) & kConstantBit) != 0;
}

std::uint32_t BodyDecoder::SlotOf(const Operand& reg) const {
  const auto index = static_cast<std::size_t>(reg.register_index);
  const bool is_constant = index < constant_of_.size() && constant_of_[index] != kNoSlot;
  return is_constant ? constant_of_[index] : static_cast<std::uint32_t>(index);
}

// The constant that an instruction of two operands leaves in its first; kNoSlot if it is none.
std::uint32_t BodyDecoder::ConstantOf(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const Operand& from = instruction.operands[1];
  const RegisterWidth width =
      widths_[static_cast<std::size_t>(instruction.operands[0].register_index)];
  if (parts.size() < 2 || WidthOf(ptx::TypeFromName(parts.back())) != width) return kNoSlot;
  if (parts[0] == "ld") return ConstantOfParameter(instruction, width);
  const bool moves = parts[0] == "mov" && parts.size() == 2;
  const bool stays = parts[0] == "cvta" && std::ranges::any_of(parts, [](std::string_view part) {
                       return part == "global" || part == "const";
                     });
  if (!moves && !stays) return kNoSlot;
  Symbol symbol;
  switch (from.kind) {
    case Operand::Kind::kRegister: {
      const std::uint32_t slot = SlotOf(from);
      const bool same_width = widths_[static_cast<std::size_t>(from.register_index)] == width;
      return (slot & kConstantBit) != 0 && same_width && !from.negated ? slot : kNoSlot;
    }
    case Operand::Kind::kSpecial: {
      const Special special = SpecialFromName(from.name);
      if (special == Special::kNone || IsClock(special) || special == Special::kIsExplicitCluster)
        return kNoSlot;
      break;
    }
    case Operand::Kind::kSymbol:
      if (!FindSymbol(from, &symbol) || symbol.on_stack) return kNoSlot;
      break;
    case Operand::Kind::kInteger:
    case Operand::Kind::kFloat32:
    case Operand::Kind::kFloat64:
      break;
    default:
      return kNoSlot;
  }
  std::uint32_t slot = kNoSlot;
  return BindSource(from, ptx::TypeFromName(parts.back()), width, &slot) ? slot : kNoSlot;
}

// ld.param.type r, [parameter + offset] of a kernel.
std::uint32_t BodyDecoder::ConstantOfParameter(const ptx::Instruction& instruction,
                                               RegisterWidth width) {
  const auto& parts = instruction.parts;
  const Operand& address = instruction.operands[1];
  if (!function_.is_entry || parts.size() != 3 || SpaceFromPart(parts[1]) != Space::kParam ||
      address.kind != Operand::Kind::kAddress || address.elements.size() != 1 ||
      address.elements[0].kind != Operand::Kind::kSymbol)
    return kNoSlot;
  Symbol symbol;
  const Operand& base = address.elements[0];
  if (!FindSymbol(base, &symbol) || symbol.space != Space::kParam || symbol.on_stack)
    return kNoSlot;
  const std::uint64_t offset = symbol.address + static_cast<std::uint64_t>(base.offset) +
                               static_cast<std::uint64_t>(address.offset);
  // Others are faults when they run.
  const bool inside = offset <= symbols_.parameter_bytes &&
                      width <= symbols_.parameter_bytes - offset && offset % width == 0;
  return inside ? constants_.Add(width, Special::kParameter, offset) : kNoSlot;
}

}  // namespace nodecuda::simulator
