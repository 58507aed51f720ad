#include "ptx/link.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "ptx/cursor.h"
#include "ptx/parser.h"
#include "ptx/remarks.h"
#include "ptx/statements.h"
#include "ptx/symbols.h"

namespace nodecuda::ptx {
namespace {

std::string TargetOf(const Module& module) {
  std::string name = "sm_" + std::to_string(module.target);
  if (module.target_suffix != 0) name += module.target_suffix;
  return name;
}

// Whether whatever runs code for `b` runs code for `a` as well.
bool Includes(const Module& b, const Module& a) {
  if (a.target_suffix == 'a') return b.target_suffix == 'a' && a.target == b.target;
  if (a.target_suffix == 'f' && b.target_suffix == 0) return false;
  return RunsOn(a.target, a.target_suffix, b.target);
}

// The unit whose target includes all others.
const Unit* FindTarget(const std::vector<Unit>& units, Problems& problems) {
  const auto includes_all = [&](const Unit& unit) {
    return std::ranges::all_of(
        units, [&](const Unit& other) { return Includes(unit.module, other.module); });
  };
  const auto found = std::ranges::find_if(units, includes_all);
  if (found != units.end()) return &*found;
  for (const Unit& unit : units) {
    const Unit& first = units.front();
    if (Includes(unit.module, first.module) || Includes(first.module, unit.module)) continue;
    problems.Add(first.name + " is for " + TargetOf(first.module) + " and " + unit.name + " for " +
                 TargetOf(unit.module) + ", which no device runs both: compile them for the same");
  }
  // Each fits the first, but not all fit together.
  if (!problems.Any()) problems.Add("of the sources' targets none includes all others");
  return nullptr;
}

std::optional<Unit> ReadUnit(const LinkSource& source, Problems& problems) {
  ParseError error;
  std::optional<Module> module = Parse(source.text, &error);
  if (!module) {
    problems.Add(source.name + ": " + error.Words());
    return std::nullopt;
  }
  Unit unit;
  unit.name = source.name;
  unit.module = *std::move(module);
  unit.statements = CutStatements(unit.module);
  for (const Function& function : unit.module.functions) {
    unit.functions.emplace(function.name, &function);
  }
  for (const Variable& variable : unit.module.variables) {
    unit.variables.emplace(variable.name, &variable);
  }
  return unit;
}

// Writes what is in a unit's text, with other names where the unit has those.
class Writer {
 public:
  Writer(const Unit& unit, std::string* out) : out_(*out) {
    if (unit.renamed.empty()) return;
    const auto add = [&](std::string_view name) {
      const auto found = unit.renamed.find(name);
      if (found != unit.renamed.end()) names_.emplace(name.data(), &found->second);
    };
    for (const Statement& statement : unit.statements) add(statement.name);
    for (const auto& [name, function] : unit.functions) std::ranges::for_each(function->uses, add);
    for (const auto& [name, variable] : unit.variables) {
      for (const Reference& reference : variable->references) add(reference.symbol);
    }
  }

  // `text` is a part of the unit's. Lines of source files, which are not there, are left out.
  void Write(std::string_view text, bool with_pragmas = true) {
    ParseError ignored;
    Cursor cursor(text, &ignored);
    const char* rest = text.data();
    while (!cursor.AtEnd()) {
      const Token token = cursor.Peek();
      if (SkipLoc(cursor) || (!with_pragmas && SkipPragma(cursor))) {
        out_.append(rest, token.text.data());
        rest = cursor.Peek().text.data();
        continue;
      }
      if (const auto name = names_.find(token.text.data()); name != names_.end()) {
        out_.append(rest, token.text.data());
        out_ += *name->second;
        rest = token.text.data() + token.text.size();
      }
      cursor.Take();
    }
    out_.append(rest, text.data() + text.size());
  }

 private:
  std::string& out_;
  std::unordered_map<const char*, const std::string*> names_;  // by where they stand
};

const char* DirectiveOf(Binding binding) {
  switch (binding) {
    case Binding::kLocal:
      return "";
    case Binding::kExtern:
      return ".extern ";
    case Binding::kCommon:
      return ".common ";
    case Binding::kWeak:
      return ".weak ";
    case Binding::kVisible:
      return ".visible ";
  }
  return "";
}

class Linker {
 public:
  Linker(const std::vector<Unit>& units, const std::vector<Symbol>& symbols)
      : units_(units), symbols_(symbols) {
    for (const Unit& unit : units_) writers_.emplace_back(unit, &out_);
    for (const Symbol& symbol : symbols_) by_name_.emplace(symbol.name, &symbol);
  }

  std::string Link(const Module& target) {
    WriteHeader(target);
    for (const Symbol& symbol : symbols_) WriteDeclaration(symbol);
    for (std::size_t i = 0; i < units_.size(); ++i) WriteUnit(i);
    return std::move(out_);
  }

 private:
  void WriteHeader(const Module& target) {
    int version = 0;
    for (const Unit& unit : units_) version = std::max(version, unit.module.version);
    out_ += ".version " + std::to_string(version / 10) + "." + std::to_string(version % 10);
    out_ += "\n.target " + TargetOf(target);
    if (target.independent_textures) out_ += ", texmode_independent";
    out_ += "\n.address_size 64\n\n";
  }

  // What all see is there before anything that may use it. A function by its head alone, for ptxas
  // takes no definition after `.extern .func`. A variable as a whole, for ptxas warns of `.extern`,
  // unless its initialiser may name what comes later. A kernel not: nothing names one before it is
  // there, and its head has directives that only a definition may have.
  void WriteDeclaration(const Symbol& symbol) {
    if (symbol.extern_declaration) {
      return WriteHead(symbol.extern_declaration->unit, StatementAt(*symbol.extern_declaration),
                       Binding::kExtern);
    }
    if (!symbol.definition || !symbol.is_declared_first) return;
    const Statement& statement = StatementAt(*symbol.definition);
    const std::size_t unit = symbol.definition->unit;
    if (statement.kind == Statement::Kind::kFunction) {
      WriteHead(unit, statement, symbol.binding);
    } else if (IsEarly(symbol)) {
      WriteStatement(unit, statement, symbol.binding);
    } else if (statement.kind == Statement::Kind::kVariable) {
      WriteHead(unit, statement, Binding::kExtern);
    }
  }

  // Whether it is written where others are only declared.
  bool IsEarly(const Symbol& symbol) const {
    if (StatementAt(*symbol.definition).kind != Statement::Kind::kVariable) return false;
    const auto& variables = units_[symbol.definition->unit].variables;
    return symbol.is_declared_first && variables.at(symbol.name)->references.empty();
  }

  const Statement& StatementAt(const Place& place) const {
    return units_[place.unit].statements[place.statement];
  }

  void WriteUnit(std::size_t index) {
    out_ += "\n// source " + std::to_string(index) + "\n";
    const std::vector<Statement>& statements = units_[index].statements;
    const auto& renamed = units_[index].renamed;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const auto found = by_name_.find(statements[i].name);
      if (found == by_name_.end() || renamed.contains(statements[i].name)) {
        WriteStatement(index, statements[i], Binding::kLocal);
        continue;
      }
      const Symbol& symbol = *found->second;
      const std::optional<Place>& kept = symbol.definition;
      if (kept && kept->unit == index && kept->statement == i && !IsEarly(symbol)) {
        WriteStatement(index, statements[i], symbol.binding);
      }
    }
  }

  void WriteStatement(std::size_t unit, const Statement& statement, Binding binding) {
    if (statement.rest.empty()) return WriteHead(unit, statement, binding);
    const bool is_variable = statement.kind == Statement::Kind::kVariable;
    // A kernel keeps the binding that it has: see BindingOf in symbols.cc.
    const bool is_kernel = statement.kind == Statement::Kind::kEntry;
    WriteHead(unit, statement, is_kernel ? statement.binding : binding, is_variable ? " " : "\n");
    writers_[unit].Write(statement.rest);
    out_ += is_variable ? ";\n" : "\n";
  }

  void WriteHead(std::size_t unit, const Statement& statement, Binding binding,
                 const char* end = ";\n") {
    out_ += DirectiveOf(binding);
    writers_[unit].Write(statement.head, false);
    if (!statement.declarator.empty()) {
      out_ += ' ';
      writers_[unit].Write(statement.declarator);
    }
    out_ += end;
  }

  const std::vector<Unit>& units_;
  const std::vector<Symbol>& symbols_;
  std::vector<Writer> writers_;
  std::unordered_map<std::string_view, const Symbol*> by_name_;
  std::string out_;
};

}  // namespace

std::optional<std::string> Link(const std::vector<LinkSource>& sources,
                                std::vector<std::string>* lines) {
  lines->clear();
  Problems problems(lines);
  std::vector<Unit> units;
  for (const LinkSource& source : sources) {
    if (auto unit = ReadUnit(source, problems)) units.push_back(*std::move(unit));
  }
  if (problems.Any()) return std::nullopt;
  const Unit* target = FindTarget(units, problems);
  for (const Unit& unit : units) {
    if (unit.module.independent_textures == units.front().module.independent_textures) continue;
    problems.Add(units.front().name + " and " + unit.name +
                 " differ in texmode_independent, which holds for a whole module");
  }
  const std::vector<Symbol> symbols = ResolveSymbols(units, problems);
  if (problems.Any()) return std::nullopt;
  return Linker(units, symbols).Link(target->module);
}

std::vector<std::string> DefinitionsOf(std::string_view text) {
  std::vector<std::string> names;
  ParseError ignored;
  const std::optional<Module> module = ParseDeclarations(text, &ignored);
  if (!module) return names;
  for (const Statement& statement : CutStatements(*module)) {
    if (IsDefinition(statement) && BindingOf(statement) == Binding::kVisible) {
      names.emplace_back(statement.name);
    }
  }
  return names;
}

}  // namespace nodecuda::ptx
