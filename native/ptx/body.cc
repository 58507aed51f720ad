#include "ptx/body.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "ptx/labels.h"
#include "ptx/remarks.h"
#include "ptx/scopes.h"
#include "ptx/variables.h"

namespace nodecuda::ptx {
namespace {

constexpr std::size_t kMaxScopes = 64;
constexpr std::uint64_t kMaxPerFunction = 1 << 20;  // registers; instructions

class BodyParser {
 public:
  BodyParser(Cursor& cursor, const ModuleNames& module_names, Function& function)
      : cursor_(cursor),
        function_(function),
        scopes_(function),
        labels_(cursor, scopes_, function),
        operands_(cursor, module_names, scopes_, function.uses) {}

  void Parse() {
    const int line = cursor_.Peek().line;
    cursor_.Expect('{');
    for (const auto* variables : {&function_.results, &function_.parameters}) {
      for (const Variable& variable : *variables) {
        Declare(variable.line, variable.name, {Scopes::Kind::kParameter, 0});
      }
    }
    while (true) {
      if (cursor_.AtEnd()) {
        return cursor_.Fail(line, "the body of " + Quote(function_.name) + " has no closing '}'");
      }
      if (cursor_.Accept('}')) {
        labels_.ResolveScope();
        if (scopes_.depth() == 1) break;
        scopes_.Close();
      } else {
        ParseStatement();
      }
    }
    labels_.CopyTargets();
    if (function_.registers.size() > kMaxPerFunction) FailTooMany(line, "registers");
  }

 private:
  void ParseStatement() {
    if (cursor_.At('{')) {
      const int line = cursor_.Take().line;
      if (scopes_.depth() == kMaxScopes) return cursor_.Fail(line, "scopes are nested too deeply");
      scopes_.Open();
    } else if (cursor_.At(TokenKind::kDirective)) {
      ParseDirective();
    } else if (cursor_.At('@')) {
      ParseInstruction();
    } else if (cursor_.At(TokenKind::kWord)) {
      const Token word = cursor_.Take();
      if (cursor_.Accept(':')) {
        ParseLabel(word);
      } else {
        Instruction instruction;
        instruction.line = word.line;
        ParseInstructionAfter(word, std::move(instruction));
      }
    } else {
      cursor_.FailExpected("a statement");
    }
  }

  void ParseDirective() {
    SourcePlace caller;
    if (ParseLoc(cursor_, &source_, &caller)) {
      if (caller.line != 0 && cursor_.Spend(&cursor_.budget.names, 1, "places"))
        function_.inlined_at[source_] = caller;
      return;
    }
    if (SkipPragma(cursor_)) return;
    const bool is_extern = cursor_.AcceptDirective(".extern");
    if (cursor_.AcceptDirective(".shared")) return ParseLocals(Space::kShared, is_extern);
    if (is_extern) return cursor_.FailExpected("'.shared'");
    if (cursor_.AcceptDirective(".reg")) return ParseRegisters();
    if (cursor_.AcceptDirective(".local")) return ParseLocals(Space::kLocal, false);
    if (cursor_.AcceptDirective(".param")) return ParseLocals(Space::kParam, false);
    const Token token = cursor_.Peek();
    cursor_.Fail(token.line, "unknown directive " + Quote(token.text) + " in a function");
  }

  // After `.reg`: `.b32 a, %r<12>;`
  void ParseRegisters() {
    const Type type = ParseType(cursor_, "a register");
    do {
      const int line = cursor_.Peek().line;
      const std::string_view name = cursor_.ExpectName("the name of a register");
      if (!cursor_.Spend(&cursor_.budget.names, 1, "names")) return;
      bool is_new = false;
      if (cursor_.Accept('<')) {
        const std::uint64_t count = cursor_.ExpectInteger("a number of registers", kMaxPerFunction);
        cursor_.Expect('>');
        is_new = scopes_.DeclareRange(name, count, type);
      } else {
        is_new = scopes_.DeclareRegister(name, type);
      }
      if (!is_new) FailDeclaredTwice(line, name);
    } while (cursor_.Accept(','));
    cursor_.Expect(';');
  }

  void ParseLocals(Space space, bool is_extern) {
    for (Variable& variable : ParseVariables(cursor_, space, {is_extern})) {
      Declare(variable.line, variable.name, {Scopes::Kind::kVariable, function_.variables.size()});
      function_.variables.push_back(std::move(variable));
    }
  }

  void ParseLabel(const Token& label) {
    if (!cursor_.Spend(&cursor_.budget.names, 1, "names")) return;
    const std::size_t here = function_.body.size();
    if (cursor_.AcceptDirective(".callprototype")) {
      if (cursor_.At('(')) ParseParameters(cursor_);
      if (cursor_.ExpectName("'_'") != "_") cursor_.Fail(label.line, "expected '_' in a prototype");
      if (cursor_.At('(')) ParseParameters(cursor_);
      cursor_.AcceptDirective(".noreturn");
      cursor_.Expect(';');
      Declare(label.line, label.text, {Scopes::Kind::kPrototype, here});
    } else if (cursor_.AcceptDirective(".branchtargets") ||
               cursor_.AcceptDirective(".calltargets")) {
      std::vector<Operand> targets;
      do {
        targets.push_back(operands_.Parse());
        const Operand::Kind kind = targets.back().kind;
        if (kind != Operand::Kind::kLabel && kind != Operand::Kind::kSymbol) {
          cursor_.Fail(label.line, "expected labels or functions in the list " + Quote(label.text));
        }
      } while (cursor_.Accept(','));
      cursor_.Expect(';');
      const std::size_t list = labels_.AddTargets(std::move(targets), label.line);
      Declare(label.line, label.text, {Scopes::Kind::kTargets, list});
    } else {
      if (label.text.find_first_of(".:") != std::string_view::npos) {
        return cursor_.Fail(label.line, Quote(label.text) + " cannot be a label");
      }
      Declare(label.line, label.text, {Scopes::Kind::kLabel, here});
      function_.labels.emplace(label.text, here);
    }
  }

  // With its guard: `@!%p bra done;`
  void ParseInstruction() {
    Instruction instruction;
    instruction.line = cursor_.Take().line;
    instruction.guard_negated = cursor_.Accept('!');
    const Token guard = cursor_.Peek();
    if (cursor_.At(TokenKind::kWord)) {
      const Scopes::Name meaning = scopes_.Find(guard.text);
      if (meaning.kind == Scopes::Kind::kRegister &&
          function_.registers[meaning.index].type == Type::kPred) {
        instruction.guard = static_cast<int>(meaning.index);
      }
    }
    if (instruction.guard < 0) return cursor_.FailExpected("a predicate register after '@'");
    cursor_.Take();
    if (!cursor_.At(TokenKind::kWord)) return cursor_.FailExpected("an instruction");
    const Token mnemonic = cursor_.Take();
    ParseInstructionAfter(mnemonic, std::move(instruction));
  }

  void ParseInstructionAfter(const Token& mnemonic, Instruction instruction) {
    if (!cursor_.Spend(&cursor_.budget.instructions, 1, "instructions")) return;
    if (function_.body.size() == kMaxPerFunction) return FailTooMany(mnemonic.line, "instructions");
    // Blanks may stand between modifiers: `add .s32`.
    const char* end = mnemonic.text.data() + mnemonic.text.size();
    AddParts(mnemonic.text, &instruction);
    while (cursor_.At(TokenKind::kDirective)) {
      const Token modifier = cursor_.Take();
      AddParts(modifier.text.substr(1), &instruction);
      end = modifier.text.data() + modifier.text.size();
    }
    instruction.mnemonic = {mnemonic.text.data(),
                            static_cast<std::size_t>(end - mnemonic.text.data())};
    if (!cursor_.At(';')) {
      do {
        scratch_.push_back(operands_.Parse());
      } while (cursor_.Accept(','));
    }
    if (!cursor_.Accept(';')) {
      return cursor_.FailExpected("';' or ',' after the operands of " +
                                  Quote(instruction.mnemonic));
    }
    instruction.operands.assign(std::make_move_iterator(scratch_.begin()),
                                std::make_move_iterator(scratch_.end()));
    scratch_.clear();
    instruction.source = source_;
    const std::size_t index = function_.body.size();
    function_.body.push_back(std::move(instruction));
    const std::vector<Operand>& operands = function_.body.back().operands;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].kind == Operand::Kind::kLabel) labels_.AddUse(index, i);
    }
  }

  static void AddParts(std::string_view text, Instruction* instruction) {
    instruction->parts.reserve(instruction->parts.size() + 1 +
                               static_cast<std::size_t>(std::ranges::count(text, '.')));
    while (true) {
      const std::size_t dot = text.find('.');
      instruction->parts.push_back(text.substr(0, dot));
      if (dot == std::string_view::npos) return;
      text.remove_prefix(dot + 1);
    }
  }

  void Declare(int line, std::string_view name, Scopes::Name meaning) {
    if (!cursor_.failed() && !scopes_.Declare(name, meaning)) FailDeclaredTwice(line, name);
  }
  void FailDeclaredTwice(int line, std::string_view name) {
    cursor_.Fail(line, Quote(name) + " is declared twice in the same scope");
  }
  void FailTooMany(int line, const char* what) {
    cursor_.Fail(line, Quote(function_.name) + " has more than " + std::to_string(kMaxPerFunction) +
                           " " + what);
  }

  Cursor& cursor_;
  Function& function_;
  Scopes scopes_;
  LabelResolver labels_;
  OperandParser operands_;
  std::vector<Operand> scratch_;  // operands of the instruction being parsed
  SourcePlace source_;            // of the last .loc
};

}  // namespace

void ParseBody(Cursor& cursor, const ModuleNames& module_names, Function* function) {
  BodyParser(cursor, module_names, *function).Parse();
}

}  // namespace nodecuda::ptx
