#include <algorithm>
#include <optional>
#include <span>
#include <vector>

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
    if (instruction.guard >= 0 || operands.size() != 2) continue;
    const bool is_vector = operands[0].kind == Operand::Kind::kVector;
    const std::span<const Operand> written =
        is_vector ? std::span(operands[0].elements) : std::span(operands).first(1);
    if (written.empty() || !std::ranges::all_of(written, [&](const Operand& operand) {
          if (operand.kind != Operand::Kind::kRegister || IsWide(operand)) return false;
          const auto reg = static_cast<std::size_t>(operand.register_index);
          return writes[reg] == 1 && widths_[reg] != 0;
        }))
      continue;
    std::vector<std::uint32_t> constants;
    for (std::size_t i = 0; i < written.size(); ++i)
      constants.push_back(ConstantOf(instruction, written, i));
    if (std::ranges::count(constants, kNoSlot) != 0) continue;
    for (std::size_t i = 0; i < written.size(); ++i)
      constant_of_[static_cast<std::size_t>(written[i].register_index)] = constants[i];
  }
  why_.clear();
}

bool BodyDecoder::MakesConstant(const ptx::Instruction& instruction) const {
  if (instruction.operands.empty()) return false;
  const Operand& written = instruction.operands[0];
  const Operand& first = written.kind == Operand::Kind::kVector && !written.elements.empty()
                             ? written.elements[0]
                             : written;
  // No other instruction has such a register in this place.
  return first.kind == Operand::Kind::kRegister && (SlotOf(first) & kConstantBit) != 0;
}

std::uint32_t BodyDecoder::SlotOf(const Operand& reg) const {
  const auto index = static_cast<std::size_t>(reg.register_index);
  const bool is_constant = index < constant_of_.size() && constant_of_[index] != kNoSlot;
  return is_constant ? constant_of_[index] : static_cast<std::uint32_t>(index);
}

// The constant that an instruction of two operands leaves in one of the registers that it writes;
// kNoSlot if it is none.
std::uint32_t BodyDecoder::ConstantOf(const ptx::Instruction& instruction,
                                      std::span<const Operand> written, std::size_t index) {
  const auto& parts = instruction.parts;
  const Operand& from = instruction.operands[1];
  const RegisterWidth width = widths_[static_cast<std::size_t>(written[index].register_index)];
  if (parts.size() < 2 || WidthOf(ptx::TypeFromName(parts.back())) != width) return kNoSlot;
  if (parts[0] == "ld") return ConstantOfParameter(instruction, written.size(), index, width);
  if (written.size() != 1) return kNoSlot;
  const std::size_t bytes[] = {width, from.kind == Operand::Kind::kRegister ? width : 0u};
  const bool moves = parts[0] == "mov" && SelectAlu(instruction, bytes, options_.isa, &why_);
  const Space space = parts[0] == "cvta" ? SpaceOfCvta(instruction) : Space::kNone;
  if (!moves && space != Space::kGlobal && space != Space::kConst) return kNoSlot;
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

// Of ld.param[.vN].type r, [parameter + offset] of a kernel, or of a register that holds such an
// address.
std::uint32_t BodyDecoder::ConstantOfParameter(const ptx::Instruction& instruction,
                                               std::size_t count, std::size_t index,
                                               RegisterWidth width) {
  const auto& parts = instruction.parts;
  const Operand& address = instruction.operands[1];
  if (!function_.is_entry || parts.size() != (count == 1 ? 3 : 4) ||
      SpaceFromPart(parts[1]) != Space::kParam || address.kind != Operand::Kind::kAddress ||
      address.elements.size() != 1)
    return kNoSlot;
  MemorySyntax syntax;  // what is not right is not constant, and will be refused
  if (!ParseMemoryMnemonic(instruction, &syntax, &why_) ||
      std::size_t{1} << syntax.vector_log2 != count)
    return kNoSlot;
  const Operand& base = address.elements[0];
  std::uint64_t offset = static_cast<std::uint64_t>(address.offset);
  if (base.kind == Operand::Kind::kSymbol) {
    Symbol symbol;
    if (!FindSymbol(base, &symbol) || symbol.space != Space::kParam || symbol.on_stack)
      return kNoSlot;
    offset += symbol.address + static_cast<std::uint64_t>(base.offset);
  } else if (base.kind == Operand::Kind::kRegister && (SlotOf(base) & kConstantBit) != 0) {
    const std::optional<std::uint64_t> number = constants_.NumberOf(SlotOf(base));
    if (!number) return kNoSlot;
    offset += *number;
  } else {
    return kNoSlot;
  }
  // Others are faults when they run.
  const std::uint64_t bytes = count * width;
  const bool inside = offset <= symbols_.parameter_bytes &&
                      bytes <= symbols_.parameter_bytes - offset && offset % bytes == 0;
  return inside ? constants_.Add(width, Special::kParameter, offset + index * width) : kNoSlot;
}

}  // namespace nodecuda::simulator
