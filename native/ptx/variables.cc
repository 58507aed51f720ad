#include "ptx/variables.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace nodecuda::ptx {
namespace {

constexpr std::uint64_t kMaxAlignment = 1 << 16;
// So large that no device holds it, so small that sums of sizes cannot overflow.
constexpr std::uint64_t kMaxVariableBytes = std::uint64_t{1} << 36;
constexpr std::size_t kMaxDimensions = 16;
constexpr const char* kReferences[] = {".texref", ".surfref", ".samplerref"};

std::size_t ParseAlignment(Cursor& cursor) {
  const int line = cursor.Peek().line;
  const std::uint64_t alignment = cursor.ExpectInteger("an alignment", kMaxAlignment);
  if (!std::has_single_bit(alignment)) cursor.Fail(line, "an alignment must be a power of two");
  return alignment;
}

// What the variables of one declaration share.
struct Common {
  Space space = Space::kNone;
  Linkage linkage;
  Type type = Type::kNone;
  std::size_t vector_length = 1;
  std::size_t alignment = 0;
  bool is_pointer = false;
};

// Parses alignment and type; what `.ptr .global .align 4` after the type of a pointer parameter
// says of its target is of no use here.
Common ParseCommon(Cursor& cursor, Space space, Linkage linkage) {
  Common common{space, linkage};
  if (cursor.AcceptDirective(".attribute")) {  // .attribute(.managed)
    cursor.Expect('(');
    if (!cursor.AcceptDirective(".managed")) cursor.FailExpected("the attribute '.managed'");
    cursor.Expect(')');
  }
  std::size_t explicit_alignment = 0;
  if (cursor.AcceptDirective(".align")) explicit_alignment = ParseAlignment(cursor);
  if (cursor.AcceptDirective(".v2")) common.vector_length = 2;
  if (cursor.AcceptDirective(".v4")) common.vector_length = 4;
  // The references of CUDA before 12: words of which no instruction can make anything, but others
  // of the module may do without.
  const bool is_reference =
      std::ranges::any_of(kReferences, [&](auto* name) { return cursor.AcceptDirective(name); });
  common.type = is_reference ? Type::kB64 : ParseType(cursor, "a variable");
  if (common.type == Type::kPred) {
    cursor.Fail(cursor.Peek().line, "a variable in memory cannot have the type .pred");
  }
  if (cursor.AcceptDirective(".ptr")) {
    common.is_pointer = true;
    for (const char* target : {".const", ".global", ".local", ".shared"}) {
      if (cursor.AcceptDirective(target)) break;
    }
    if (cursor.AcceptDirective(".align")) ParseAlignment(cursor);
  }
  common.alignment =
      explicit_alignment != 0 ? explicit_alignment : SizeOf(common.type) * common.vector_length;
  return common;
}

// Fills Variable::initializer from `1`, `{1, 2}` or `{{1, 2}, {3}}`.
class InitializerParser {
 public:
  InitializerParser(Cursor& cursor, Variable& variable, const std::vector<std::size_t>& dimensions)
      : cursor_(cursor), variable_(variable), dimensions_(dimensions) {}

  void Parse() {
    if (dimensions_.empty()) return ParseValue(0);
    std::size_t stride = 1;
    for (std::size_t level = 1; level < dimensions_.size(); ++level) stride *= dimensions_[level];
    const std::size_t written = ParseBraces(0, 0, stride);
    if (variable_.unsized) {
      if (written > kMaxVariableBytes / SizeOf(variable_.type) / stride) {
        cursor_.Fail(variable_.line, Quote(variable_.name) + " is too large");
      }
      variable_.count = written * stride;
      variable_.unsized = false;
    }
  }

 private:
  // `first` is the element index of this row's start, `stride` the elements from one of its
  // entries to the next. Returns the number of entries.
  std::size_t ParseBraces(std::size_t level, std::size_t first, std::size_t stride) {
    const int line = cursor_.Peek().line;
    const bool bounded = level > 0 || !variable_.unsized;
    cursor_.Expect('{');
    std::size_t entries = 0;
    if (cursor_.Accept('}')) return 0;
    do {
      if (bounded && entries == dimensions_[level]) {
        cursor_.Fail(line, "the initialiser of " + Quote(variable_.name) + " has more than " +
                               std::to_string(entries) + " entries");
        return entries;
      }
      if (level + 1 == dimensions_.size()) {
        ParseValue(first + entries);
      } else {
        ParseBraces(level + 1, first + entries * stride, stride / dimensions_[level + 1]);
      }
      ++entries;
    } while (cursor_.Accept(','));
    cursor_.Expect('}');
    return entries;
  }

  void ParseValue(std::size_t element) {
    const bool negative = cursor_.Accept('-');
    const Token token = cursor_.Peek();
    const std::size_t size = SizeOf(variable_.type);
    std::uint64_t bits = 0;
    if (cursor_.At(TokenKind::kWord) && !negative) return ParseReference(element);
    if (cursor_.At(TokenKind::kInteger) && !IsFloat(variable_.type)) {
      bits = negative ? 0 - token.bits : token.bits;
    } else if (cursor_.At(TokenKind::kFloat32) && size == 4) {
      bits = token.bits ^ (negative ? 0x80000000u : 0u);
    } else if (cursor_.At(TokenKind::kFloat64) && size == 8) {
      bits = token.bits ^ (negative ? std::uint64_t{1} << 63 : 0u);
    } else if (cursor_.At(TokenKind::kFloat64) && variable_.type == Type::kF32) {
      const double value = std::bit_cast<double>(token.bits);
      bits = std::bit_cast<std::uint32_t>(static_cast<float>(negative ? -value : value));
    } else {
      return cursor_.FailExpected("a value of the type of " + Quote(variable_.name));
    }
    cursor_.Take();
    if (!ExtendOver(element)) return;
    const std::size_t begin = element * size;
    for (std::size_t i = 0; i < size && i < 8; ++i) {
      variable_.initializer[begin + i] = static_cast<std::byte>(bits >> (8 * i));
    }
  }

  // `symbol`, `symbol+8` or `generic(symbol)+8`: what nvcc makes of a pointer to a variable, such
  // as those of strings and of virtual functions.
  void ParseReference(std::size_t element) {
    const Token token = cursor_.Peek();
    Reference reference;
    if (SizeOf(variable_.type) != 8 || IsFloat(variable_.type)) {
      return cursor_.FailExpected("a value of the type of " + Quote(variable_.name));
    }
    reference.symbol = cursor_.ExpectName("a number or a symbol");
    if (reference.symbol == "generic" && cursor_.Accept('(')) {
      reference.is_generic = true;
      reference.symbol = cursor_.ExpectName("a symbol");
      cursor_.Expect(')');
    } else if (cursor_.At('(')) {
      return cursor_.Fail(token.line, Quote(token.text) + " is no operator of an initialiser");
    }
    const bool minus = cursor_.At('-');
    if (minus || cursor_.At('+')) {
      cursor_.Take();
      const std::uint64_t distance = cursor_.ExpectInteger("an offset", kMaxVariableBytes);
      reference.addend =
          minus ? -static_cast<std::int64_t>(distance) : static_cast<std::int64_t>(distance);
    }
    if (!cursor_.Spend(&cursor_.budget.names, 1, "names") || !ExtendOver(element)) return;
    reference.offset = element * SizeOf(variable_.type);
    variable_.references.push_back(reference);
  }

  // Makes the initialiser reach to the end of an element.
  bool ExtendOver(std::size_t element) {
    const std::size_t end = (element + 1) * SizeOf(variable_.type);
    const std::size_t old_end = variable_.initializer.size();
    if (!cursor_.Spend(&cursor_.budget.initializer_bytes, end - old_end, "initialiser bytes")) {
      return false;
    }
    variable_.initializer.resize(end);
    return true;
  }

  static bool IsFloat(Type type) {
    return type == Type::kF16 || type == Type::kF16x2 || type == Type::kBF16 ||
           type == Type::kBF16x2 || type == Type::kTF32 || type == Type::kF32 ||
           type == Type::kF32x2 || type == Type::kF64;
  }

  Cursor& cursor_;
  Variable& variable_;
  const std::vector<std::size_t>& dimensions_;
};

// Parses the name, `[2][3]`, and an initialiser where the space may have one.
Variable ParseDeclarator(Cursor& cursor, const Common& common) {
  Variable variable;
  variable.space = common.space;
  variable.type = common.type;
  variable.alignment = common.alignment;
  variable.is_extern = common.linkage.is_extern;
  variable.is_visible = common.linkage.is_visible;
  variable.is_pointer = common.is_pointer;
  variable.line = cursor.Peek().line;
  variable.name = cursor.ExpectName("the name of a variable");
  cursor.Spend(&cursor.budget.names, 1, "names");

  std::vector<std::size_t> dimensions;
  const auto add_dimension = [&](std::uint64_t length) {
    if (length == 0 || length > kMaxVariableBytes / variable.ByteSize()) {
      return cursor.Fail(variable.line, "the size of " + Quote(variable.name) +
                                            " is zero or above " +
                                            std::to_string(kMaxVariableBytes) + " bytes");
    }
    variable.count *= length;
    dimensions.push_back(length);
  };
  while (!cursor.failed() && cursor.Accept('[')) {
    if (dimensions.size() == kMaxDimensions) {
      cursor.Fail(variable.line, Quote(variable.name) + " has too many dimensions");
    } else if (dimensions.empty() && cursor.At(']')) {
      variable.unsized = true;
      dimensions.push_back(0);
    } else {
      add_dimension(cursor.ExpectInteger("a length", kMaxVariableBytes));
    }
    cursor.Expect(']');
  }
  if (common.vector_length > 1 && !cursor.failed()) add_dimension(common.vector_length);
  variable.is_array = !dimensions.empty();

  const bool initializable = common.space == Space::kGlobal || common.space == Space::kConst;
  if (initializable && cursor.Accept('=')) {
    InitializerParser(cursor, variable, dimensions).Parse();
  }
  if (variable.unsized) variable.count = 0;
  return variable;
}

}  // namespace

Type ParseType(Cursor& cursor, const char* of_what) {
  if (!cursor.At(TokenKind::kDirective)) {
    cursor.FailExpected(std::string("the type of ") + of_what);
    return Type::kNone;
  }
  const Token token = cursor.Take();
  const Type type = TypeFromName(token.text.substr(1));
  if (type == Type::kNone) {
    cursor.Fail(token.line, Quote(token.text) + " is not the type of " + of_what);
  }
  return type;
}

std::vector<Variable> ParseVariables(Cursor& cursor, Space space, Linkage linkage) {
  const Common common = ParseCommon(cursor, space, linkage);
  std::vector<Variable> variables;
  do {
    if (cursor.failed()) return {};
    variables.push_back(ParseDeclarator(cursor, common));
    if (variables.back().unsized && !linkage.is_extern) {
      cursor.Fail(variables.back().line, Quote(variables.back().name) + " needs a length");
    }
  } while (cursor.Accept(','));
  cursor.Expect(';');
  return variables;
}

std::vector<Variable> ParseParameters(Cursor& cursor) {
  std::vector<Variable> parameters;
  cursor.Expect('(');
  if (cursor.Accept(')')) return parameters;
  do {
    if (!cursor.AcceptDirective(".param")) cursor.FailExpected("'.param'");
    const Common common = ParseCommon(cursor, Space::kParam, {});
    if (cursor.failed()) return {};
    parameters.push_back(ParseDeclarator(cursor, common));
  } while (cursor.Accept(','));
  cursor.Expect(')');
  return parameters;
}

}  // namespace nodecuda::ptx
