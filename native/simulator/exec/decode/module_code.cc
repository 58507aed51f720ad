#include "simulator/exec/decode/module_code.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "ptx/parser.h"
#include "simulator/exec/decode/decoder.h"
#include "simulator/exec/decode/inline_calls.h"

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
  return found == kernels_.end() ? nullptr : found->second.ready.load(std::memory_order_acquire);
}

const DecodedKernel* ModuleCode::Find(std::string_view name, LoadFailure* failure) const {
  const auto found = kernels_.find(name);
  if (found == kernels_.end()) {
    Fail(failure, Status::kSymbolNotFound, "there is no kernel of that name");
    return nullptr;
  }
  Entry& entry = found->second;
  if (const DecodedKernel* kernel = entry.ready.load(std::memory_order_acquire)) return kernel;
  const std::lock_guard lock(decoding_);
  if (entry.kernel == nullptr) {
    if (!Decode(entry, &entry.kernel, failure)) return nullptr;
    entry.ready.store(entry.kernel.get(), std::memory_order_release);
  }
  return entry.kernel.get();
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
    // Refused where it is used, so that other kernels are not.
    const std::string_view refers_to =
        variable.references.empty() ? std::string_view() : variable.references.front().symbol;
    const Symbol symbol{variable.space, 0, static_cast<int>(i), refers_to};
    if (!symbols_.insert({variable.name, symbol}).second)
      return Fail(failure, Status::kInvalidPtx, where + "declared twice");
  }
  return true;
}

bool ModuleCode::Decode(const Entry& entry, std::unique_ptr<const DecodedKernel>* decoded,
                        LoadFailure* failure) const {
  ptx::ParseError error;
  const std::optional<ptx::Function> parsed =
      ptx::ParseEntryBody(*module_, *entry.function, &error);
  if (!parsed) return Fail(failure, Status::kInvalidPtx, error.Words());
  const ptx::Function* function = &*parsed;
  auto kernel = std::make_unique<DecodedKernel>();
  kernel->name = std::string(function->name);
  kernel->max_threads = function->max_threads;
  std::ranges::copy(function->required_threads, kernel->required_threads);
  std::ranges::copy(function->required_cluster, kernel->required_cluster);
  FunctionSymbols symbols{symbols_, {}};
  std::string why;
  const DecodeOptions options{isa_, capability_, true};
  const std::optional<ptx::Function> whole = InlineCalls(*module_, *function, &why);
  if (!whole || !LayOutFunction(*module_, *whole, kernel.get(), &symbols, &why) ||
      !DecodeBody(*whole, symbols, options, kernel.get(), &why))
    return Fail(failure, Status::kInvalidPtx, std::move(why));
  *decoded = std::move(kernel);
  return true;
}

}  // namespace nodecuda::simulator
