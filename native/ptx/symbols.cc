#include "ptx/symbols.h"

#include <algorithm>
#include <utility>

#include "ptx/cursor.h"

namespace nodecuda::ptx {
namespace {

constexpr std::size_t kMostProblems = 20;

// What drivers have of their own: ptxas takes these without a definition, and no others.
bool IsProvided(std::string_view name) {
  constexpr std::string_view kNames[] = {"vprintf", "malloc", "free", "__assertfail"};
  return std::ranges::find(kNames, name) != std::end(kNames) ||
         name.starts_with("__cuda_syscall") || name.starts_with("cnp");
}

// A name as one unit has it.
struct Own {
  std::string_view name;
  std::size_t statement = 0;  // the definition, if there is one
  bool is_defined = false;
  bool is_declared = false;
  Binding binding = Binding::kLocal;
};

std::vector<Own> NamesOf(const Unit& unit) {
  std::vector<Own> names;
  std::unordered_map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < unit.statements.size(); ++i) {
    const Statement& statement = unit.statements[i];
    const auto [found, is_new] = known.emplace(statement.name, names.size());
    if (is_new) names.push_back({statement.name, i});
    Own& own = names[found->second];
    if (statement.binding != Binding::kExtern) {
      own.binding = std::max(own.binding, BindingOf(statement));
    }
    if (IsDefinition(statement)) {
      own.statement = i;
      own.is_defined = true;
    } else {
      own.is_declared = true;
    }
  }
  for (Own& own : names) {
    if (!own.is_defined) own.binding = Binding::kExtern;
  }
  return names;
}

class Resolver {
 public:
  Resolver(std::vector<Unit>& units, Problems& problems) : units_(units), problems_(problems) {}

  std::vector<Symbol> Resolve() {
    std::vector<std::vector<Own>> own;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      own.push_back(NamesOf(units_[i]));
      for (const Own& name : own.back()) {
        if (name.binding != Binding::kLocal) Add(i, name);
      }
    }
    for (Symbol& symbol : symbols_) {
      if (!symbol.definition) ResolveExtern(symbol);
      CheckAgreement(symbol);
    }
    for (std::size_t i = 0; i < units_.size(); ++i) {
      for (const Own& name : own[i]) {
        if (name.binding == Binding::kLocal) Keep(i, name.name);
      }
    }
    return std::move(symbols_);
  }

 private:
  const Statement& At(const Place& place) const {
    return units_[place.unit].statements[place.statement];
  }
  const Variable& VariableAt(const Place& place) const {
    return *units_[place.unit].variables.at(At(place).name);
  }
  const Function& FunctionAt(const Place& place) const {
    return *units_[place.unit].functions.at(At(place).name);
  }
  const std::string& UnitOf(const Place& place) const { return units_[place.unit].name; }

  void Add(std::size_t unit, const Own& own) {
    const auto [found, is_new] = by_name_.emplace(own.name, symbols_.size());
    if (is_new) symbols_.emplace_back().name = own.name;
    Symbol& symbol = symbols_[found->second];
    symbol.is_declared_first = symbol.is_declared_first || !is_new || own.is_declared;
    const Place place{unit, own.statement};
    symbol.places.push_back(place);
    if (!own.is_defined) return;
    if (own.binding == Binding::kVisible && symbol.binding == Binding::kVisible) {
      problems_.Add(UnitOf(*symbol.definition) + " and " + UnitOf(place) + " both define " +
                    Quote(own.name));
    } else if (own.binding > symbol.binding ||
               (own.binding == symbol.binding && IsLarger(place, symbol))) {
      symbol.definition = place;
      symbol.binding = own.binding;
    }
  }

  // Of common variables the largest stays, whose memory is enough for all.
  bool IsLarger(const Place& place, const Symbol& symbol) const {
    const bool are_common = At(place).kind == Statement::Kind::kVariable &&
                            At(*symbol.definition).kind == Statement::Kind::kVariable &&
                            At(place).binding == Binding::kCommon;
    return are_common && VariableAt(place).ByteSize() > VariableAt(*symbol.definition).ByteSize();
  }

  void ResolveExtern(Symbol& symbol) {
    const Place* best = &symbol.places.front();
    if (At(*best).kind == Statement::Kind::kVariable) {
      if (VariableAt(*best).space == Space::kShared && VariableAt(*best).unsized) {
        // Shared memory whose size the launch says, one for all.
        for (const Place& place : symbol.places) {
          if (At(place).kind != Statement::Kind::kVariable) continue;
          if (VariableAt(place).alignment > VariableAt(*best).alignment) best = &place;
        }
        symbol.extern_declaration = *best;
        return;
      }
    } else if (IsProvided(symbol.name)) {
      symbol.extern_declaration = *best;
      return;
    }
    for (const Place& place : symbol.places) {
      if (!IsUsed(place.unit, symbol.name)) continue;
      problems_.Add(UnitOf(place) + " uses " + Quote(symbol.name) + ", which nothing defines");
    }
  }

  // By what stays of the unit: not by definitions in place of which another's are taken.
  bool IsUsed(std::size_t index, std::string_view name) const {
    const auto stays = [&](std::string_view user) {
      const auto found = by_name_.find(user);
      if (found == by_name_.end()) return true;
      const std::optional<Place>& kept = symbols_[found->second].definition;
      return !kept || kept->unit == index;
    };
    const auto names_it = [&](const Reference& reference) { return reference.symbol == name; };
    const Unit& unit = units_[index];
    return std::ranges::any_of(unit.functions,
                               [&](const auto& function) {
                                 const auto& uses = function.second->uses;
                                 return std::ranges::find(uses, name) != uses.end() &&
                                        stays(function.first);
                               }) ||
           std::ranges::any_of(unit.variables, [&](const auto& variable) {
             return std::ranges::any_of(variable.second->references, names_it) &&
                    stays(variable.first);
           });
  }

  // All that have the name have to mean what stays.
  void CheckAgreement(const Symbol& symbol) {
    const std::optional<Place>& kept =
        symbol.definition ? symbol.definition : symbol.extern_declaration;
    if (!kept) return;
    for (const Place& place : symbol.places) {
      if (place.unit == kept->unit || Agree(place, *kept)) continue;
      problems_.Add(UnitOf(place) + " declares " + Quote(symbol.name) + " unlike " + UnitOf(*kept) +
                    ": " + Describe(place) + " and " + Describe(*kept));
    }
  }

  bool Agree(const Place& a, const Place& b) const {
    if (At(a).kind != At(b).kind) return false;
    if (At(a).kind != Statement::Kind::kVariable) {
      return SameSignature(FunctionAt(a), FunctionAt(b));
    }
    const Variable& x = VariableAt(a);
    const Variable& y = VariableAt(b);
    const bool is_common = At(a).binding == Binding::kCommon;
    return x.space == y.space &&
           (x.unsized || x.ByteSize() == y.ByteSize() || (is_common && !y.unsized));
  }

  std::string Describe(const Place& place) const {
    const Statement& statement = At(place);
    if (statement.kind == Statement::Kind::kVariable) {
      const Variable& variable = VariableAt(place);
      const std::string bytes =
          variable.unsized ? "any number of" : std::to_string(variable.ByteSize());
      return bytes + " bytes of " + SpaceName(variable.space);
    }
    const Function& function = FunctionAt(place);
    const char* kind = function.is_entry ? "kernel" : "function";
    return Signature(function.results) + " " + kind + Signature(function.parameters);
  }

  static std::string SpaceName(Space space) {
    if (space == Space::kShared) return ".shared";
    return space == Space::kConst ? ".const" : ".global";
  }

  static std::string Signature(const std::vector<Variable>& variables) {
    constexpr std::size_t kMost = 8;
    std::string sizes;
    for (std::size_t i = 0; i < variables.size() && i < kMost; ++i) {
      sizes += (i == 0 ? "" : ", ") + std::to_string(variables[i].ByteSize());
    }
    return "(" + sizes + (variables.size() > kMost ? ", ..." : "") + ")";
  }

  // A name that only its unit sees stays, unless another has it.
  void Keep(std::size_t index, std::string_view name) {
    if (!by_name_.contains(name) && taken_.emplace(name).second) return;
    Unit& unit = units_[index];
    // Not what anything in the unit is called, for that would hide it. Nor may it end with a digit:
    // .reg .b32 %r<9> declares names that do not stand in the text.
    std::string free = std::string(name) + "$" + std::to_string(index) + "$linked";
    while (by_name_.contains(free) || taken_.contains(free) || WordsOf(index).contains(free)) {
      free += '_';
    }
    taken_.insert(free);
    unit.renamed.emplace(name, std::move(free));
  }

  const std::unordered_set<std::string_view>& WordsOf(std::size_t index) {
    const auto [found, is_new] = words_.try_emplace(index);
    if (is_new) {
      ParseError ignored;
      for (Cursor cursor(*units_[index].module.text, &ignored); !cursor.AtEnd(); cursor.Take()) {
        if (cursor.At(TokenKind::kWord)) found->second.insert(cursor.Peek().text);
      }
    }
    return found->second;
  }

  std::vector<Unit>& units_;
  Problems& problems_;
  std::vector<Symbol> symbols_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::unordered_set<std::string> taken_;  // by what only one unit sees
  std::unordered_map<std::size_t, std::unordered_set<std::string_view>> words_;
};

}  // namespace

bool IsDefinition(const Statement& statement) {
  return statement.kind == Statement::Kind::kVariable ? statement.binding != Binding::kExtern
                                                      : !statement.rest.empty();
}

Binding BindingOf(const Statement& statement) {
  const bool is_local = statement.binding == Binding::kLocal;
  return is_local && statement.kind == Statement::Kind::kEntry ? Binding::kVisible
                                                               : statement.binding;
}

void Problems::Add(std::string line) {
  if (lines_.size() < kMostProblems) {
    lines_.push_back(std::move(line));
  } else if (lines_.size() == kMostProblems) {
    lines_.emplace_back("... and more");
  }
}

std::vector<Symbol> ResolveSymbols(std::vector<Unit>& units, Problems& problems) {
  return Resolver(units, problems).Resolve();
}

}  // namespace nodecuda::ptx
