#include "simulator/exec/decode/module/module_code.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "ptx/parser.h"
#include "simulator/exec/decode/decoder.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

bool Fail(LoadFailure* failure, Status status, std::string log) {
  failure->status = status;
  failure->log = std::move(log);
  return false;
}

}  // namespace

std::shared_ptr<const ModuleCode> ModuleCode::Make(std::shared_ptr<const ptx::Module> module,
                                                   int capability, Isa isa, LoadFailure* failure) {
  std::shared_ptr<ModuleCode> code(new ModuleCode(std::move(module), capability, isa));
  if (!code->CheckTarget(failure) || !code->CheckVariables(failure)) return nullptr;
  code->AddFunctions();
  code->CheckReferences();
  for (const ptx::Function& function : code->module_->functions) {
    if (!function.is_entry || !function.has_body) continue;
    const auto [place, added] = code->kernels_.try_emplace(function.name);
    if (!added) {
      Fail(failure, Status::kInvalidPtx,
           "kernel " + std::string(function.name) + " is defined twice");
      return nullptr;
    }
    place->second.function = &function;
  }
  return code;
}

const DecodedKernel* ModuleCode::FindDecoded(std::string_view name) const {
  const auto found = kernels_.find(name);
  if (found == kernels_.end()) return nullptr;
  const DecodedKernel* kernel = found->second.plain.ready.load(std::memory_order_acquire);
  return kernel != nullptr ? kernel : found->second.watched.ready.load(std::memory_order_acquire);
}

const DecodedKernel* ModuleCode::Find(std::string_view name, bool watched,
                                      LoadFailure* failure) const {
  const auto found = kernels_.find(name);
  if (found == kernels_.end()) {
    Fail(failure, Status::kSymbolNotFound, "there is no kernel of that name");
    return nullptr;
  }
  Form& form = found->second.In(watched);
  if (const DecodedKernel* kernel = form.ready.load(std::memory_order_acquire)) return kernel;
  const std::lock_guard lock(decoding_);
  if (form.kernel == nullptr) {
    if (!Decode(found->second, watched, &form.kernel, failure)) return nullptr;
    form.ready.store(form.kernel.get(), std::memory_order_release);
  }
  return form.kernel.get();
}

bool ModuleCode::CheckTarget(LoadFailure* failure) const {
  const ptx::Module& module = *module_;
  const std::string target =
      "sm_" + std::to_string(module.target) +
      (module.target_suffix != 0 ? std::string(1, module.target_suffix) : std::string());
  const bool runs = ptx::RunsOn(module.target, module.target_suffix, capability_);
  return runs ||
         Fail(failure, Status::kNoKernelImageForDevice,
              "code for " + target + " does not run on a device of capability " +
                  std::to_string(capability_ / 10) + "." + std::to_string(capability_ % 10));
}

bool ModuleCode::CheckVariables(LoadFailure* failure) {
  std::size_t const_bytes = 0;
  for (std::size_t i = 0; i < module_->variables.size(); ++i) {
    const ptx::Variable& variable = module_->variables[i];
    if (variable.space != Space::kGlobal && variable.space != Space::kConst) continue;
    const std::string where =
        "PTX line " + std::to_string(variable.line) + ": " + std::string(variable.name) + ": ";
    if (variable.is_extern || variable.unsized)
      return Fail(failure, Status::kInvalidPtx, where + "an extern variable is never defined");
    if (variable.space == Space::kConst) {
      const std::size_t bytes = variable.ByteSize();
      if (bytes > kMaxConstBytes || (const_bytes += bytes) > kMaxConstBytes)
        return Fail(failure, Status::kInvalidPtx, where + "more than 64 KiB of constants");
    }
    if (variable.alignment > 256)
      return Fail(failure, Status::kInvalidPtx, where + "an alignment above 256 is not supported");
    const Symbol symbol{variable.space, 0, static_cast<int>(i)};
    if (!symbols_.named.insert({variable.name, symbol}).second)
      return Fail(failure, Status::kInvalidPtx, where + "declared twice");
  }
  return true;
}

void ModuleCode::AddFunctions() {
  // A pointer to a function of one module is none of another's.
  static std::atomic<std::uint64_t> modules{0};
  symbols_.function_window = kFunctionWindow + (++modules << kModuleShift);
  for (std::size_t i = 0; i < module_->functions.size(); ++i) {
    const ptx::Function& function = module_->functions[i];
    symbols_.functions.emplace(function.name, i);
    symbols_.defined.push_back(function.has_body && !function.is_entry);
    symbols_.named.insert({function.name, {Space::kNone, symbols_.AddressOf(i)}});
  }
}

// Those that cannot be filled in are refused where they are used, so that other kernels are not.
void ModuleCode::CheckReferences() {
  for (const ptx::Variable& variable : module_->variables) {
    for (const ptx::Reference& reference : variable.references) {
      if (symbols_.named.contains(reference.symbol)) continue;
      const auto found = symbols_.named.find(variable.name);
      if (found != symbols_.named.end()) found->second.refers_to = reference.symbol;
    }
  }
}

void ModuleCode::FindLines() const {
  std::call_once(lined_, [&] {
    std::set<SourceLine> lines;
    const auto add = [&](const ptx::Function& function) {
      for (const ptx::Instruction& instruction : function.body) {
        const SourceLine line = LineOf(module_->files, function, instruction);
        if (line.line == 0) continue;
        lines.insert(line);
        lines_at_.emplace(instruction.line, line);
      }
    };
    for (const ptx::Function& function : module_->functions) {
      if (!function.is_entry) {
        add(function);
        continue;
      }
      ptx::ParseError unused;  // what cannot be parsed never runs
      const auto parsed = ptx::ParseEntryBody(*module_, function, &unused);
      if (parsed) add(*parsed);
    }
    source_lines_.assign(lines.begin(), lines.end());
  });
}

const std::vector<SourceLine>& ModuleCode::source_lines() const {
  FindLines();
  return source_lines_;
}

SourceLine ModuleCode::LineAt(int ptx_line) const {
  FindLines();
  const auto found = lines_at_.find(ptx_line);
  return found == lines_at_.end() ? SourceLine{} : found->second;
}

bool ModuleCode::Decode(const Entry& entry, bool watched,
                        std::unique_ptr<const DecodedKernel>* decoded, LoadFailure* failure) const {
  ptx::ParseError error;
  const std::optional<ptx::Function> parsed =
      ptx::ParseEntryBody(*module_, *entry.function, &error);
  if (!parsed) return Fail(failure, Status::kInvalidPtx, error.Words());
  auto kernel = std::make_unique<DecodedKernel>();
  kernel->name = std::string(parsed->name);
  kernel->text = *module_->text;
  kernel->sources = this;
  kernel->max_threads = parsed->max_threads;
  kernel->max_registers = parsed->max_registers;
  std::ranges::copy(parsed->required_threads, kernel->required_threads);
  std::ranges::copy(parsed->required_cluster, kernel->required_cluster);
  std::string why;
  const DecodeOptions options{.isa = isa_,
                              .capability = capability_,
                              .version = module_->version,
                              .needs_sync = module_->version >= 64 && module_->target >= 70,
                              .flushes_f32 = module_->target < 20,
                              .watched = watched};
  if (!DecodeKernel(*module_, symbols_, *parsed, options, kernel.get(), &why))
    return Fail(failure, Status::kInvalidPtx, std::move(why));
  *decoded = std::move(kernel);
  return true;
}

}  // namespace nodecuda::simulator
