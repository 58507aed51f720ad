#include "simulator/exec/code/symbols.h"

#include <algorithm>
#include <set>
#include <vector>

namespace nodecuda::simulator {
namespace {

using ptx::Space;

constexpr std::size_t kMaxParameterBytes = 32764;  // as CUDA's, from sm_70

std::size_t AlignmentOf(const ptx::Variable& variable) {
  return std::max<std::size_t>(variable.alignment, std::max<std::size_t>(SizeOf(variable.type), 1));
}

std::size_t AlignUp(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

// Puts `variable` at the end of `*end`; false if that would pass `limit`.
bool Append(const ptx::Variable& variable, std::size_t limit, std::size_t* end,
            std::size_t* offset) {
  const std::size_t element = std::max<std::size_t>(SizeOf(variable.type), 1);
  if (variable.count > limit / element || AlignmentOf(variable) > limit) return false;
  *offset = AlignUp(*end, AlignmentOf(variable));
  *end = *offset + variable.ByteSize();
  return *end <= limit;
}

void CollectNames(const ptx::Operand& operand, std::set<std::string_view>* names) {
  if (operand.kind == ptx::Operand::Kind::kSymbol) names->insert(operand.name);
  for (const ptx::Operand& element : operand.elements) CollectNames(element, names);
}

}  // namespace

const Symbol* FunctionSymbols::Find(const ptx::Operand& operand) const {
  if (operand.variable_index >= 0) {
    const auto index = static_cast<std::size_t>(operand.variable_index);
    return index < variables.size() ? &variables[index] : nullptr;
  }
  const auto entry = named.find(operand.name);
  return entry == named.end() ? nullptr : &entry->second;
}

bool LayOutFunction(const ptx::Module& module, const ptx::Function& function, DecodedKernel* kernel,
                    FunctionSymbols* symbols, std::string* why) {
  const auto refuse = [&](const ptx::Variable& variable, const char* reason) {
    *why = "PTX line " + std::to_string(variable.line) + ": " + std::string(variable.name) + ": " +
           reason;
    return false;
  };

  for (const ptx::Variable& parameter : function.parameters) {
    std::size_t offset = 0;
    if (!Append(parameter, kMaxParameterBytes, &kernel->parameter_bytes, &offset))
      return refuse(parameter, "more than 32764 bytes of parameters");
    kernel->parameters.push_back({offset, parameter.ByteSize(), AlignmentOf(parameter)});
    symbols->named[parameter.name] = {Space::kParam, offset};
  }

  std::set<std::string_view> named;
  for (const ptx::Instruction& instruction : function.body)
    for (const ptx::Operand& operand : instruction.operands) CollectNames(operand, &named);

  struct Place {
    const ptx::Variable* variable;
    Symbol* symbol;
  };
  std::vector<Place> places;
  for (const ptx::Variable& variable : module.variables)
    if (variable.space == Space::kShared && named.contains(variable.name))
      places.push_back({&variable, &symbols->named[variable.name]});
  symbols->variables.resize(function.variables.size());
  for (std::size_t i = 0; i < function.variables.size(); ++i)
    places.push_back({&function.variables[i], &symbols->variables[i]});

  std::size_t dynamic_alignment = 16;
  for (const auto& [variable, symbol] : places) {
    std::size_t offset = 0;
    switch (variable->space) {
      case Space::kShared:
        if (variable->unsized) {
          dynamic_alignment = std::max(dynamic_alignment, AlignmentOf(*variable));
          continue;
        }
        if (!Append(*variable, kMaxSharedBytes / 2, &kernel->static_shared_bytes, &offset))
          return refuse(*variable, "too much shared memory");
        break;
      case Space::kParam:  // of calls, which have been inlined: variables like others
      case Space::kLocal:
        if (!Append(*variable, kMaxLocalBytes, &kernel->local_bytes, &offset))
          return refuse(*variable, "more than 512 KiB of local memory per thread");
        break;
      default:
        return refuse(*variable, "a variable of this state space is not supported in a function");
    }
    *symbol = {variable->space == Space::kParam ? Space::kLocal : variable->space, offset};
  }
  kernel->local_bytes = AlignUp(kernel->local_bytes, 16);  // keeps every lane's area aligned

  // All dynamic shared arrays are one: they begin where the static ones end.
  if (dynamic_alignment > kMaxSharedBytes / 4) {
    *why = std::string(kernel->name) + ": alignment of shared memory is too large";
    return false;
  }
  kernel->dynamic_shared_offset = AlignUp(kernel->static_shared_bytes, dynamic_alignment);
  for (const auto& [variable, symbol] : places)
    if (variable->space == Space::kShared && variable->unsized)
      *symbol = {Space::kShared, kernel->dynamic_shared_offset};
  return true;
}

}  // namespace nodecuda::simulator
