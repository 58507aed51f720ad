#ifndef NODECUDA_PTX_SYMBOLS_H_
#define NODECUDA_PTX_SYMBOLS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ptx/ast.h"
#include "ptx/statements.h"

// What the modules that are linked see of each other.
namespace nodecuda::ptx {

bool IsDefinition(const Statement& statement);
// Who sees what it declares. A kernel is for who launches it, whatever the module says.
Binding BindingOf(const Statement& statement);

// A module on its way into another.
struct Unit {
  std::string name;  // in messages
  Module module;
  std::vector<Statement> statements;
  std::unordered_map<std::string_view, const Function*> functions;
  std::unordered_map<std::string_view, const Variable*> variables;
  // What its own names become where they would clash.
  std::unordered_map<std::string_view, std::string> renamed;
};

struct Place {
  std::size_t unit = 0, statement = 0;
};

// A name that all modules see.
struct Symbol {
  std::string_view name;
  std::optional<Place> definition;          // the one that stays
  Binding binding = Binding::kExtern;       // of that
  std::optional<Place> extern_declaration;  // where there is no definition, nor need be
  std::vector<Place> places;                // one for each unit that has it
  // Something may use it before its definition: another unit, or its own, which declares it first.
  bool is_declared_first = false;
};

// Refusals, of which so many are kept as people read.
class Problems {
 public:
  explicit Problems(std::vector<std::string>* lines) : lines_(*lines) {}

  void Add(std::string line);
  bool Any() const { return !lines_.empty(); }

 private:
  std::vector<std::string>& lines_;
};

// The names that all see, in the order in which they first appear. Adds what cannot be linked to
// the problems, and renames what only one unit sees.
std::vector<Symbol> ResolveSymbols(std::vector<Unit>& units, Problems& problems);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_SYMBOLS_H_
