#include "ptx/remarks.h"

namespace nodecuda::ptx {
namespace {

constexpr std::uint64_t kAnyInteger = ~std::uint64_t{0}, kMost32 = 0xffffffff;

// `.file 1 "x.cu", 1700000000, 1234`
void ParseFile(Cursor& cursor, std::map<std::uint32_t, std::string_view>* files) {
  const std::uint64_t number = cursor.ExpectInteger("a file number", kMost32);
  const std::string_view quoted = cursor.Peek().text;
  cursor.ExpectString();
  if (cursor.failed() || !cursor.Spend(&cursor.budget.names, 1, "names")) return;
  (*files)[static_cast<std::uint32_t>(number)] = quoted.substr(1, quoted.size() - 2);
  while (cursor.Accept(',')) cursor.ExpectInteger("a number of '.file'", kAnyInteger);
}

// Any tokens in braces.
void SkipSection(Cursor& cursor) {
  const int line = cursor.Peek().line;
  if (!cursor.At(TokenKind::kDirective) && !cursor.At(TokenKind::kWord)) {
    return cursor.FailExpected("the name of a section");
  }
  cursor.Take();
  cursor.Expect('{');
  for (std::size_t depth = 1; depth > 0;) {
    if (cursor.AtEnd()) return cursor.Fail(line, "the section has no closing '}'");
    const Token token = cursor.Take();
    if (token.text == "{") ++depth;
    if (token.text == "}") --depth;
  }
}

}  // namespace

bool ParseLoc(Cursor& cursor, SourcePlace* source, SourcePlace* caller) {
  if (!cursor.AcceptDirective(".loc")) return false;
  // .loc file line column [, function_name label [+ offset], inlined_at file line column]
  const auto place = [&](const char* what) {
    SourcePlace read;
    for (std::uint32_t* number : {&read.file, &read.line, &read.column})
      *number = static_cast<std::uint32_t>(cursor.ExpectInteger(what, kMost32));
    return read;
  };
  *source = place("a number of '.loc'");
  while (cursor.Accept(',')) {
    if (cursor.ExpectName("'function_name' or 'inlined_at'") == "inlined_at") {
      *caller = place("a number of 'inlined_at'");
    } else {
      cursor.ExpectName("a label");
      if (cursor.Accept('+')) cursor.ExpectInteger("an offset", kAnyInteger);
    }
  }
  return true;
}

bool SkipLoc(Cursor& cursor) {
  SourcePlace unused;
  return ParseLoc(cursor, &unused, &unused);
}

bool SkipPragma(Cursor& cursor) {
  if (!cursor.AcceptDirective(".pragma")) return false;
  do {
    cursor.ExpectString();
  } while (cursor.Accept(','));
  cursor.Expect(';');
  return true;
}

bool SkipRemark(Cursor& cursor) {
  return SkipPragma(cursor) || SkipLoc(cursor);
}

bool ParseDebugInformation(Cursor& cursor, std::map<std::uint32_t, std::string_view>* files) {
  if (cursor.AcceptDirective(".file")) {
    ParseFile(cursor, files);
    return true;
  }
  if (!cursor.AcceptDirective(".section")) return false;
  SkipSection(cursor);
  return true;
}

bool SkipDebugInformation(Cursor& cursor) {
  std::map<std::uint32_t, std::string_view> unused;
  return ParseDebugInformation(cursor, &unused);
}

}  // namespace nodecuda::ptx
