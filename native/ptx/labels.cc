#include "ptx/labels.h"

#include <utility>

namespace nodecuda::ptx {

void LabelResolver::AddUse(std::size_t instruction, std::size_t operand) {
  uses_.push_back({scopes_.depth(), false, instruction, operand, function_.body[instruction].line});
}

std::size_t LabelResolver::AddTargets(std::vector<Operand> targets, int line) {
  const std::size_t list = lists_.size();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].kind == Operand::Kind::kLabel) {
      uses_.push_back({scopes_.depth(), true, list, i, line});
    }
  }
  lists_.push_back(std::move(targets));
  return list;
}

void LabelResolver::ResolveScope() {
  const std::size_t depth = scopes_.depth();
  std::size_t first = uses_.size();
  while (first > 0 && uses_[first - 1].depth == depth) --first;
  std::size_t kept = first;
  for (std::size_t i = first; i < uses_.size() && !cursor_.failed(); ++i) {
    Use use = uses_[i];
    const std::string_view name = At(use).name;
    const Scopes::Name meaning = scopes_.FindHere(name);
    if (meaning.kind != Scopes::Kind::kNone) {
      Resolve(use, meaning);
    } else if (depth > 1) {
      use.depth = depth - 1;
      uses_[kept++] = use;
    } else {
      cursor_.Fail(use.line, Quote(name) + " is not declared, and no label here has that name");
    }
  }
  uses_.resize(kept);
}

void LabelResolver::Resolve(const Use& use, Scopes::Name meaning) {
  Operand& operand = At(use);
  if (meaning.kind == Scopes::Kind::kLabel || meaning.kind == Scopes::Kind::kPrototype) {
    operand.bits = meaning.index;
  } else if (meaning.kind == Scopes::Kind::kTargets && !use.in_list) {
    list_uses_.push_back({use.owner, use.operand, meaning.index});
  } else {
    cursor_.Fail(use.line, Quote(operand.name) + " is neither a label nor declared before its use");
  }
}

void LabelResolver::CopyTargets() {
  for (const ListUse& use : list_uses_) {
    const std::vector<Operand>& list = lists_[use.list];
    if (!cursor_.Spend(&cursor_.budget.operands, list.size(), "operands")) return;
    Operand& operand = function_.body[use.instruction].operands[use.operand];
    operand.kind = Operand::Kind::kList;
    operand.elements = list;
  }
}

Operand& LabelResolver::At(const Use& use) {
  return use.in_list ? lists_[use.owner][use.operand]
                     : function_.body[use.owner].operands[use.operand];
}

}  // namespace nodecuda::ptx
