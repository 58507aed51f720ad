#include "compiler/compile.h"

#include "compiler/calls.h"
#include "compiler/signals.h"

namespace nodecuda::compiler {
namespace {

class OwnedProgram {
 public:
  explicit OwnedProgram(const Nvrtc& nvrtc) : nvrtc_(nvrtc) {}
  ~OwnedProgram() {
    auto* destroy = nvrtc_.destroy_program.In(nvrtc_.library);
    if (program != nullptr && destroy != nullptr) destroy(&program);
  }
  OwnedProgram(const OwnedProgram&) = delete;
  OwnedProgram& operator=(const OwnedProgram&) = delete;

  Program* program = nullptr;

 private:
  const Nvrtc& nvrtc_;
};

int IsCancelled(void* cancelled, void*) {
  return static_cast<const std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

void Run(const Nvrtc& nvrtc, const Request& request, const std::atomic<bool>& cancelled,
         Compilation& result) {
  const Calls<Nvrtc> call(nvrtc);
  OwnedProgram owned(nvrtc);
  const auto header_sources = Pointers(request.header_sources);
  const auto header_names = Pointers(request.header_names);
  call(nvrtc.create_program, &owned.program, request.source.c_str(), request.name.c_str(),
       static_cast<int>(header_names.size()), header_sources.data(), header_names.data());
  Program* program = owned.program;
  if (auto* set_flow_callback = nvrtc.set_flow_callback.In(nvrtc.library)) {
    // Without it the compilation cannot be ended early, and is the same.
    set_flow_callback(program, IsCancelled, const_cast<std::atomic<bool>*>(&cancelled));
  }
  for (const std::string& expression : request.name_expressions) {
    call(nvrtc.add_name_expression, program, expression.c_str());
  }
  const auto options = Pointers(request.options);
  auto* compile = call.Required(nvrtc.compile_program);
  const int status = [&] {
    const KeptSignals signals(reinterpret_cast<const void*>(compile));
    return compile(program, static_cast<int>(options.size()), options.data());
  }();
  result.log = WithoutEnd(call.Output(program, nvrtc.log_size, nvrtc.log));
  call.Check(status, nvrtc.compile_program.name());
  result.ptx = WithoutEnd(call.Output(program, nvrtc.ptx_size, nvrtc.ptx));
  result.cubin = call.Output(program, nvrtc.cubin_size, nvrtc.cubin);
  for (const std::string& expression : request.name_expressions) {
    const char* lowered = nullptr;
    call(nvrtc.lowered_name, program, expression.c_str(), &lowered);
    result.lowered_names.emplace_back(lowered != nullptr ? lowered : "");
  }
}

}  // namespace

Compilation Compile(const Nvrtc& nvrtc, const Request& request,
                    const std::atomic<bool>& cancelled) {
  Compilation result;
  try {
    Run(nvrtc, request, cancelled, result);
  } catch (Failed& failed) {
    result.status = failed.status;
    result.operation = failed.operation;
    result.words = std::move(failed.words);
  }
  return result;
}

}  // namespace nodecuda::compiler
