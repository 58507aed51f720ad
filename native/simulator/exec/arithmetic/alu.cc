#include "simulator/exec/arithmetic/alu.h"

#include <cstdlib>
#include <string_view>
#include <utility>

#include "simulator/exec/arithmetic/alu_table.h"

namespace nodecuda::simulator {
namespace {

using ptx::Operand;
using ptx::Type;
using Widths = std::span<const std::size_t>;

std::optional<AluChoice> Refuse(std::string* why, const char* reason) {
  *why = reason;
  return std::nullopt;
}

// An untyped type as wide as a register.
Type BitsType(std::size_t bytes) {
  switch (bytes) {
    case 1:
      return Type::kB8;
    case 2:
      return Type::kB16;
    case 4:
      return Type::kB32;
    case 8:
      return Type::kB64;
    case 16:
      return Type::kB128;
    default:
      return Type::kNone;
  }
}

// A register must be as wide as the type; anything else is made to fit.
bool Fits(std::size_t register_bytes, Type type) {
  return register_bytes == 0 || register_bytes == SizeOf(type);
}
bool Fits(Widths widths, std::span<const Type> types) {
  if (widths.size() != types.size()) return false;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!Fits(widths[i], types[i])) return false;
  }
  return true;
}

std::optional<AluChoice> FromRows(const std::vector<const AluRow*>& rows, Widths widths) {
  for (const AluRow* row : rows) {
    AluChoice choice{row->handler,
                     0,
                     row->operands.destinations,
                     {row->operands.types, row->operands.types + row->operands.count}};
    if (row->carry) choice.types.push_back(Type::kPred);
    if (Fits(widths, choice.types)) return choice;
  }
  return std::nullopt;
}

// setp.<compare>[.<combine>][.ftz].<type> p[|q], a, b[, c]
std::optional<AluChoice> SelectSetp(const ptx::Instruction& instruction, Widths widths,
                                    const AluTable& table, std::string* why) {
  const auto& parts = instruction.parts;
  std::size_t next = 1;
  if (parts.size() < 3) return Refuse(why, "a comparison and a type are needed");
  std::string compare(parts[next++]);
  int combine = kCombineNone;
  if (parts[next] == "and") combine = kCombineAnd;
  if (parts[next] == "or") combine = kCombineOr;
  if (parts[next] == "xor") combine = kCombineXor;
  if (combine != kCombineNone) ++next;
  if (next < parts.size() && parts[next] == "ftz") {
    compare += ".ftz";
    ++next;
  }
  if (next + 1 != parts.size()) return Refuse(why, "unknown modifier");
  Type type = ptx::TypeFromName(parts[next]);
  const bool bits = type == Type::kB16 || type == Type::kB32 || type == Type::kB64;
  if (bits && compare != "eq" && compare != "ne") {
    return Refuse(why, "untyped operands have no order");
  }
  if (type == Type::kB16) type = Type::kU16;
  if (type == Type::kB32) type = Type::kU32;
  if (type == Type::kB64) type = Type::kU64;

  const bool pair =
      !instruction.operands.empty() && instruction.operands[0].kind == Operand::Kind::kPair;
  if (pair && !HasPair(type)) return Refuse(why, "a comparison of halves has one result");
  AluChoice choice;
  choice.destinations = pair ? 2 : 1;
  choice.types.assign(static_cast<std::size_t>(choice.destinations), Type::kPred);
  choice.types.insert(choice.types.end(), 2, type);
  if (combine != kCombineNone) choice.types.push_back(Type::kPred);
  if (!Fits(widths, choice.types)) return Refuse(why, "the operands do not fit the type");
  for (int i = 0; i < table.comparisons.count; ++i) {
    const SetpRow& row = table.comparisons.rows[i];
    if (row.type != type || row.compare != compare) continue;
    const SetpForm form{static_cast<Combine>(combine), pair};
    choice.handler = form.Packed() == 0 ? row.plain : row.combined;
    choice.offset = form.Packed();
    return choice;
  }
  return Refuse(why, "no such comparison of this type");
}

// One part of a cvt mnemonic between its name and its types.
bool ReadModifier(std::string_view part, Conversion* c) {
  if (part == "ftz") return !std::exchange(c->ftz, true);
  if (part == "sat") return !std::exchange(c->sat, true);
  if (part == "relu") return !std::exchange(c->relu, true);
  if (part.size() < 2 || part.size() > 3 || part[0] != 'r') return false;
  if (c->rounding != Conversion::Rounding::kNone || (part.size() == 3 && part[2] != 'i')) {
    return false;
  }
  c->rounding = part.size() == 3 ? Conversion::Rounding::kInteger : Conversion::Rounding::kReal;
  switch (part[1]) {
    case 'n':
      c->round = Round::kNearest;
      return true;
    case 'z':
      c->round = Round::kZero;
      return true;
    case 'm':
      c->round = Round::kDown;
      return true;
    case 'p':
      c->round = Round::kUp;
      return true;
    default:
      return false;
  }
}

// cvt reads and writes integers in registers that may be wider than their types; but as wide as
// these, from and to bfloat16, where the least register has 16 bits here.
std::optional<AluChoice> SelectCvt(const ptx::Instruction& instruction, Widths widths,
                                   const AluTable& table, std::string* why) {
  const auto& parts = instruction.parts;
  if (parts.size() < 3 || widths.size() != 2) return Refuse(why, "two types are needed");
  Conversion c{};
  c.to = ptx::TypeFromName(parts[parts.size() - 2]);
  c.from = ptx::TypeFromName(parts[parts.size() - 1]);
  for (std::size_t i = 1; i + 2 < parts.size(); ++i) {
    if (!ReadModifier(parts[i], &c)) return Refuse(why, "unknown or repeated modifier");
  }
  const auto bytes = [&](std::size_t i, Type type) {
    return static_cast<int>(widths[i] != 0 ? widths[i] : SizeOf(type));
  };
  c.to_bytes = bytes(0, c.to);
  c.from_bytes = bytes(1, c.from);
  const bool of_bf16 = c.to == Type::kBF16 || c.from == Type::kBF16;
  const auto fits = [of_bf16](Type type, int register_bytes) {
    const int size = static_cast<int>(SizeOf(type));
    const bool integer = type >= Type::kU8 && type <= Type::kS64;
    if (integer && !of_bf16) return register_bytes >= size;
    return register_bytes == size || (size == 1 && register_bytes == 2);
  };
  if (!fits(c.to, c.to_bytes) || !fits(c.from, c.from_bytes)) {
    return Refuse(why, "a register does not fit its type");
  }
  const AluCall call = FindConversion(table, c);
  if (call.handler == nullptr) return Refuse(why, "no such conversion");
  return AluChoice{call.handler,
                   call.offset,
                   1,
                   {BitsType(static_cast<std::size_t>(c.to_bytes)),
                    widths[1] != 0 ? BitsType(widths[1]) : c.from}};
}

// mov.b64 %rd, {%r1, %r2} and mov.b64 {%r1, %r2}, %rd
std::optional<AluChoice> SelectVectorMove(const ptx::Instruction& instruction, Widths widths,
                                          const AluTable& table, std::string* why) {
  const auto& operands = instruction.operands;
  if (operands.size() != 2 || instruction.parts.size() != 2) {
    return Refuse(why, "two operands and a type are needed");
  }
  const Type whole = ptx::TypeFromName(instruction.parts[1]);
  const bool splits = operands[0].kind == Operand::Kind::kVector;
  if (splits == (operands[1].kind == Operand::Kind::kVector)) {
    return Refuse(why, "one operand is a vector");
  }
  const std::size_t count = operands[splits ? 0 : 1].elements.size();
  const bool is_bits = whole == BitsType(SizeOf(whole));
  if (!is_bits || (count != 2 && count != 4) || widths.size() != count + 1) {
    return Refuse(why, "no such vector");
  }
  const std::size_t bytes = SizeOf(whole) / count;
  AluChoice choice;
  choice.destinations = splits ? static_cast<int>(count) : 1;
  choice.types.assign(count, BitsType(bytes));
  choice.types.insert(splits ? choice.types.end() : choice.types.begin(), whole);
  if (!Fits(widths, choice.types)) return Refuse(why, "the elements do not add up to the type");
  const auto choose = splits ? table.unpack : table.pack;
  choice.handler = choose(static_cast<int>(bytes), static_cast<int>(count));
  if (choice.handler == nullptr) return Refuse(why, "no such vector");
  return choice;
}

bool HasVector(const ptx::Instruction& instruction) {
  for (const Operand& operand : instruction.operands) {
    if (operand.kind == Operand::Kind::kVector) return true;
  }
  return false;
}

// Whether any mnemonic with this first part is in the table.
bool IsArithmetic(std::string_view base, const AluTable& table) {
  if (base == "setp" || base == "cvt") return true;
  for (const auto& [mnemonic, rows] : table.rows) {
    if (mnemonic.size() > base.size() && mnemonic.starts_with(base) &&
        mnemonic[base.size()] == '.') {
      return true;
    }
  }
  return false;
}

}  // namespace

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kBaseline:
      return "baseline";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "";
}

Isa DetectIsa() {
  Isa best = Isa::kBaseline;
#if defined(NODECUDA_X86_ISAS)  // isa.cmake compiles them
  // These ask the operating system too whether it saves the registers.
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    best = Isa::kAvx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      best = Isa::kAvx512;
    }
  }
#endif
  const char* wish = std::getenv("NODECUDA_SIMULATOR_ISA");
  for (const Isa isa : {Isa::kBaseline, Isa::kAvx2}) {
    if (wish != nullptr && std::string_view(wish) == IsaName(isa) && isa < best) return isa;
  }
  return best;
}

bool UsesCarry(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  if (parts.empty()) return false;
  if (parts[0] == "addc" || parts[0] == "subc" || parts[0] == "madc") return true;
  const bool can_set = parts[0] == "add" || parts[0] == "sub" || parts[0] == "mad";
  for (const std::string_view part : parts) {
    if (can_set && part == "cc") return true;
  }
  return false;
}

std::optional<AluChoice> SelectAlu(const ptx::Instruction& instruction,
                                   std::span<const std::size_t> operand_bytes, Isa isa,
                                   std::string* why) {
  why->clear();
  if (instruction.parts.empty()) return std::nullopt;
  const AluTable& table = TableOf(isa);
  const std::string_view base = instruction.parts[0];
  const bool has_vector = HasVector(instruction);
  if (base == "setp") return SelectSetp(instruction, operand_bytes, table, why);
  if (base == "mov" && has_vector) {
    return SelectVectorMove(instruction, operand_bytes, table, why);
  }
  const auto rows = table.rows.find(std::string(instruction.mnemonic));
  if (rows != table.rows.end() && !has_vector) {
    if (std::optional<AluChoice> choice = FromRows(rows->second, operand_bytes)) return choice;
  }
  if (base == "cvt") return SelectCvt(instruction, operand_bytes, table, why);
  if (rows != table.rows.end()) return Refuse(why, "the operands do not fit the instruction");
  if (IsArithmetic(base, table))
    return Refuse(why, "the simulated device does not know this modifier or type");
  return std::nullopt;
}

MemoryHandler SelectAccess(const MemoryShape& shape, Isa isa) {
  return TableOf(isa).access(shape);
}

}  // namespace nodecuda::simulator
