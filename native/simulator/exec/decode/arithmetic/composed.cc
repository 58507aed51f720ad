#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/exec/arithmetic/exchange.h"
#include "simulator/exec/arithmetic/video.h"
#include "simulator/exec/decode/body_decoder.h"

// Arithmetic that is made of other instructions, or has a form of its own.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Type;

Operand IntegerOperand(std::uint64_t bits) {
  Operand operand;
  operand.kind = Operand::Kind::kInteger;
  operand.bits = bits;
  return operand;
}

Operand BodyDecoder::Temporary(RegisterWidth width) {
  Operand operand;
  operand.kind = Operand::Kind::kRegister;
  operand.register_index = static_cast<int>(AddTemporary(width));
  return operand;
}

// Decodes an arithmetic instruction in place of the one that stands there, under its guard.
bool BodyDecoder::DecodeInstead(std::vector<std::string_view> parts,
                                std::vector<Operand> operands) {
  std::string mnemonic;
  for (const std::string_view part : parts)
    mnemonic += (mnemonic.empty() ? "" : ".") + std::string(part);
  ptx::Instruction plain;
  plain.mnemonic = mnemonic;
  plain.parts = std::move(parts);
  plain.operands = std::move(operands);
  return IsExchange(plain.parts[0]) ? DecodeExchange(plain) : DecodeAlu(plain);
}

namespace {

// Whether a part of a mnemonic stands before .ftz.
bool PrecedesFlush(std::string_view part) {
  constexpr std::string_view kRoundings[] = {"rn",  "rz",  "rm",  "rp",     "rni",
                                             "rzi", "rmi", "rpi", "approx", "full"};
  return std::ranges::find(kRoundings, part) != std::end(kRoundings);
}

Operand VectorOf(const Operand (&elements)[2]) {
  Operand vector;
  vector.kind = Operand::Kind::kVector;
  vector.elements.assign(std::begin(elements), std::end(elements));
  return vector;
}

bool IsPair(Type type) {
  return type == Type::kF16x2 || type == Type::kBF16x2;
}

// What set makes of a comparison that holds.
std::optional<std::uint64_t> TrueOf(Type type) {
  switch (type) {
    case Type::kU16:
    case Type::kS16:
      return 0xffff;
    case Type::kU32:
    case Type::kS32:
      return 0xffffffff;
    case Type::kF16:
    case Type::kF16x2:
      return 0x3c00;
    case Type::kBF16:
    case Type::kBF16x2:
      return 0x3f80;
    case Type::kF32:
      return 0x3f800000;
    default:
      return std::nullopt;
  }
}

// Whether PTX has set.<compare>.<to>.<from>.
bool HasSet(Type to, Type from) {
  const bool from_half = from == Type::kF16 || from == Type::kBF16;
  switch (to) {
    case Type::kU32:
    case Type::kS32:
      return true;
    case Type::kU16:
    case Type::kS16:
      return from_half;
    case Type::kF32:
      return !from_half && !IsPair(from);
    case Type::kF16:
      return from != Type::kBF16 && !IsPair(from);
    case Type::kBF16:
      return from != Type::kF16 && !IsPair(from);
    default:
      return to == from;
  }
}

// Before PTX 1.4 some modifiers went without saying; ptxas encodes these.
std::string_view OldDefault(std::string_view base, std::string_view type) {
  constexpr std::string_view kApproximate[] = {"div", "sqrt", "rcp", "rsqrt",
                                               "sin", "cos",  "lg2", "ex2"};
  constexpr std::string_view kRounded[] = {"div", "sqrt", "mad"};
  if (type == "f64" && std::ranges::find(kRounded, base) != std::end(kRounded)) return "rn";
  const bool is_approximate = std::ranges::find(kApproximate, base) != std::end(kApproximate) &&
                              (type == "f32" || (type == "f64" && base == "rsqrt"));
  return is_approximate ? "approx" : "";
}

}  // namespace

// The instruction as a target of 1.x means it, if it is about f32: subnormal numbers are flushed,
// and mad is fma. ptxas makes that of it, too.
std::optional<AluChoice> BodyDecoder::SelectFlushing(const ptx::Instruction& instruction,
                                                     std::span<const std::size_t> bytes) const {
  ptx::Instruction flushing = instruction;
  auto& parts = flushing.parts;
  const auto has = [&](std::string_view part) {
    return std::ranges::find(parts, part) != parts.end();
  };
  if (!has("f32") || has("ftz")) return std::nullopt;
  if (parts[0] == "mad") {
    parts[0] = "fma";
    if (parts.size() == 2) parts.insert(parts.begin() + 1, "rn");
  }
  auto place = parts.begin() + 1;
  while (place != parts.end() && PrecedesFlush(*place)) ++place;
  parts.insert(parts[0] == "setp" ? parts.end() - 1 : place, "ftz");
  std::string mnemonic, why;
  for (const std::string_view part : parts)
    mnemonic += (mnemonic.empty() ? "" : ".") + std::string(part);
  flushing.mnemonic = mnemonic;
  return SelectAlu(flushing, bytes, options_.isa, &why);
}

bool BodyDecoder::SplitHalves(const Operand& whole, Operand (&halves)[2]) {
  for (Operand& half : halves) half = Temporary(2);
  return DecodeInstead({"mov", "b32"}, {VectorOf(halves), whole});
}

// set.<compare>{.<combine>}{.ftz}.<to>.<from> d, a, b{, c}: a setp, and one of two numbers.
bool BodyDecoder::DecodeSet(const ptx::Instruction& instruction) {
  std::vector<std::string_view> compare = instruction.parts;
  std::vector<Operand> operands = instruction.operands;
  if (compare.size() < 4 || operands.size() < 3)
    return Fail("a comparison, two types and three operands are needed");
  const Type from = ptx::TypeFromName(compare.back());
  const std::string_view to_name = compare[compare.size() - 2];
  const Type to = ptx::TypeFromName(to_name);
  const std::optional<std::uint64_t> yes = TrueOf(to);
  if (!yes || !HasSet(to, from)) return Fail("there is no such pair of types");
  compare.erase(compare.end() - 2);
  compare[0] = "setp";
  const Operand destination = operands[0];
  if (!IsPair(from)) {
    operands[0] = Temporary(0);
    const Operand holds = operands[0];
    return DecodeInstead(compare, std::move(operands)) &&
           DecodeInstead({"selp", SizeOf(to) == 2 ? "b16" : "b32"},
                         {destination, IntegerOperand(*yes), IntegerOperand(0), holds});
  }
  ptx::Instruction both = instruction;
  both.parts = std::move(compare);
  Operand holds;
  holds.kind = Operand::Kind::kPair;
  holds.elements = {Temporary(0), Temporary(0)};
  both.operands[0] = holds;
  if (!DecodeSetBoth(both)) return false;
  Operand halves[2] = {Temporary(2), Temporary(2)};
  for (std::size_t i = 0; i < 2; ++i)
    if (!DecodeInstead({"selp", "b16"}, {halves[i], IntegerOperand(*yes & 0xffff),
                                         IntegerOperand(0), holds.elements[i]}))
      return false;
  return DecodeInstead({"mov", "b32"}, {destination, VectorOf(halves)});
}

// setp.<compare>{.<combine>}{.ftz}.{f16x2,bf16x2} p|q, a, b{, c}: p of the low halves, q of the
// high ones.
bool BodyDecoder::DecodeSetBoth(const ptx::Instruction& instruction) {
  std::vector<std::string_view> compare = instruction.parts;
  std::vector<Operand> operands = instruction.operands;
  if (operands.size() < 3 || operands[0].kind != Operand::Kind::kPair)
    return Fail("two predicates and two operands are needed");
  compare.back().remove_suffix(2);  // x2
  Operand a[2], b[2];
  if (!SplitHalves(operands[1], a) || !SplitHalves(operands[2], b)) return false;
  const std::vector<Operand> results = operands[0].elements;
  Operand holds[2] = {Temporary(0), Temporary(0)};
  for (std::size_t i = 0; i < 2; ++i) {
    operands[0] = holds[i], operands[1] = a[i], operands[2] = b[i];
    if (!DecodeInstead(compare, operands)) return false;
  }
  // Last the one that is the guard of them all.
  const bool guards =
      results[0].kind == Operand::Kind::kRegister && results[0].register_index == current_->guard;
  for (const std::size_t i : {std::size_t{guards}, std::size_t{!guards}})
    if (results[i].kind != Operand::Kind::kDiscard &&
        !DecodeInstead({"mov", "pred"}, {results[i], holds[i]}))
      return false;
  return true;
}

// lop3.{and,or,xor}.b32 d|p, a, b, c, table, q: p is (d != 0) <operation> q.
bool BodyDecoder::DecodeLogicTest(const ptx::Instruction& instruction) {
  const auto& operands = instruction.operands;
  if (instruction.parts[2] != "b32" || operands.size() != 6 ||
      operands[0].kind != Operand::Kind::kPair)
    return Fail("a pair of destinations and five operands are needed");
  const Operand& wanted = operands[0].elements[0];
  const Operand result = wanted.kind == Operand::Kind::kDiscard ? Temporary(4) : wanted;
  return DecodeInstead({"lop3", "b32"},
                       {result, operands[1], operands[2], operands[3], operands[4]}) &&
         DecodeInstead({"setp", "ne", instruction.parts[1], "u32"},
                       {operands[0].elements[1], result, IntegerOperand(0), operands[5]});
}

bool BodyDecoder::DecodeVideo(const ptx::Instruction& instruction, const VideoForm& form) {
  DraftInstruction draft = Start(current_->guard >= 0 ? Operation::kGuardedAlu : Operation::kAlu);
  draft.in.alu = VideoHandler();
  draft.in.offset = form.Packed();
  const Type types[] = {Type::kU32, form.a_signed ? Type::kS32 : Type::kU32,
                        form.b_signed ? Type::kS32 : Type::kU32, Type::kU32};
  std::vector<const Operand*> flat;
  for (const Operand& operand : instruction.operands)
    flat.push_back(operand.kind == Operand::Kind::kPart ? &operand.elements[0] : &operand);
  if (!BindOperands(flat, std::span(types).first(form.has_c ? 4 : 3), 1, &draft)) return false;
  Emit(draft);
  return true;
}

// Instructions of this file. False in *known for any other.
bool BodyDecoder::DecodeComposed(const ptx::Instruction& instruction, bool* known) {
  const auto& parts = instruction.parts;
  *known = true;
  if (options_.version < 14 && parts.size() == 2)
    if (const std::string_view modifier = OldDefault(parts[0], parts[1]); !modifier.empty())
      return DecodeInstead({parts[0], modifier, parts[1]}, instruction.operands);
  if (parts[0] == "set") return DecodeSet(instruction);
  if (parts[0] == "setp" && IsPair(ptx::TypeFromName(parts.back())))
    return DecodeSetBoth(instruction);
  constexpr std::string_view kLogic[] = {"and", "or", "xor"};
  if (parts[0] == "lop3" && parts.size() == 3 &&
      std::find(std::begin(kLogic), std::end(kLogic), parts[1]) != std::end(kLogic))
    return DecodeLogicTest(instruction);
  if (parts[0].starts_with('v')) {
    const std::optional<VideoForm> form = ParseVideo(instruction, &why_);
    if (form) return DecodeVideo(instruction, *form);
    if (!why_.empty()) return false;
  }
  *known = false;
  return false;
}

}  // namespace nodecuda::simulator
