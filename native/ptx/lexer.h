#ifndef NODECUDA_PTX_LEXER_H_
#define NODECUDA_PTX_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nodecuda::ptx {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,         // an identifier, %register or mnemonic with its modifiers: fma.rn.f32, %tid.x
  kDirective,    // a dot and a name: .reg
  kInteger,      // `bits`
  kFloat32,      // 0f3F800000: `bits`
  kFloat64,      // 0d3FF0000000000000 or decimal: `bits`
  kString,       // with its quotes
  kPunctuation,  // one character
  kBad,          // no token of PTX: `problem` says why
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  int line = 1;
  std::string_view text;
  std::uint64_t bits = 0;
  const char* problem = nullptr;
};

// Cuts PTX text into tokens. A NUL ends the text, as it does for a driver.
class Lexer {
 public:
  explicit Lexer(std::string_view text, int first_line = 1) : text_(text), line_(first_line) {}

  Token Next();
  // After a '{': passes over everything up to its '}' and over that. False if there is none.
  bool SkipBraces();
  std::size_t position() const { return position_; }

 private:
  char At(std::size_t ahead) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  // Skips blanks and comments; false if a comment does not end.
  bool SkipBlanks();
  std::size_t WordLength() const;
  Token LexNumber();
  Token LexString();
  Token Make(TokenKind kind, std::size_t length, std::uint64_t bits = 0);
  Token Bad(std::size_t length, const char* problem);

  std::string_view text_;
  std::size_t position_ = 0;
  int line_;
};

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_LEXER_H_
