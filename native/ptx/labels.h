#ifndef NODECUDA_PTX_LABELS_H_
#define NODECUDA_PTX_LABELS_H_

#include <cstddef>
#include <vector>

#include "ptx/ast.h"
#include "ptx/cursor.h"
#include "ptx/scopes.h"

namespace nodecuda::ptx {

// Labels may be used before they are declared, so their uses wait for the end of the scope they
// stand in and, if it has no such label, of the scopes around it.
class LabelResolver {
 public:
  LabelResolver(Cursor& cursor, Scopes& scopes, Function& function)
      : cursor_(cursor), scopes_(scopes), function_(function) {}

  // Operand `operand` of the instruction at `instruction` is a kLabel.
  void AddUse(std::size_t instruction, std::size_t operand);
  // Keeps the operands of a .branchtargets or .calltargets list; returns its index.
  std::size_t AddTargets(std::vector<Operand> targets, int line);

  // To be called before the innermost scope closes; fails on what the function never declares.
  void ResolveScope();
  // To be called at the end: gives each operand that names a list a copy of it.
  void CopyTargets();

 private:
  struct Use {
    std::size_t depth;
    bool in_list;
    std::size_t owner;  // index of the instruction, or of the list
    std::size_t operand;
    int line;
  };
  struct ListUse {
    std::size_t instruction, operand, list;
  };
  Operand& At(const Use& use);
  void Resolve(const Use& use, Scopes::Name meaning);

  Cursor& cursor_;
  Scopes& scopes_;
  Function& function_;
  std::vector<Use> uses_;  // by depth, deepest last
  std::vector<ListUse> list_uses_;
  std::vector<std::vector<Operand>> lists_;
};

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_LABELS_H_
