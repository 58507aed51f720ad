#include "ptx/statements.h"

#include <cstddef>

#include "ptx/cursor.h"
#include "ptx/remarks.h"

namespace nodecuda::ptx {
namespace {

struct Linkage {
  const char* directive;
  Binding binding;
};
constexpr Linkage kLinkages[] = {{".extern", Binding::kExtern},
                                 {".visible", Binding::kVisible},
                                 {".weak", Binding::kWeak},
                                 {".common", Binding::kCommon}};

// The text is known to be right, so that nothing is checked again.
class Cutter {
 public:
  Cutter(std::string_view text, std::vector<Statement>* statements)
      : text_(text), cursor_(text, &ignored_), statements_(*statements) {}

  void Cut() {
    SkipHeader();
    while (!cursor_.AtEnd()) {
      if (SkipRemark(cursor_) || SkipDebugInformation(cursor_)) continue;
      Statement statement;
      for (const Linkage& linkage : kLinkages) {
        if (cursor_.AcceptDirective(linkage.directive)) statement.binding = linkage.binding;
      }
      const std::size_t begin = Position();
      const bool is_entry = cursor_.AcceptDirective(".entry");
      if (is_entry || cursor_.AcceptDirective(".func")) {
        statement.kind = is_entry ? Statement::Kind::kEntry : Statement::Kind::kFunction;
        CutFunction(begin, statement);
      } else {
        CutVariables(begin, statement);
      }
    }
  }

 private:
  std::size_t Position() const {
    return static_cast<std::size_t>(cursor_.Peek().text.data() - text_.data());
  }

  void Take() {
    const Token token = cursor_.Take();
    end_ = static_cast<std::size_t>(token.text.data() - text_.data()) + token.text.size();
  }

  std::string_view From(std::size_t begin) const { return text_.substr(begin, end_ - begin); }

  // .version 9.0 .target sm_90a, debug .address_size 64
  void SkipHeader() {
    for (int i = 0; i < 4; ++i) Take();
    while (cursor_.Accept(',')) Take();
    if (cursor_.AcceptDirective(".address_size")) Take();
  }

  // After a '(': up to its ')' and over that.
  void TakeParentheses() {
    for (int depth = 0; !cursor_.AtEnd();) {
      if (cursor_.At('(')) ++depth;
      if (cursor_.At(')')) --depth;
      Take();
      if (depth == 0) return;
    }
  }

  void CutFunction(std::size_t begin, Statement& statement) {
    if (cursor_.At('(')) TakeParentheses();  // results
    statement.name = cursor_.Peek().text;
    Take();
    while (!cursor_.At('{') && !cursor_.At(';') && !cursor_.AtEnd()) {
      if (!SkipRemark(cursor_)) Take();
    }
    statement.head = From(begin);
    if (cursor_.At('{')) {
      statement.rest = cursor_.TakeBraces();
    } else {
      Take();
    }
    statements_.push_back(statement);
  }

  void CutVariables(std::size_t begin, Statement& statement) {
    while (!cursor_.At(TokenKind::kWord) && !cursor_.AtEnd()) Take();
    statement.head = From(begin);
    do {
      const std::size_t declarator = Position();
      statement.name = cursor_.Peek().text;
      TakeUpTo(true);
      statement.declarator = From(declarator);
      const std::size_t initializer = Position();
      TakeUpTo(false);
      statement.rest = end_ > initializer ? From(initializer) : std::string_view();
      statements_.push_back(statement);
    } while (cursor_.Accept(','));
    Take();
  }

  // Up to the ',' or ';' behind a variable, or to the '=' before its initialiser.
  void TakeUpTo(bool initializer) {
    for (int depth = 0; !cursor_.AtEnd();) {
      if (depth == 0 && (cursor_.At(',') || cursor_.At(';') || (initializer && cursor_.At('=')))) {
        return;
      }
      if (cursor_.At('{')) ++depth;
      if (cursor_.At('}')) --depth;
      Take();
    }
  }

  const std::string_view text_;
  ParseError ignored_;
  Cursor cursor_;
  std::size_t end_ = 0;  // of what was taken last
  std::vector<Statement>& statements_;
};

}  // namespace

std::vector<Statement> CutStatements(const Module& module) {
  std::vector<Statement> statements;
  Cutter(*module.text, &statements).Cut();
  return statements;
}

}  // namespace nodecuda::ptx
