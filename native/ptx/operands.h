#ifndef NODECUDA_PTX_OPERANDS_H_
#define NODECUDA_PTX_OPERANDS_H_

#include <string_view>
#include <unordered_set>
#include <vector>

#include "ptx/ast.h"
#include "ptx/cursor.h"
#include "ptx/scopes.h"

namespace nodecuda::ptx {

// The variables and functions of the module declared so far.
using ModuleNames = std::unordered_set<std::string_view>;

// Parses operands of instructions and resolves the names in them. A name that is unknown, where
// a label may stand, becomes a kLabel: it may be declared further on.
class OperandParser {
 public:
  // Each name of the module that an operand has is added to `uses`.
  OperandParser(Cursor& cursor, const ModuleNames& module_names, Scopes& scopes,
                std::vector<std::string_view>& uses)
      : cursor_(cursor), module_names_(module_names), scopes_(scopes), uses_(uses) {}

  Operand Parse() { return ParseOperand(0); }

 private:
  Operand ParseOperand(int depth);
  Operand ParsePair(Operand first, int depth);
  Operand ParsePrimary(int depth);  // a register, number or name
  Operand ParseNumber();
  Operand ParseNegated();
  Operand ParseName(int depth);
  Operand ParseAddress(int depth);
  std::vector<Operand> ParseElements(char close, int depth);
  std::int64_t ParseOffset();  // `+4`, `-4`, `+-4` or nothing

  Cursor& cursor_;
  const ModuleNames& module_names_;
  Scopes& scopes_;
  std::vector<std::string_view>& uses_;
};

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_OPERANDS_H_
