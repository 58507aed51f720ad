#ifndef NODECUDA_PTX_STATEMENTS_H_
#define NODECUDA_PTX_STATEMENTS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "ptx/ast.h"

// A module as it is written, cut into what it declares. For a linker, which moves text.
namespace nodecuda::ptx {

// Who sees a name: the module alone, or all that are linked. Of several definitions that all see,
// the one of the strongest binding stays; in this order.
enum class Binding : std::uint8_t { kLocal, kExtern, kCommon, kWeak, kVisible };

// One variable, also where a declaration has several, or one function, declared or defined.
struct Statement {
  enum class Kind : std::uint8_t { kVariable, kFunction, kEntry };
  Kind kind = Kind::kVariable;
  Binding binding = Binding::kLocal;
  std::string_view name;
  // Of a variable `.global .align 4 .b8`, `x[4]` and `= {1, 2}`, where there is that; of a function
  // all before its body, nothing, and the body.
  std::string_view head, declarator, rest;
};

// The statements of a module that was parsed; views into its text. Debug information, and pragmas
// that stand between statements, are left out.
std::vector<Statement> CutStatements(const Module& module);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_STATEMENTS_H_
