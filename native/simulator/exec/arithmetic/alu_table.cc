#include "simulator/exec/arithmetic/alu_table.h"

#include <array>
#include <initializer_list>
#include <utility>

namespace nodecuda::simulator {
namespace {

using ptx::Type;

// Adds the row under each spelling of its mnemonic: "add[.rn].f32" is add.f32 and add.rn.f32.
void AddRow(AluTable* table, const std::string& mnemonic, const AluRow* row) {
  const std::size_t open = mnemonic.find('['), close = mnemonic.find(']');
  if (open == std::string::npos) {
    table->rows[mnemonic].push_back(row);
    return;
  }
  const std::string before = mnemonic.substr(0, open), after = mnemonic.substr(close + 1);
  AddRow(table, before + after, row);
  AddRow(table, before + mnemonic.substr(open + 1, close - open - 1) + after, row);
}

AluTable MakeTable(std::initializer_list<AluRows> families, SetpRows comparisons,
                   AluCall (*convert)(const Conversion&), AluHandler (*pack)(int, int),
                   AluHandler (*unpack)(int, int), void (*multiply_tile)(const TensorTile&),
                   AluRows exchanges, MemoryHandler (*access)(const MemoryShape&)) {
  AluTable table{{}, comparisons, convert, pack, unpack, multiply_tile, exchanges, access};
  for (const AluRows& family : families) {
    for (int i = 0; i < family.count; ++i) {
      AddRow(&table, family.rows[i].mnemonic, &family.rows[i]);
    }
  }
  return table;
}

#define NODECUDA_TABLE(isa)                                                                       \
  MakeTable(                                                                                      \
      {isa::IntegerRows(), isa::CarryRows(), isa::BitRows(), isa::SelectRows(), isa::FloatRows(), \
       isa::HalfRows(), isa::MathRows(), isa::ConvertRows(), isa::NarrowRows()},                  \
      isa::Comparisons(), &isa::Convert, &isa::Pack, &isa::Unpack, &isa::MultiplyTile,            \
      isa::ExchangeRows(), &isa::Access)

bool IsInteger(Type type) {
  return type >= Type::kU8 && type <= Type::kS64;
}
bool IsReal(Type type) {
  return type == Type::kF16 || type == Type::kBF16 || type == Type::kF32 || type == Type::kF64;
}
// Whether every value of `from` is one of `to`.
bool Holds(Type to, Type from) {
  return to == from || to == Type::kF64 || (to == Type::kF32 && from != Type::kF64);
}

const char* NameOf(Type type) {
  switch (type) {
    case Type::kU8:
      return "u8";
    case Type::kU16:
      return "u16";
    case Type::kU32:
      return "u32";
    case Type::kU64:
      return "u64";
    case Type::kS8:
      return "s8";
    case Type::kS16:
      return "s16";
    case Type::kS32:
      return "s32";
    case Type::kS64:
      return "s64";
    case Type::kF16:
      return "f16";
    case Type::kBF16:
      return "bf16";
    case Type::kF32:
      return "f32";
    case Type::kF64:
      return "f64";
    default:
      return "";
  }
}

}  // namespace

bool HasPair(Type type) {
  return type != Type::kF16 && type != Type::kBF16;
}

namespace {

void ListComparisons(const AluTable& table, std::vector<AluForm>* forms) {
  constexpr const char* kCombineNames[] = {"", ".and", ".or", ".xor"};
  for (int i = 0; i < table.comparisons.count; ++i) {
    const SetpRow& row = table.comparisons.rows[i];
    const std::string compare(row.compare);
    const std::size_t dot = compare.find('.');
    const std::string ftz = dot == std::string::npos ? "" : compare.substr(dot);
    for (int combine = 0; combine < kCombineCount; ++combine) {
      for (const bool pair : {false, true}) {
        if (pair && !HasPair(row.type)) continue;
        AluForm form{"setp." + compare.substr(0, dot) + kCombineNames[combine] + ftz + "." +
                         NameOf(row.type),
                     {},
                     pair ? 2 : 1,
                     false,
                     pair};
        form.types.assign(static_cast<std::size_t>(form.destinations), Type::kPred);
        form.types.insert(form.types.end(), 2, row.type);
        if (combine != kCombineNone) form.types.push_back(Type::kPred);
        forms->push_back(std::move(form));
      }
    }
  }
}

void ListConversions(const AluTable& table, std::vector<AluForm>* forms) {
  constexpr std::array kTypes = {Type::kU8,  Type::kU16,  Type::kU32, Type::kU64,
                                 Type::kS8,  Type::kS16,  Type::kS32, Type::kS64,
                                 Type::kF16, Type::kBF16, Type::kF32, Type::kF64};
  constexpr const char* kRoundings[] = {"",     ".rn",  ".rz",  ".rm", ".rp",
                                        ".rni", ".rzi", ".rmi", ".rpi"};
  for (const Type to : kTypes) {
    for (const Type from : kTypes) {
      for (int variant = 0; variant < 9 * 8; ++variant) {
        const int rounding = variant / 8;
        Conversion c{to,
                     from,
                     static_cast<int>(SizeOf(to)),
                     static_cast<int>(SizeOf(from)),
                     Conversion::Rounding::kNone,
                     Round::kNearest,
                     (variant & 1) != 0,
                     (variant & 2) != 0,
                     (variant & 4) != 0};
        if (rounding > 0) {
          c.rounding = rounding > 4 ? Conversion::Rounding::kInteger : Conversion::Rounding::kReal;
          c.round = static_cast<Round>((rounding - 1) % 4);
        }
        if (FindConversion(table, c).handler == nullptr) continue;
        forms->push_back({std::string("cvt") + kRoundings[rounding] + (c.relu ? ".relu" : "") +
                              (c.ftz ? ".ftz" : "") + (c.sat ? ".sat" : "") + "." + NameOf(to) +
                              "." + NameOf(from),
                          {to, from},
                          1,
                          false,
                          false});
      }
    }
  }
}

}  // namespace

const AluTable& TableOf(Isa isa) {
#if defined(NODECUDA_X86_ISAS)  // isa.cmake compiles them
  if (isa == Isa::kAvx2) {
    static const AluTable table = NODECUDA_TABLE(avx2);
    return table;
  }
  if (isa == Isa::kAvx512) {
    static const AluTable table = NODECUDA_TABLE(avx512);
    return table;
  }
#else
  static_cast<void>(isa);
#endif
  static const AluTable table = NODECUDA_TABLE(baseline);
  return table;
}

AluCall FindConversion(const AluTable& table, const Conversion& c) {
  using Rounding = Conversion::Rounding;
  const bool touches_f32 = c.to == Type::kF32 || c.from == Type::kF32;
  if (c.ftz && !touches_f32) return {};
  if (c.relu && (c.from != Type::kF32 || c.rounding != Rounding::kReal || c.sat || c.ftz ||
                 c.round == Round::kDown || c.round == Round::kUp ||
                 (c.to != Type::kF16 && c.to != Type::kBF16))) {
    return {};
  }
  if (c.sat && (c.to == Type::kBF16 || c.from == Type::kBF16)) return {};
  if (IsInteger(c.from) && IsInteger(c.to)) {
    if (c.rounding != Rounding::kNone) return {};
  } else if (IsInteger(c.from) && IsReal(c.to)) {
    if (c.rounding != Rounding::kReal) return {};
  } else if (IsReal(c.from) && IsInteger(c.to)) {
    if (c.rounding != Rounding::kInteger) return {};
  } else if (IsReal(c.from) && IsReal(c.to)) {
    if (c.rounding == Rounding::kInteger && c.to != c.from) return {};
    // A rounding is written just where digits may be lost; ptxas is lax about some with bf16.
    const bool exact = Holds(c.to, c.from), rounds = c.rounding == Rounding::kReal;
    const bool may_round = c.from == Type::kBF16 && c.to != Type::kBF16;
    const bool need_not = (c.from == Type::kBF16 && c.to == Type::kF16) ||
                          (c.from == Type::kF16 && c.to == Type::kBF16);
    if (exact ? rounds && !may_round : !rounds && !need_not) return {};
  } else {
    return {};
  }
  return table.convert(c);
}

std::vector<AluForm> AllForms(Isa isa) {
  const AluTable& table = TableOf(isa);
  std::vector<AluForm> forms;
  for (const auto& [mnemonic, rows] : table.rows) {
    for (const AluRow* row : rows) {
      const Operands& operands = row->operands;
      forms.push_back({mnemonic,
                       {operands.types, operands.types + operands.count},
                       operands.destinations,
                       row->carry,
                       false});
    }
  }
  ListComparisons(table, &forms);
  ListConversions(table, &forms);
  return forms;
}

}  // namespace nodecuda::simulator
