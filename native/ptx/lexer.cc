#include "ptx/lexer.h"

#include <bit>
#include <charconv>
#include <system_error>

namespace nodecuda::ptx {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%';
}
bool IsNameCharacter(char c) {
  return IsNameStart(c) || IsDigit(c);
}

}  // namespace

Token Lexer::Next() {
  if (!SkipBlanks()) return Bad(2, "this comment does not end");
  const char c = At(0);
  if (c == '\0') return Make(TokenKind::kEnd, 0);
  if (IsNameStart(c)) return Make(TokenKind::kWord, WordLength());
  if (IsDigit(c)) return LexNumber();
  if (c == '"') return LexString();
  if (c == '.') {
    if (!IsNameCharacter(At(1))) return Bad(1, "a '.' must be followed by a name");
    std::size_t length = 2;
    while (IsNameCharacter(At(length)) ||
           (At(length) == ':' && At(length + 1) == ':' && IsNameCharacter(At(length + 2)))) {
      length += At(length) == ':' ? 3 : 1;
    }
    return Make(TokenKind::kDirective, length);
  }
  if (std::string_view("{}()[]<>,;:=+-!~|@").find(c) != std::string_view::npos) {
    return Make(TokenKind::kPunctuation, 1);
  }
  return Bad(1, "PTX has no such character");
}

bool Lexer::SkipBraces() {
  for (std::size_t depth = 1; depth > 0;) {
    const char c = At(0);
    if (c == '\0') return false;
    if (c == '/' && (At(1) == '/' || At(1) == '*')) {
      if (!SkipBlanks()) return false;
      continue;
    }
    if (c == '"') {
      if (LexString().kind == TokenKind::kBad) return false;
      continue;
    }
    if (c == '\n') ++line_;
    if (c == '{') ++depth;
    if (c == '}') --depth;
    ++position_;
  }
  return true;
}

bool Lexer::SkipBlanks() {
  while (true) {
    const char c = At(0);
    if (c == '\n') {
      ++line_;
      ++position_;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
      ++position_;
    } else if (c == '/' && At(1) == '/') {
      while (At(0) != '\n' && At(0) != '\0') ++position_;
    } else if (c == '/' && At(1) == '*') {
      const std::size_t end = text_.find("*/", position_ + 2);
      if (end == std::string_view::npos) return false;
      for (; position_ < end + 2; ++position_) line_ += text_[position_] == '\n';
    } else {
      return true;
    }
  }
}

// A word goes on over dots (fma.rn.f32) and double colons (shared::cta), but `label:` ends it.
std::size_t Lexer::WordLength() const {
  std::size_t length = 1;
  while (true) {
    if (IsNameCharacter(At(length))) {
      length += 1;
    } else if (At(length) == '.' && IsNameCharacter(At(length + 1))) {
      length += 2;
    } else if (At(length) == ':' && At(length + 1) == ':' && IsNameCharacter(At(length + 2))) {
      length += 3;
    } else {
      return length;
    }
  }
}

Token Lexer::LexNumber() {
  // The whole run first, so that 12abc or 0f123 is one bad number and not two tokens.
  std::size_t length = 1;
  bool decimal_point = false;
  const char second = At(1);
  const bool prefixed =
      At(0) == '0' && ((second >= 'a' && second <= 'z' && second != 'e') ||
                       (second >= 'A' && second <= 'Z' && second != 'E' && second != 'U'));
  while (true) {
    const char c = At(length);
    const char before = At(length - 1);
    if (IsNameCharacter(c)) {
      ++length;
    } else if (!prefixed && c == '.' && !decimal_point) {
      decimal_point = true;
      ++length;
    } else if (!prefixed && (c == '+' || c == '-') && (before == 'e' || before == 'E')) {
      ++length;
    } else {
      break;
    }
  }
  std::string_view digits = text_.substr(position_, length);
  const auto parse_bits = [&](std::string_view from, int base, std::uint64_t* bits) {
    const auto [end, failure] =
        std::from_chars(from.data(), from.data() + from.size(), *bits, base);
    return failure == std::errc() && end == from.data() + from.size();
  };

  std::uint64_t bits = 0;
  if (prefixed && (second == 'f' || second == 'F' || second == 'd' || second == 'D')) {
    const bool narrow = second == 'f' || second == 'F';
    digits.remove_prefix(2);
    if (digits.size() != (narrow ? 8u : 16u) || !parse_bits(digits, 16, &bits)) {
      return Bad(length, narrow ? "a 0f number needs exactly 8 hexadecimal digits"
                                : "a 0d number needs exactly 16 hexadecimal digits");
    }
    return Make(narrow ? TokenKind::kFloat32 : TokenKind::kFloat64, length, bits);
  }
  if (!prefixed && digits.find_first_of(".eE") != std::string_view::npos) {
    double value = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + length, value);
    if (failure != std::errc() || end != digits.data() + length) {
      return Bad(length, "not a number that a double can hold");
    }
    return Make(TokenKind::kFloat64, length, std::bit_cast<std::uint64_t>(value));
  }
  if (digits.ends_with('U')) digits.remove_suffix(1);
  int base = 10;
  if (prefixed && (second == 'x' || second == 'X')) base = 16;
  if (prefixed && (second == 'b' || second == 'B')) base = 2;
  if (base != 10) {
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
  }
  if (!parse_bits(digits, base, &bits)) return Bad(length, "not an integer of at most 64 bits");
  return Make(TokenKind::kInteger, length, bits);
}

Token Lexer::LexString() {
  std::size_t length = 1;
  while (At(length) != '"') {
    if (At(length) == '\0' || At(length) == '\n') return Bad(length, "this string does not end");
    length += At(length) == '\\' && At(length + 1) == '"' ? 2 : 1;
  }
  return Make(TokenKind::kString, length + 1);
}

Token Lexer::Make(TokenKind kind, std::size_t length, std::uint64_t bits) {
  Token token{kind, line_, text_.substr(position_, length), bits, nullptr};
  position_ += length;
  return token;
}

Token Lexer::Bad(std::size_t length, const char* problem) {
  Token token = Make(TokenKind::kBad, length);
  token.problem = problem;
  return token;
}

}  // namespace nodecuda::ptx
