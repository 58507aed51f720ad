#ifndef NODECUDA_PTX_CURSOR_H_
#define NODECUDA_PTX_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ptx/lexer.h"
#include "ptx/parser.h"

namespace nodecuda::ptx {

// What one module may make the parser keep, whatever its functions' own limits.
struct Budget {
  std::size_t names = std::size_t{1} << 20;  // registers, variables, labels, functions
  std::size_t instructions = std::size_t{1} << 22;
  std::size_t operands = std::size_t{1} << 23;
  std::size_t initializer_bytes = std::size_t{1} << 26;
};

// The parser's place in the text. The first failure is kept and ends the text: from then on every
// token is kEnd, so loops that stop at the end stop, and callers need not check each step.
class Cursor {
 public:
  Cursor(std::string_view text, ParseError* error, int first_line = 1)
      : text_(text), lexer_(text, first_line), error_(error) {
    Take();
  }

  const Token& Peek() const { return token_; }
  Token Take();

  bool AtEnd() const { return token_.kind == TokenKind::kEnd; }
  bool At(TokenKind kind) const { return token_.kind == kind; }
  bool At(char punctuation) const {
    return token_.kind == TokenKind::kPunctuation && token_.text[0] == punctuation;
  }
  bool Accept(char punctuation);
  bool AcceptDirective(std::string_view directive);

  // From the '{' that is next to its '}', both taken; a failure if there is none.
  std::string_view TakeBraces();

  // These fail unless the next token is what they name; `what` tells people what it is.
  void Expect(char punctuation);
  void ExpectString();
  std::string_view ExpectName(const char* what);  // an identifier without dots
  std::uint64_t ExpectInteger(const char* what, std::uint64_t maximum);

  void Fail(int line, std::string message);
  void FailExpected(const std::string& what);  // "expected <what>, found <next token>"
  bool failed() const { return failed_; }

  // Takes `amount` off `*left`; fails if the module asks for more.
  bool Spend(std::size_t* left, std::size_t amount, const char* what);
  Budget budget;

 private:
  std::string_view text_;
  Lexer lexer_;
  Token token_;
  ParseError* error_;
  bool failed_ = false;
};

// 'text' for a message: short, and printable whatever the input.
std::string Quote(std::string_view text);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_CURSOR_H_
