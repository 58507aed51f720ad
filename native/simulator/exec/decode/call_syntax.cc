#include "simulator/exec/decode/call_syntax.h"

#include <algorithm>

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Variable;

namespace {

bool IsTargets(const Operand& list) {
  return !list.elements.empty() && std::ranges::all_of(list.elements, [](const Operand& element) {
    return element.kind == Operand::Kind::kSymbol && element.variable_index < 0;
  });
}

std::span<const Operand> Elements(const Operand* list) {
  return list == nullptr ? std::span<const Operand>() : list->elements;
}

}  // namespace

bool IsCall(const ptx::Instruction& instruction) {
  return !instruction.parts.empty() && instruction.parts[0] == "call";
}

Call TakeApart(const ptx::Instruction& instruction) {
  Call call;
  for (const Operand& operand : instruction.operands) {
    if (call.function == nullptr) {
      (operand.kind == Operand::Kind::kList ? call.results : call.function) = &operand;
    } else if (operand.kind == Operand::Kind::kList && call.arguments == nullptr &&
               !(call.is_indirect() && IsTargets(operand))) {
      call.arguments = &operand;
    }
  }
  return call;
}

bool IsBuiltin(std::string_view name) {
  constexpr std::string_view kNames[] = {"vprintf", "__assertfail", "malloc", "free"};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

bool IsStackOperation(std::string_view base) {
  return base == "alloca" || base == "stacksave" || base == "stackrestore";
}

namespace {

// `declared` is null where nothing is known of the callee.
bool CheckList(const Operand* list, const std::vector<Variable>* declared,
               std::span<const Variable> variables, std::string* why) {
  const std::span<const Operand> all = Elements(list);
  if (declared != nullptr && all.size() != declared->size()) {
    *why = "wrong number of arguments or results";
    return false;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto index = static_cast<std::size_t>(all[i].variable_index);
    if (all[i].kind != Operand::Kind::kSymbol || all[i].variable_index < 0 || all[i].offset != 0 ||
        index >= variables.size() || variables[index].space != ptx::Space::kParam) {
      *why = "arguments and results must be .param variables";
      return false;
    }
    if (declared != nullptr && variables[index].ByteSize() < (*declared)[i].ByteSize()) {
      *why = "an argument or result is too small";
      return false;
    }
  }
  return true;
}

}  // namespace

bool CheckPassed(const Call& call, const ptx::Function* callee, std::span<const Variable> variables,
                 std::string* why) {
  return CheckList(call.arguments, callee == nullptr ? nullptr : &callee->parameters, variables,
                   why) &&
         CheckList(call.results, callee == nullptr ? nullptr : &callee->results, variables, why);
}

Signature SignatureOf(const ptx::Function& function) {
  Signature signature;
  for (const Variable& variable : function.parameters)
    signature.parameters.push_back(variable.ByteSize());
  for (const Variable& variable : function.results)
    signature.results.push_back(variable.ByteSize());
  return signature;
}

Signature SignatureOf(const Call& call, std::span<const Variable> variables) {
  const auto sizes = [&](const Operand* list) {
    std::vector<std::size_t> bytes;
    for (const Operand& passed : Elements(list))
      bytes.push_back(variables[static_cast<std::size_t>(passed.variable_index)].ByteSize());
    return bytes;
  };
  return {sizes(call.arguments), sizes(call.results)};
}

}  // namespace nodecuda::simulator
