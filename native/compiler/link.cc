#include "compiler/link.h"

#include <cstdint>

#include "compiler/calls.h"
#include "compiler/signals.h"

namespace nodecuda::compiler {
namespace {

class OwnedLink {
 public:
  explicit OwnedLink(const NvJitLink& linker) : linker_(linker) {}
  ~OwnedLink() {
    auto* destroy = linker_.destroy.In(linker_.library);
    if (state != nullptr && destroy != nullptr) destroy(&state);
  }
  OwnedLink(const OwnedLink&) = delete;
  OwnedLink& operator=(const OwnedLink&) = delete;

  LinkState* state = nullptr;

 private:
  const NvJitLink& linker_;
};

void AddLog(std::string text, std::string* log) {
  text = WithoutEnd(std::move(text));
  if (!text.empty() && !log->empty() && log->back() != '\n') *log += '\n';
  *log += text;
}

void Run(const Calls<NvJitLink>& call, const NvJitLink& linker,
         const std::vector<LinkInput>& inputs, const std::vector<std::string>& options,
         LinkState** state) {
  const auto pointers = Pointers(options);
  call(linker.create, state, static_cast<std::uint32_t>(pointers.size()), pointers.data());
  for (const LinkInput& input : inputs) {
    call(linker.add_data, *state, static_cast<int>(input.kind),
         static_cast<const void*>(input.bytes.data()), input.bytes.size(), input.name.c_str());
  }
  call(linker.complete, *state);
}

}  // namespace

Linked Link(const NvJitLink& linker, const std::vector<LinkInput>& inputs,
            const std::vector<std::string>& options) {
  Linked result;
  const auto note = [&result](Failed& failed) {
    result.status = failed.status;
    result.operation = failed.operation;
    result.words = std::move(failed.words);
  };
  const Calls<NvJitLink> call(linker);
  OwnedLink owned(linker);
  try {
    // Its part that compiles PTX is that of NVRTC.
    const KeptSignals signals(reinterpret_cast<const void*>(call.Required(linker.create)));
    Run(call, linker, inputs, options, &owned.state);
  } catch (Failed& failed) {
    note(failed);
  }
  // Also of a link that could not be begun: then the handle is there for it.
  if (owned.state == nullptr) return result;
  try {
    AddLog(call.Output(owned.state, linker.error_log_size, linker.error_log), &result.log);
    AddLog(call.Output(owned.state, linker.info_log_size, linker.info_log), &result.log);
    if (result.status == 0) {
      result.cubin = call.Output(owned.state, linker.cubin_size, linker.cubin);
    }
  } catch (Failed& failed) {
    if (result.status == 0) note(failed);
  }
  return result;
}

}  // namespace nodecuda::compiler
