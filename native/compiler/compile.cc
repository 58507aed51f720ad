#include "compiler/compile.h"

#include "compiler/signals.h"

namespace nodecuda::compiler {
namespace {

constexpr int kInternalError = 11;  // NVRTC_ERROR_INTERNAL_ERROR

// A call that failed.
struct Failed {
  int status;
  const char* operation;
  std::string words;
};

// The functions of one library, each called with a check.
class Calls {
 public:
  explicit Calls(const Nvrtc& nvrtc) : nvrtc_(nvrtc) {}

  template <class Function, class... Arguments>
  void operator()(const Symbol<Function>& symbol, Arguments... arguments) const {
    Check(Required(symbol)(arguments...), symbol.name());
  }

  void Check(int status, const char* operation) const {
    if (status != 0) throw Failed{status, operation, Words(status)};
  }

  template <class Function>
  Function* Required(const Symbol<Function>& symbol) const {
    Function* function = symbol.In(nvrtc_.library);
    if (function == nullptr) {
      throw Failed{kInternalError, symbol.name(), nvrtc_.path + " does not have it"};
    }
    return function;
  }

 private:
  std::string Words(int status) const {
    auto* error_string = nvrtc_.error_string.In(nvrtc_.library);
    const char* words = error_string != nullptr ? error_string(status) : nullptr;
    return words != nullptr ? words : "status " + std::to_string(status);
  }

  const Nvrtc& nvrtc_;
};

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

std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

// Of the two calls that tell the size of something and give it.
template <class Size, class Get>
std::string Output(const Calls& call, Program* program, const Size& size, const Get& get) {
  std::size_t bytes = 0;
  call(size, program, &bytes);
  std::string output(bytes, '\0');
  if (bytes > 0) call(get, program, output.data());
  return output;
}

// Texts end with a NUL, which counts.
std::string WithoutEnd(std::string text) {
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

int IsCancelled(void* cancelled, void*) {
  return static_cast<const std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

void Run(const Nvrtc& nvrtc, const Request& request, const std::atomic<bool>& cancelled,
         Compilation& result) {
  const Calls call(nvrtc);
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
  result.log = WithoutEnd(Output(call, program, nvrtc.log_size, nvrtc.log));
  call.Check(status, nvrtc.compile_program.name());
  result.ptx = WithoutEnd(Output(call, program, nvrtc.ptx_size, nvrtc.ptx));
  result.cubin = Output(call, program, nvrtc.cubin_size, nvrtc.cubin);
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
