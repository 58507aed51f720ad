#ifndef NODECUDA_PTX_SCOPES_H_
#define NODECUDA_PTX_SCOPES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ptx/ast.h"

namespace nodecuda::ptx {

// The names visible inside a function. `{ }` opens a scope whose names hide those outside.
class Scopes {
 public:
  enum class Kind : std::uint8_t {
    kNone,
    kRegister,   // index into Function::registers
    kVariable,   // index into Function::variables
    kParameter,  // a parameter or result of the function
    kLabel,      // index into Function::body
    kPrototype,  // the label of a .callprototype
    kTargets,    // the label of a .branchtargets or .calltargets list; index of the list
  };
  struct Name {
    Kind kind = Kind::kNone;
    std::size_t index = 0;
  };

  explicit Scopes(Function& function) : function_(function) { Open(); }

  void Open() { scopes_.emplace_back(); }
  void Close() { scopes_.pop_back(); }
  std::size_t depth() const { return scopes_.size(); }

  // These are false if the innermost scope has the name already.
  bool Declare(std::string_view name, Name meaning);
  bool DeclareRegister(std::string_view name, Type type);
  // %r<12> declares %r0 to %r11. A register of the range comes to be at its first use, so that a
  // range costs nothing; a register declared alone before the range that has its name wins.
  bool DeclareRange(std::string_view prefix, std::uint64_t count, Type type);

  // The innermost declaration of a name.
  Name Find(std::string_view name);
  // Of the innermost scope only, registers of ranges left out.
  Name FindHere(std::string_view name) const;

 private:
  struct Range {
    std::uint64_t count;
    Type type;
  };
  struct Scope {
    std::unordered_map<std::string_view, Name> names;
    std::unordered_map<std::string_view, Range> ranges;
  };
  static const Range* FindRange(const Scope& scope, std::string_view name);

  Function& function_;
  std::vector<Scope> scopes_;
};

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_SCOPES_H_
