#include "modules/ptx_facts.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

#include "ptx/parser.h"

namespace nodecuda::modules {
namespace {

std::optional<bool> IsPointer(const ptx::Variable& parameter) {
  using ptx::Type;
  constexpr Type kWide[] = {Type::kB64, Type::kU64, Type::kS64};
  const bool may_be =
      !parameter.is_array && std::ranges::find(kWide, parameter.type) != std::end(kWide);
  if (!may_be) return false;
  return parameter.is_pointer ? std::optional(true) : std::nullopt;
}

// The parameter block is laid out as a C struct without padding at its end, which begins at a
// multiple of every alignment.
void AddParameter(const ptx::Variable& from, KernelFacts* kernel) {
  Parameter parameter{.bytes = from.ByteSize(),
                      .alignment = from.alignment,
                      .type = from.type,
                      .count = from.count,
                      .is_array = from.is_array,
                      .is_pointer = IsPointer(from)};
  const std::size_t mask = from.alignment - 1;
  parameter.offset = (kernel->parameter_bytes + mask) & ~mask;
  kernel->parameter_bytes = parameter.offset + parameter.bytes;
  kernel->parameters.push_back(parameter);
}

KernelFacts FactsOf(const ptx::Function& function) {
  KernelFacts kernel;
  kernel.name = function.name;
  for (const ptx::Variable& parameter : function.parameters) AddParameter(parameter, &kernel);
  kernel.is_visible = function.is_visible;
  kernel.max_threads = function.max_threads;
  kernel.max_cluster_rank = function.max_cluster_rank;
  std::ranges::copy(function.required_threads, kernel.required_threads.begin());
  std::ranges::copy(function.required_cluster, kernel.required_cluster.begin());
  return kernel;
}

VariableFacts FactsOf(const ptx::Variable& variable) {
  VariableFacts facts;
  facts.name = variable.name;
  facts.space = variable.space;
  facts.bytes = variable.ByteSize();
  facts.is_visible = variable.is_visible;
  facts.alignment = variable.alignment;
  facts.type = variable.type;
  facts.count = variable.count;
  facts.is_array = variable.is_array;
  return facts;
}

bool SameParameters(const KernelFacts& a, const KernelFacts& b) {
  return std::ranges::equal(a.parameters, b.parameters, {}, &Parameter::bytes, &Parameter::bytes);
}

// What PTX says of a parameter, but for where it is and what machine code alone notes.
void AddType(const Parameter& from, Parameter* parameter) {
  const Parameter noted = *parameter;
  *parameter = from;
  parameter->offset = noted.offset;
  if (!parameter->is_pointer) parameter->is_pointer = noted.is_pointer;
}

template <typename Facts>
std::unordered_map<std::string_view, const Facts*> ByName(const std::vector<Facts>& all) {
  std::unordered_map<std::string_view, const Facts*> by_name;
  for (const Facts& each : all) by_name.emplace(each.name, &each);
  return by_name;
}

}  // namespace

bool LooksLikePtx(std::string_view text) {
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n\f\v");
    if (begin == std::string_view::npos) return false;
    text.remove_prefix(begin);
    if (!text.starts_with("//") && !text.starts_with("/*")) break;
    const bool line = text[1] == '/';
    const std::size_t end = text.find(line ? "\n" : "*/", 2);
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + (line ? 1 : 2));
  }
  return text.starts_with(".version") || text.starts_with(".target");
}

std::optional<PtxFacts> ReadPtxFacts(std::string_view text, Problem* problem) {
  ptx::ParseError error;
  const std::optional<ptx::Module> module = ptx::ParseDeclarations(text, &error);
  if (!module) {
    problem->Set(Problem::Kind::kDamaged, error.Words());
    return std::nullopt;
  }
  PtxFacts facts{.target = {module->target, module->target_suffix}, .version = module->version};
  for (const ptx::Function& function : module->functions) {
    if (function.is_entry && function.has_body) facts.kernels.push_back(FactsOf(function));
  }
  for (const ptx::Variable& variable : module->variables) {
    const bool has_memory =
        variable.space == ptx::Space::kGlobal || variable.space == ptx::Space::kConst;
    if (has_memory && !variable.is_extern) facts.variables.push_back(FactsOf(variable));
  }
  return facts;
}

void AddTypes(const PtxFacts& from, std::vector<KernelFacts>* kernels,
              std::vector<VariableFacts>* variables) {
  const auto typed_kernels = ByName(from.kernels);
  for (KernelFacts& kernel : *kernels) {
    const auto found = typed_kernels.find(kernel.name);
    if (found == typed_kernels.end() || !SameParameters(kernel, *found->second)) continue;
    for (std::size_t i = 0; i < kernel.parameters.size(); ++i) {
      AddType(found->second->parameters[i], &kernel.parameters[i]);
    }
    kernel.is_visible = kernel.is_visible || found->second->is_visible;
  }
  const auto typed_variables = ByName(from.variables);
  for (VariableFacts& variable : *variables) {
    const auto found = typed_variables.find(variable.name);
    if (found == typed_variables.end() || variable.bytes != found->second->bytes ||
        variable.space != found->second->space) {
      continue;
    }
    const bool is_visible = variable.is_visible || found->second->is_visible;
    variable = *found->second;
    variable.is_visible = is_visible;
  }
}

}  // namespace nodecuda::modules
