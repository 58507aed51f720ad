#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/memory_syntax.h"
#include "simulator/exec/warp/wide_atomics.h"

// What is wider than a register of 64 bits or a vector of four: registers of 128 bits, each of
// which is two of 64 here, vectors of eight, and atomics of both.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;

namespace {

Operand VectorOf(std::vector<Operand> elements) {
  Operand vector;
  vector.kind = Operand::Kind::kVector;
  vector.elements = std::move(elements);
  return vector;
}

bool Names(const ptx::Instruction& instruction, std::string_view part) {
  return std::ranges::find(instruction.parts, part) != instruction.parts.end();
}

}  // namespace

bool BodyDecoder::IsWide(const Operand& operand) const {
  if (operand.kind == Operand::Kind::kRegister)
    return high_halves_.contains(operand.register_index);
  return std::ranges::any_of(operand.elements,
                             [this](const Operand& element) { return IsWide(element); });
}

bool BodyDecoder::UsesWide(const ptx::Instruction& instruction) const {
  return !high_halves_.empty() &&
         std::ranges::any_of(instruction.operands,
                             [this](const Operand& operand) { return IsWide(operand); });
}

// The register itself is its low half.
Operand BodyDecoder::HalfOf(const Operand& wide, bool high) const {
  Operand half = wide;
  if (high) half.register_index = static_cast<int>(high_halves_.at(wide.register_index));
  return half;
}
Operand BodyDecoder::HalvesOf(const Operand& wide) const {
  return VectorOf({HalfOf(wide, false), HalfOf(wide, true)});
}

bool BodyDecoder::DecodeWide(const ptx::Instruction& instruction) {
  constexpr const char* kReason = "a register of 128 bits cannot stand here";
  const std::string_view base = instruction.parts[0];
  if (instruction.parts.back() != "b128") return Fail(kReason);
  std::vector<Operand> operands = instruction.operands;
  if (base == "atom") return DecodeWideAtomic(instruction);
  const bool loads = base == "ld" || base == "ldu", stores = base == "st";
  if (operands.size() < 2 || (base != "mov" && !loads && !stores)) return Fail(kReason);
  if (base == "mov") return DecodeWideMove(operands);
  Operand& data = operands[stores ? 1 : 0];
  if (data.kind != Operand::Kind::kRegister || IsWide(operands[stores ? 0 : 1]))
    return Fail(kReason);
  data = HalvesOf(data);
  ptx::Instruction halves = instruction;
  halves.parts.back() = "v2";
  halves.parts.push_back("b64");
  halves.operands = std::move(operands);
  return DecodeMemory(halves, stores);
}

// mov.b128 of a register or to or from {low, high}.
bool BodyDecoder::DecodeWideMove(const std::vector<Operand>& operands) {
  std::vector<Operand> halves[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const Operand& operand = operands[i];
    if (operand.kind == Operand::Kind::kRegister && IsWide(operand))
      halves[i] = HalvesOf(operand).elements;
    else if (operand.kind == Operand::Kind::kVector && !IsWide(operand))
      halves[i] = operand.elements;
  }
  if (operands.size() != 2 || halves[0].size() != 2 || halves[1].size() != 2)
    return Fail("one operand is a register of 128 bits, the other one too or a vector of two");
  // By way of another register: the second may read what the first has written.
  const Operand low = Temporary(8);
  if (!DecodeInstead({"mov", "b64"}, {low, halves[1][0]})) return false;
  for (const std::size_t i : {std::size_t{1}, std::size_t{0}})
    if (halves[0][i].kind != Operand::Kind::kDiscard &&
        !DecodeInstead({"mov", "b64"}, {halves[0][i], i == 0 ? low : halves[1][1]}))
      return false;
  return true;
}

// Vectors of eight words are loaded and stored as four of 64 bits.
bool BodyDecoder::DecodeVectorOfEight(const ptx::Instruction& instruction, bool is_store) {
  std::vector<Operand> operands = instruction.operands;
  const std::size_t index = is_store ? 1 : 0;
  if (operands.size() < 2 || operands[index].kind != Operand::Kind::kVector ||
      operands[index].elements.size() != 8)
    return Fail("the number of elements does not match the vector length");
  const std::vector<Operand> words = operands[index].elements;
  std::vector<Operand> pairs(4);
  for (Operand& pair : pairs) pair = Temporary(8);
  operands[index] = VectorOf(pairs);
  ptx::Instruction wide = instruction;
  std::ranges::replace(wide.parts, std::string_view("v8"), std::string_view("v4"));
  wide.parts.back() = "b64";
  wide.operands = std::move(operands);
  if (!is_store && !DecodeMemory(wide, false)) return false;
  for (std::size_t i = 0; i < 4; ++i) {
    const Operand both = VectorOf({words[2 * i], words[2 * i + 1]});
    if (!(is_store ? DecodeInstead({"mov", "b64"}, {pairs[i], both})
                   : DecodeInstead({"mov", "b64"}, {both, pairs[i]})))
      return false;
  }
  return !is_store || DecodeMemory(wide, true);
}

// atom.{exch,cas}.b128 d, [a], b{, c}
bool BodyDecoder::DecodeWideAtomic(const ptx::Instruction& instruction) {
  const bool compares = Names(instruction, "cas");
  const auto& operands = instruction.operands;
  MemoryForm form;
  form.element_log2 = form.register_log2 = 3;
  form.vector_log2 = 1;
  AtomicOrder order;
  for (std::size_t i = 1; i + 1 < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (const Space space = SpaceFromPart(part);
        space != Space::kNone && form.space == Space::kNone)
      form.space = space;
    else if (!order.Take(part, false) && part != "cas" && part != "exch")
      return Fail("the simulated device knows no such form of this instruction");
  }
  if (compares == Names(instruction, "exch"))
    return Fail("the simulated device knows no such form of this instruction");
  if (!HasAtomics(form.space)) return Fail("there are no atomics in this state space");
  if (operands.size() != (compares ? 4 : 3)) return Fail("wrong number of operands");
  if (IsWide(operands[1])) return Fail("an address register must have 32 or 64 bits");
  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = WideAtomicHandler(compares);
  for (const std::size_t i : {0, 2, 3}) {
    if (i >= operands.size()) break;
    const Operand& operand = operands[i];
    const bool discards = i == 0 && operand.kind == Operand::Kind::kDiscard;
    if (!discards && (operand.kind != Operand::Kind::kRegister || !IsWide(operand)))
      return Fail("an operand must have 128 bits");
    for (const bool high : {false, true}) {
      const std::uint32_t half =
          discards ? kNoSlot : static_cast<std::uint32_t>(HalfOf(operand, high).register_index);
      draft.listed.push_back({half, i == 0, i != 0});
    }
  }
  if (!BindAddress(operands[1], form.space, &draft.in, &form.wide_address)) return false;
  draft.used |= 1u << kAddressSlot;
  form.PackInto(draft.in.detail);
  Emit(draft);
  return true;
}

// atom and red of vectors: each element on its own, but the address is that of them all.
bool BodyDecoder::DecodeVectorAtomic(const ptx::Instruction& instruction, std::string_view name,
                                     MemoryForm form, std::size_t operand_count) {
  const bool is_red = instruction.parts[0] == "red";
  const VectorAtomicForm atomic = FindVectorAtomic(name);
  const std::size_t length = std::size_t{1} << form.vector_log2;
  if (atomic.handler == nullptr || length * SizeOf(atomic.type) > 16)
    return Fail("the simulated device knows no such form of this instruction");
  if (form.space != Space::kNone && form.space != Space::kGlobal)
    return Fail("there are no atomics of vectors in this state space");
  if (operand_count != (is_red ? 2 : 3)) return Fail("wrong number of operands");
  form.element_log2 = form.register_log2 =
      static_cast<unsigned>(std::countr_zero(SizeOf(atomic.type)));
  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = atomic.handler;
  const auto& operands = instruction.operands;
  if (is_red)
    draft.listed.assign(length, {});
  else if (!BindList(operands[0], atomic.type, static_cast<int>(length), true, &draft))
    return false;
  if (!BindList(operands[operand_count - 1], atomic.type, static_cast<int>(length), false,
                &draft) ||
      !BindAddress(operands[operand_count - 2], form.space, &draft.in, &form.wide_address))
    return false;
  draft.used |= 1u << kAddressSlot;
  form.PackInto(draft.in.detail);
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
