#include "simulator/exec/decode/module/load_program.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ptx/parser.h"
#include "simulator/exec/decode/module/module_code.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

class LoadedProgram final : public Program {
 public:
  LoadedProgram(std::shared_ptr<const ModuleCode> code, DeviceMemory& memory)
      : code_(std::move(code)), memory_(memory) {}

  ~LoadedProgram() override {
    for (const std::uint64_t address : variables_)
      if (address != 0) memory_.Release(reinterpret_cast<void*>(address));
  }

  bool HasKernel(std::string_view name) const override { return code_->Has(name); }
  const KernelInfo* FindDecoded(std::string_view name) const override {
    return code_->FindDecoded(name);
  }
  const KernelInfo* FindKernel(std::string_view name, bool watched,
                               LoadFailure* failure) const override {
    return code_->Find(name, watched, failure);
  }
  std::span<const std::uint64_t> variables() const override { return variables_; }
  GlobalVariable FindVariable(std::string_view name) const override;

  bool PlaceVariables(LoadFailure* failure);

 private:
  void FillReferences();

  const std::shared_ptr<const ModuleCode> code_;
  DeviceMemory& memory_;
  std::vector<std::uint64_t> variables_;  // 0 for one that has no device memory of its own
};

bool LoadedProgram::PlaceVariables(LoadFailure* failure) {
  const std::vector<ptx::Variable>& all = code_->module().variables;
  variables_.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ptx::Variable& variable = all[i];
    if (variable.space != Space::kGlobal && variable.space != Space::kConst) continue;
    const auto fail = [&](Status status, const char* reason) {
      *failure = {status, "PTX line " + std::to_string(variable.line) + ": " +
                              std::string(variable.name) + ": " + reason};
      return false;
    };
    const std::size_t element = std::max<std::size_t>(SizeOf(variable.type), 1);
    if (variable.count > memory_.capacity() / element)
      return fail(Status::kMemoryAllocation, "larger than the device's memory");
    const std::size_t bytes = variable.ByteSize();
    void* pointer = nullptr;
    if (const Status status = memory_.Allocate(std::max<std::size_t>(bytes, 1), &pointer);
        status != Status::kSuccess)
      return fail(status, "no device memory left");
    variables_[i] = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(pointer));
    const std::size_t initialized = std::min(bytes, variable.initializer.size());
    std::memset(pointer, 0, bytes);
    if (MemoryRecord* record = memory_.record()) record->SetWritten(variables_[i], bytes);
    if (initialized != 0) std::memcpy(pointer, variable.initializer.data(), initialized);
  }
  FillReferences();
  return true;
}

// The addresses in initialisers, which are known once all variables have a place.
void LoadedProgram::FillReferences() {
  const SymbolTable& symbols = code_->symbols().named;
  const std::vector<ptx::Variable>& all = code_->module().variables;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const ptx::Reference& reference : all[i].references) {
      const auto symbol = symbols.find(reference.symbol);
      if (symbol == symbols.end() || variables_[i] == 0) continue;
      std::uint64_t address = symbol->second.address + static_cast<std::uint64_t>(reference.addend);
      if (symbol->second.variable != kNoVariable)
        address += variables_[static_cast<std::size_t>(symbol->second.variable)];
      std::memcpy(reinterpret_cast<void*>(variables_[i] + reference.offset), &address,
                  sizeof address);
    }
  }
}

GlobalVariable LoadedProgram::FindVariable(std::string_view name) const {
  const std::vector<ptx::Variable>& all = code_->module().variables;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].name == name && variables_[i] != 0) return {variables_[i], all[i].ByteSize()};
  return {};
}

}  // namespace

std::shared_ptr<const Program> BindProgram(std::shared_ptr<const ModuleCode> code,
                                           DeviceMemory& memory, LoadFailure* failure) {
  auto program = std::make_shared<LoadedProgram>(std::move(code), memory);
  return program->PlaceVariables(failure) ? program : nullptr;
}

std::shared_ptr<const Program> LoadProgram(std::string_view text, int capability, Isa isa,
                                           DeviceMemory& memory, LoadFailure* failure) {
  ptx::ParseError error;
  std::optional<ptx::Module> module = ptx::ParseHeaders(text, &error);
  if (!module) {
    *failure = {Status::kInvalidPtx, error.Words()};
    return nullptr;
  }
  auto code = ModuleCode::Make(std::make_shared<const ptx::Module>(*std::move(module)), capability,
                               isa, failure);
  return code == nullptr ? nullptr : BindProgram(std::move(code), memory, failure);
}

}  // namespace nodecuda::simulator
