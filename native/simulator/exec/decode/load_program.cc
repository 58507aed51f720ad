#include "simulator/exec/decode/load_program.h"

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "simulator/exec/code/program.h"
#include "simulator/exec/code/symbols.h"
#include "simulator/exec/decode/decoder.h"
#include "simulator/exec/decode/inline_calls.h"
#include "simulator/ptx/parser.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

constexpr int kNewestPtxVersion = 90;

class LoadedProgram final : public Program {
 public:
  LoadedProgram(ptx::Module module, DeviceMemory& memory)
      : module_(std::move(module)), memory_(memory) {}

  ~LoadedProgram() override {
    for (void* allocation : allocations_) memory_.Release(allocation);
  }

  const KernelInfo* FindKernel(std::string_view name) const override {
    const auto entry = kernels_.find(name);
    return entry == kernels_.end() ? nullptr : &entry->second;
  }

  bool Load(int capability, Isa isa, LoadFailure* failure);

 private:
  bool CheckTarget(int capability, LoadFailure* failure) const;
  bool PlaceVariables(LoadFailure* failure);

  const ptx::Module module_;  // its text holds the names and mnemonics
  DeviceMemory& memory_;
  std::vector<void*> allocations_;
  SymbolTable symbols_;  // the module's .global and .const variables
  std::map<std::string, DecodedKernel, std::less<>> kernels_;
};

bool Fail(LoadFailure* failure, Status status, std::string log) {
  failure->status = status;
  failure->log = std::move(log);
  return false;
}

bool LoadedProgram::CheckTarget(int capability, LoadFailure* failure) const {
  const std::string target =
      "sm_" + std::to_string(module_.target) +
      (module_.target_suffix != 0 ? std::string(1, module_.target_suffix) : std::string());
  if (module_.version > kNewestPtxVersion)
    return Fail(failure, Status::kUnsupportedPtxVersion,
                "PTX version " + std::to_string(module_.version / 10) + "." +
                    std::to_string(module_.version % 10) + " is newer than 9.0");
  // Code for an `a` target runs on that capability only, code for an `f` target on its family.
  const bool runs = module_.target_suffix == 'a' ? module_.target == capability
                    : module_.target_suffix == 'f'
                        ? module_.target / 10 == capability / 10 && module_.target <= capability
                        : module_.target <= capability;
  return runs || Fail(failure, Status::kNoKernelImageForDevice,
                      "code for " + target + " does not run on a device of capability " +
                          std::to_string(capability / 10) + "." + std::to_string(capability % 10));
}

bool LoadedProgram::PlaceVariables(LoadFailure* failure) {
  std::size_t const_bytes = 0;
  for (const ptx::Variable& variable : module_.variables) {
    if (variable.space != Space::kGlobal && variable.space != Space::kConst) continue;
    const std::string where =
        "PTX line " + std::to_string(variable.line) + ": " + std::string(variable.name) + ": ";
    if (variable.is_extern || variable.unsized)
      return Fail(failure, Status::kInvalidPtx, where + "an extern variable is never defined");
    const std::size_t element = std::max<std::size_t>(SizeOf(variable.type), 1);
    if (variable.count > memory_.capacity() / element)
      return Fail(failure, Status::kMemoryAllocation, where + "larger than the device's memory");
    const std::size_t bytes = variable.ByteSize();
    if (variable.space == Space::kConst) {
      if (bytes > kMaxConstBytes || (const_bytes += bytes) > kMaxConstBytes)
        return Fail(failure, Status::kInvalidPtx, where + "more than 64 KiB of constants");
    }
    if (variable.alignment > 256)
      return Fail(failure, Status::kInvalidPtx, where + "an alignment above 256 is not supported");
    void* pointer = nullptr;
    if (const Status status = memory_.Allocate(std::max<std::size_t>(bytes, 1), &pointer);
        status != Status::kSuccess)
      return Fail(failure, status, where + "no device memory left");
    allocations_.push_back(pointer);
    const std::size_t initialized = std::min(bytes, variable.initializer.size());
    std::memset(pointer, 0, bytes);
    if (initialized != 0) std::memcpy(pointer, variable.initializer.data(), initialized);
    const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(pointer));
    if (!symbols_.insert({variable.name, {variable.space, address}}).second)
      return Fail(failure, Status::kInvalidPtx, where + "declared twice");
  }
  return true;
}

bool LoadedProgram::Load(int capability, Isa isa, LoadFailure* failure) {
  if (!CheckTarget(capability, failure) || !PlaceVariables(failure)) return false;
  for (const ptx::Function& function : module_.functions) {
    if (!function.is_entry || !function.has_body) continue;
    DecodedKernel kernel;
    kernel.name = std::string(function.name);
    kernel.max_threads = function.max_threads;
    for (int i = 0; i < 3; ++i) kernel.required_threads[i] = function.required_threads[i];
    for (int i = 0; i < 3; ++i) kernel.required_cluster[i] = function.required_cluster[i];
    FunctionSymbols symbols{symbols_, {}};
    std::string why;
    const DecodeOptions options{isa, capability, true};
    const std::optional<ptx::Function> whole = InlineCalls(module_, function, &why);
    if (!whole || !LayOutFunction(module_, *whole, &kernel, &symbols, &why) ||
        !DecodeBody(*whole, symbols, options, &kernel, &why))
      return Fail(failure, Status::kInvalidPtx, std::move(why));
    std::string name = kernel.name;
    if (!kernels_.emplace(std::move(name), std::move(kernel)).second)
      return Fail(failure, Status::kInvalidPtx,
                  "kernel " + std::string(function.name) + " is defined twice");
  }
  return true;
}

}  // namespace

std::shared_ptr<const Program> LoadProgram(std::string_view text, int capability, Isa isa,
                                           DeviceMemory& memory, LoadFailure* failure) {
  ptx::ParseError error;
  std::optional<ptx::Module> module = ptx::Parse(text, &error);
  if (!module) {
    Fail(failure, Status::kInvalidPtx,
         "PTX line " + std::to_string(error.line) + ": " + error.message);
    return nullptr;
  }
  auto program = std::make_shared<LoadedProgram>(*std::move(module), memory);
  if (!program->Load(capability, isa, failure)) return nullptr;
  return program;
}

}  // namespace nodecuda::simulator
