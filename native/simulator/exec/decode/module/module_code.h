#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_MODULE_MODULE_CODE_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_MODULE_MODULE_CODE_H_

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/code/symbols.h"
#include "simulator/exec/decode/module/load_program.h"

namespace nodecuda::simulator {

// The code of a module for devices of one capability. Nothing of a device is in it, so that any
// number of them may share it. All members may be called from any thread.
class ModuleCode final : public SourceLines {
 public:
  // Checks a module of ParseHeaders; its kernels are decoded at their first use. `capability` is
  // the devices', 90 for 9.0: a module for a higher target, or for an `a` target other than the
  // devices', is kNoKernelImageForDevice. Null, with *failure filled, on failure.
  static std::shared_ptr<const ModuleCode> Make(std::shared_ptr<const ptx::Module> module,
                                                int capability, Isa isa, LoadFailure* failure);

  const ptx::Module& module() const { return *module_; }
  const ModuleSymbols& symbols() const { return symbols_; }
  bool Has(std::string_view name) const { return kernels_.contains(name); }
  // The kernel, if it is decoded, in whichever form. Pointers live as long as the module's code.
  const DecodedKernel* FindDecoded(std::string_view name) const;
  // The kernel, which is decoded now if it was not, `watched` as in DecodeOptions. Null, with
  // *failure filled, if there is none (kSymbolNotFound), or on a failure, an unknown instruction
  // for one (kInvalidPtx). That is not remembered: it may have been want of memory.
  const DecodedKernel* Find(std::string_view name, bool watched, LoadFailure* failure) const;
  const std::vector<SourceLine>& source_lines() const override;
  SourceLine LineAt(int ptx_line) const override;

 private:
  struct Form {
    std::atomic<const DecodedKernel*> ready = nullptr;
    std::unique_ptr<const DecodedKernel> kernel;
  };
  struct Entry {
    const ptx::Function* function = nullptr;
    Form plain, watched;
    Form& In(bool is_watched) { return is_watched ? watched : plain; }
  };

  ModuleCode(std::shared_ptr<const ptx::Module> module, int capability, Isa isa)
      : module_(std::move(module)), capability_(capability), isa_(isa) {
    symbols_.files = &module_->files;
  }

  bool CheckTarget(LoadFailure* failure) const;
  bool CheckVariables(LoadFailure* failure);
  void AddFunctions();
  void CheckReferences();
  void FindLines() const;
  bool Decode(const Entry& entry, bool watched, std::unique_ptr<const DecodedKernel>* decoded,
              LoadFailure* failure) const;

  const std::shared_ptr<const ptx::Module> module_;  // its text holds the names and mnemonics
  const int capability_;
  const Isa isa_;
  ModuleSymbols symbols_;
  mutable std::mutex decoding_;
  mutable std::once_flag lined_;
  mutable std::vector<SourceLine> source_lines_;
  mutable std::map<int, SourceLine> lines_at_;         // by line of the PTX
  mutable std::map<std::string_view, Entry> kernels_;  // no entry is added or removed after Make
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_MODULE_MODULE_CODE_H_
