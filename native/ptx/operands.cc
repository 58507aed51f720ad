#include "ptx/operands.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace nodecuda::ptx {
namespace {

using Kind = Operand::Kind;

constexpr int kMaxDepth = 64;

// Special registers of PTX ISA 9.0, without components; those with a number at the end, %envreg0
// to %envreg31 and %pm0 to %pm7 (also %pm0_64), are not in the table.
constexpr std::string_view kSpecialRegisters[] = {"%aggr_smem_size",
                                                  "%clock",
                                                  "%clock64",
                                                  "%clock_hi",
                                                  "%cluster_ctaid",
                                                  "%cluster_ctarank",
                                                  "%cluster_nctaid",
                                                  "%cluster_nctarank",
                                                  "%clusterid",
                                                  "%ctaid",
                                                  "%current_graph_exec",
                                                  "%dynamic_smem_size",
                                                  "%globaltimer",
                                                  "%globaltimer_hi",
                                                  "%globaltimer_lo",
                                                  "%gridid",
                                                  "%is_explicit_cluster",
                                                  "%laneid",
                                                  "%lanemask_eq",
                                                  "%lanemask_ge",
                                                  "%lanemask_gt",
                                                  "%lanemask_le",
                                                  "%lanemask_lt",
                                                  "%nclusterid",
                                                  "%nctaid",
                                                  "%nsmid",
                                                  "%ntid",
                                                  "%nwarpid",
                                                  "%reserved_smem_offset_0",
                                                  "%reserved_smem_offset_1",
                                                  "%reserved_smem_offset_begin",
                                                  "%reserved_smem_offset_cap",
                                                  "%reserved_smem_offset_end",
                                                  "%smid",
                                                  "%tid",
                                                  "%total_smem_size",
                                                  "%warpid"};

bool IsSpecialRegister(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    const std::string_view component = name.substr(dot);
    if (component != ".x" && component != ".y" && component != ".z" && component != ".w") {
      return false;
    }
    name = name.substr(0, dot);
  }
  if (std::ranges::find(kSpecialRegisters, name) != std::end(kSpecialRegisters)) return true;
  for (const std::string_view prefix : {"%envreg", "%pm"}) {
    if (!name.starts_with(prefix)) continue;
    std::string_view number = name.substr(prefix.size());
    if (prefix == "%pm" && number.ends_with("_64")) number.remove_suffix(3);
    return !number.empty() && number.size() <= 2 &&
           number.find_first_not_of("0123456789") == std::string_view::npos;
  }
  return false;
}

// b0 to b3, h0 and h1, or the parts that the elements of a vector are: h32, b7654.
bool IsPart(std::string_view selector) {
  return selector.size() >= 2 && selector.size() <= 5 &&
         (selector[0] == 'b' || selector[0] == 'h') &&
         selector.find_first_not_of("01234567", 1) == std::string_view::npos;
}

Operand PartOf(std::string_view reg, std::size_t index, std::string_view selector) {
  Operand whole;
  whole.kind = Kind::kRegister;
  whole.name = reg;
  whole.register_index = static_cast<int>(index);
  Operand part;
  part.kind = Kind::kPart;
  part.name = selector;
  part.elements.push_back(std::move(whole));
  return part;
}

}  // namespace

Operand OperandParser::ParseOperand(int depth) {
  Operand operand;
  if (!cursor_.Spend(&cursor_.budget.operands, 1, "operands")) return operand;
  if (depth > kMaxDepth) {
    cursor_.Fail(cursor_.Peek().line, "operands are nested too deeply");
  } else if (cursor_.Accept('[')) {
    operand = ParseAddress(depth);
  } else if (cursor_.Accept('{')) {
    operand.kind = Kind::kVector;
    operand.elements = ParseElements('}', depth);
    return ParsePair(std::move(operand), depth);
  } else if (cursor_.Accept('(')) {
    operand.kind = Kind::kList;
    if (!cursor_.Accept(')')) operand.elements = ParseElements(')', depth);
  } else {
    operand = ParsePrimary(depth);
    if (operand.kind == Kind::kSymbol) operand.offset = ParseOffset();
    return ParsePair(std::move(operand), depth);
  }
  return operand;
}

// What stands before a '|' and behind it, if there is one.
Operand OperandParser::ParsePair(Operand first, int depth) {
  if (!cursor_.Accept('|')) return first;
  Operand pair;
  pair.kind = Kind::kPair;
  pair.elements.reserve(2);
  pair.elements.push_back(std::move(first));
  pair.elements.push_back(ParsePrimary(depth + 1));
  return pair;
}

Operand OperandParser::ParsePrimary(int depth) {
  if (cursor_.At(TokenKind::kWord)) return ParseName(depth);
  if (cursor_.At('!')) {
    const int line = cursor_.Take().line;
    Operand operand;
    if (cursor_.At(TokenKind::kWord)) operand = ParseName(depth);
    if (operand.kind != Kind::kRegister) cursor_.Fail(line, "expected a register after '!'");
    operand.negated = true;
    return operand;
  }
  return ParseNumber();
}

Operand OperandParser::ParseNumber() {
  Operand operand;
  const bool negative = cursor_.Accept('-');
  if (negative && cursor_.At(TokenKind::kWord)) return ParseNegated();
  const bool inverted = !negative && cursor_.Accept('~');
  const Token& token = cursor_.Peek();
  operand.bits = token.bits;
  if (cursor_.At(TokenKind::kInteger)) {
    operand.kind = Kind::kInteger;
    if (negative) operand.bits = 0 - operand.bits;
    if (inverted) operand.bits = ~operand.bits;
  } else if (cursor_.At(TokenKind::kFloat32) && !inverted) {
    operand.kind = Kind::kFloat32;
    if (negative) operand.bits ^= 0x80000000u;
  } else if (cursor_.At(TokenKind::kFloat64) && !inverted) {
    operand.kind = Kind::kFloat64;
    if (negative) operand.bits ^= std::uint64_t{1} << 63;
  } else {
    cursor_.FailExpected(negative || inverted ? "a number" : "an operand");
    return operand;
  }
  cursor_.Take();
  return operand;
}

Operand OperandParser::ParseNegated() {
  const int line = cursor_.Peek().line;
  Operand operand = ParseName(1);
  if (operand.kind == Kind::kRegister)
    operand = PartOf(operand.name, static_cast<std::size_t>(operand.register_index), {});
  if (operand.kind != Kind::kPart) cursor_.Fail(line, "expected a register after '-'");
  operand.negated = true;
  return operand;
}

Operand OperandParser::ParseName(int depth) {
  const Token token = cursor_.Take();
  Operand operand;
  operand.name = token.text;
  if (token.text == "_") return operand;
  const Scopes::Name meaning = scopes_.Find(token.text);
  switch (meaning.kind) {
    case Scopes::Kind::kRegister:
      operand.kind = Kind::kRegister;
      operand.register_index = static_cast<int>(meaning.index);
      return operand;
    case Scopes::Kind::kVariable:
      operand.kind = Kind::kSymbol;
      operand.variable_index = static_cast<int>(meaning.index);
      return operand;
    case Scopes::Kind::kParameter:
      operand.kind = Kind::kSymbol;
      return operand;
    case Scopes::Kind::kNone:
      break;
    default:
      operand.kind = Kind::kLabel;
      return operand;
  }
  if (const std::size_t dot = token.text.find('.'); dot != std::string_view::npos) {
    const std::string_view reg = token.text.substr(0, dot), part = token.text.substr(dot + 1);
    if (const Scopes::Name whole = scopes_.Find(reg);
        whole.kind == Scopes::Kind::kRegister && IsPart(part)) {
      return PartOf(reg, whole.index, part);
    }
  }
  if (module_names_.contains(token.text)) {
    operand.kind = Kind::kSymbol;
    uses_.push_back(token.text);
  } else if (token.text == "WARP_SZ") {
    operand.kind = Kind::kInteger;
    operand.bits = 32;
  } else if (IsSpecialRegister(token.text)) {
    operand.kind = Kind::kSpecial;
  } else if (depth == 0 && token.text[0] != '%') {
    operand.kind = Kind::kLabel;
  } else {
    cursor_.Fail(token.line, Quote(token.text) + " is not declared");
  }
  return operand;
}

Operand OperandParser::ParseAddress(int depth) {
  Operand address;
  address.kind = Kind::kAddress;
  const int line = cursor_.Peek().line;
  Operand base = ParsePrimary(depth + 1);
  if (base.kind != Kind::kRegister && base.kind != Kind::kSymbol && base.kind != Kind::kInteger) {
    cursor_.Fail(line, "an address needs a register, a variable or an integer");
  }
  address.offset = ParseOffset();
  address.elements.push_back(std::move(base));
  while (cursor_.Accept(',')) address.elements.push_back(ParseOperand(depth + 1));
  cursor_.Expect(']');
  return address;
}

std::vector<Operand> OperandParser::ParseElements(char close, int depth) {
  std::vector<Operand> elements;
  do {
    elements.push_back(ParseOperand(depth + 1));
  } while (cursor_.Accept(','));
  cursor_.Expect(close);
  return elements;
}

std::int64_t OperandParser::ParseOffset() {
  const bool minus = cursor_.At('-');
  if (!cursor_.Accept('+') && !cursor_.Accept('-')) return 0;
  const bool negative = cursor_.Accept('-') != minus;
  const std::uint64_t offset = cursor_.ExpectInteger("an offset", ~std::uint64_t{0});
  return static_cast<std::int64_t>(negative ? 0 - offset : offset);
}

}  // namespace nodecuda::ptx
