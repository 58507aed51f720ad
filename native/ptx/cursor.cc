#include "ptx/cursor.h"

#include <utility>

namespace nodecuda::ptx {
namespace {

std::string Describe(const Token& token) {
  return token.kind == TokenKind::kEnd ? "the end of the text" : Quote(token.text);
}

}  // namespace

Token Cursor::Take() {
  Token taken = token_;
  if (!failed_) {
    token_ = lexer_.Next();
    if (token_.kind == TokenKind::kBad)
      Fail(token_.line, Quote(token_.text) + ": " + token_.problem);
  }
  return taken;
}

bool Cursor::Accept(char punctuation) {
  if (!At(punctuation)) return false;
  Take();
  return true;
}

bool Cursor::AcceptDirective(std::string_view directive) {
  if (!At(TokenKind::kDirective) || token_.text != directive) return false;
  Take();
  return true;
}

std::string_view Cursor::TakeBraces() {
  const auto begin = static_cast<std::size_t>(token_.text.data() - text_.data());
  if (!lexer_.SkipBraces()) {
    Fail(token_.line, "this '{' has no '}'");
    return {};
  }
  const std::string_view taken = text_.substr(begin, lexer_.position() - begin);
  Take();
  return taken;
}

void Cursor::Expect(char punctuation) {
  if (!Accept(punctuation)) FailExpected(std::string("'") + punctuation + "'");
}

void Cursor::ExpectString() {
  if (!At(TokenKind::kString)) return FailExpected("a string");
  Take();
}

std::string_view Cursor::ExpectName(const char* what) {
  if (!At(TokenKind::kWord) || token_.text.find_first_of(".:") != std::string_view::npos) {
    FailExpected(what);
    return {};
  }
  return Take().text;
}

std::uint64_t Cursor::ExpectInteger(const char* what, std::uint64_t maximum) {
  if (!At(TokenKind::kInteger)) {
    FailExpected(what);
    return 0;
  }
  const Token token = Take();
  if (token.bits <= maximum) return token.bits;
  Fail(token.line, std::string(what) + " of " + Quote(token.text) + " exceeds the limit of " +
                       std::to_string(maximum));
  return 0;
}

void Cursor::Fail(int line, std::string message) {
  if (failed_) return;
  failed_ = true;
  error_->line = line;
  error_->message = std::move(message);
  token_ = Token{TokenKind::kEnd, line, {}, 0, nullptr};
}

void Cursor::FailExpected(const std::string& what) {
  Fail(token_.line, "expected " + what + ", found " + Describe(token_));
}

bool Cursor::Spend(std::size_t* left, std::size_t amount, const char* what) {
  if (failed_) return false;
  if (amount > *left) {
    Fail(token_.line, std::string("the module has too many ") + what);
    return false;
  }
  *left -= amount;
  return true;
}

std::string Quote(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "'";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      quoted += c;
    } else {
      quoted += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return quoted + (text.size() > kLongest ? "...'" : "'");
}

}  // namespace nodecuda::ptx
