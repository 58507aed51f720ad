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

bool Refuse(const ptx::Variable& variable, const char* reason, std::string* why) {
  *why = "PTX line " + std::to_string(variable.line) + ": " + std::string(variable.name) + ": " +
         reason;
  return false;
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
  for (const SymbolTable* table : {&named, module}) {
    if (table == nullptr) continue;
    if (const auto entry = table->find(operand.name); entry != table->end()) return &entry->second;
  }
  return nullptr;
}

bool LayOutParameters(const ptx::Function& kernel, DecodedKernel* decoded, FunctionSymbols* symbols,
                      std::string* why) {
  for (const ptx::Variable& parameter : kernel.parameters) {
    std::size_t offset = 0;
    if (!Append(parameter, kMaxParameterBytes, &decoded->parameter_bytes, &offset))
      return Refuse(parameter, "more than 32764 bytes of parameters", why);
    decoded->parameters.push_back({offset, parameter.ByteSize(), AlignmentOf(parameter)});
    symbols->named[parameter.name] = {Space::kParam, offset};
  }
  symbols->parameter_bytes = decoded->parameter_bytes;
  return true;
}

bool SharedLayout::Add(const ptx::Function& function, FunctionSymbols* symbols, std::string* why) {
  std::set<std::string_view> names;
  for (const ptx::Instruction& instruction : function.body)
    for (const ptx::Operand& operand : instruction.operands) CollectNames(operand, &names);
  for (const ptx::Variable& variable : module_.variables) {
    if (variable.space != Space::kShared || !names.contains(variable.name)) continue;
    const auto [placed, is_new] = placed_.try_emplace(variable.name);
    if (is_new && !Place(variable, &placed->second, why)) return false;
    Symbol& symbol = symbols->named[variable.name] = placed->second;
    if (variable.unsized) dynamic_.push_back(&symbol);
  }
  symbols->variables.resize(function.variables.size());
  for (std::size_t i = 0; i < function.variables.size(); ++i) {
    const ptx::Variable& variable = function.variables[i];
    if (variable.space != Space::kShared) continue;
    if (!Place(variable, &symbols->variables[i], why)) return false;
    if (variable.unsized) dynamic_.push_back(&symbols->variables[i]);
  }
  return true;
}

bool SharedLayout::Place(const ptx::Variable& variable, Symbol* symbol, std::string* why) {
  std::size_t offset = 0;
  if (variable.unsized) {
    dynamic_alignment_ = std::max(dynamic_alignment_, AlignmentOf(variable));
  } else if (!Append(variable, kMaxSharedBytes / 2, &kernel_.static_shared_bytes, &offset)) {
    return Refuse(variable, "too much shared memory", why);
  }
  *symbol = {Space::kShared, offset};
  return true;
}

// All dynamic shared arrays are one: they begin where the static ones end.
bool SharedLayout::Finish(std::string* why) {
  if (dynamic_alignment_ > kMaxSharedBytes / 4) {
    *why = std::string(kernel_.name) + ": alignment of shared memory is too large";
    return false;
  }
  kernel_.dynamic_shared_offset = AlignUp(kernel_.static_shared_bytes, dynamic_alignment_);
  for (Symbol* symbol : dynamic_) symbol->address = kernel_.dynamic_shared_offset;
  return true;
}

bool LayOutFrame(const ptx::Function& function, Frame* frame, FunctionSymbols* symbols,
                 std::string* why) {
  constexpr const char* kTooLarge = "more than 512 KiB of local memory per thread";
  const auto append = [&](const ptx::Variable& variable, std::size_t* offset) {
    frame->alignment = std::max(frame->alignment, AlignmentOf(variable));
    return Append(variable, kMaxLocalBytes, &frame->bytes, offset);
  };
  const auto add_own = [&](const std::vector<ptx::Variable>& own,
                           std::vector<FrameVariable>* places) {
    for (const ptx::Variable& variable : own) {
      std::size_t offset = 0;
      if (!append(variable, &offset)) return Refuse(variable, kTooLarge, why);
      places->push_back({static_cast<std::int64_t>(offset), variable.ByteSize()});
      symbols->named[variable.name] = {Space::kLocal, offset};
    }
    return true;
  };
  if (!function.is_entry && (!add_own(function.parameters, &frame->parameters) ||
                             !add_own(function.results, &frame->results)))
    return false;
  for (std::size_t i = 0; i < function.variables.size(); ++i) {
    const ptx::Variable& variable = function.variables[i];
    if (variable.space == Space::kShared) continue;
    // .param variables, of calls, are variables like others.
    if (variable.space != Space::kParam && variable.space != Space::kLocal)
      return Refuse(variable, "a variable of this state space is not supported in a function", why);
    std::size_t offset = 0;
    if (!append(variable, &offset)) return Refuse(variable, kTooLarge, why);
    symbols->variables[i] = {Space::kLocal, offset};
  }
  frame->bytes = AlignUp(frame->bytes, frame->alignment);
  return true;
}

void PlaceFrame(bool on_stack, std::size_t begin, Frame* frame, FunctionSymbols* symbols) {
  const std::uint64_t base = on_stack ? 0 - std::uint64_t{frame->bytes} : begin;
  const auto place = [&](Symbol& symbol) {
    if (symbol.space != Space::kLocal) return;
    symbol.address += base;
    symbol.on_stack = on_stack;
  };
  for (auto& [name, symbol] : symbols->named) place(symbol);
  for (Symbol& symbol : symbols->variables) place(symbol);
  for (auto* variables : {&frame->parameters, &frame->results})
    for (FrameVariable& variable : *variables) variable.offset += static_cast<std::int64_t>(base);
}

}  // namespace nodecuda::simulator
