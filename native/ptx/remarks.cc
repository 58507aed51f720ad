#include "ptx/remarks.h"

namespace nodecuda::ptx {
namespace {

constexpr std::uint64_t kAnyInteger = ~std::uint64_t{0};

// `.file 1 "x.cu", 1700000000, 1234`
void SkipFile(Cursor& cursor) {
  cursor.ExpectInteger("a file number", 0xffffffffu);
  cursor.ExpectString();
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

bool SkipLoc(Cursor& cursor) {
  if (!cursor.AcceptDirective(".loc")) return false;
  // .loc file line column [, function_name label [+ offset], inlined_at file line column]
  for (int i = 0; i < 3; ++i) cursor.ExpectInteger("a number of '.loc'", kAnyInteger);
  while (cursor.Accept(',')) {
    if (cursor.ExpectName("'function_name' or 'inlined_at'") == "inlined_at") {
      for (int i = 0; i < 3; ++i) cursor.ExpectInteger("a number of 'inlined_at'", kAnyInteger);
    } else {
      cursor.ExpectName("a label");
      if (cursor.Accept('+')) cursor.ExpectInteger("an offset", kAnyInteger);
    }
  }
  return true;
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

bool SkipDebugInformation(Cursor& cursor) {
  if (cursor.AcceptDirective(".file")) {
    SkipFile(cursor);
    return true;
  }
  if (!cursor.AcceptDirective(".section")) return false;
  SkipSection(cursor);
  return true;
}

}  // namespace nodecuda::ptx
