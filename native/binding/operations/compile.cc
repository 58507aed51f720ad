#include "compiler/compile.h"

#include <memory>

#include "binding/call.h"
#include "binding/exports.h"
#include "compiler/aside.h"

namespace nodecuda {
namespace {

Object Describe(napi_env env, const compiler::Search& search) {
  Object object(env);
  object.Set("failures", ToArray(env, search.failures));
  if (search.found == nullptr) {
    object.Set("path", nullptr);
    return object;
  }
  const compiler::Nvrtc& nvrtc = *search.found;
  object.Set("path", std::string_view(nvrtc.path));
  object.Set("builtins", std::string_view(nvrtc.builtins));
  object.Set("major", nvrtc.major);
  object.Set("minor", nvrtc.minor);
  object.Set("architectures", ToArray(env, nvrtc.architectures));
  return object;
}

napi_value ToBuffer(napi_env env, const std::string& bytes) {
  napi_value memory, view;
  void* data;
  Require(napi_create_arraybuffer(env, bytes.size(), &data, &memory));
  bytes.copy(static_cast<char*>(data), bytes.size());
  Require(napi_create_typedarray(env, napi_uint8_array, bytes.size(), memory, 0, &view));
  return view;
}

Object Describe(napi_env env, const compiler::Compilation& compilation) {
  Object object(env);
  object.Set("status", compilation.status);
  object.Set("operation", std::string_view(compilation.operation));
  object.Set("words", std::string_view(compilation.words));
  object.Set("log", std::string_view(compilation.log));
  object.Set("ptx", std::string_view(compilation.ptx));
  object.Set("cubin", ToBuffer(env, compilation.cubin));
  object.Set("loweredNames", ToArray(env, compilation.lowered_names));
  return object;
}

// A promise for what the work leaves, which is done once for all who ask with the same key
// meanwhile.
template <class Result>
napi_value PromiseOf(Call& call, const std::string& key,
                     std::function<Result(const std::atomic<bool>& cancelled)> work) {
  auto outcome = std::make_shared<compiler::Outcome>();
  auto run = [work = std::move(work)](const std::atomic<bool>& cancelled) {
    return std::shared_ptr<void>(std::make_shared<Result>(work(cancelled)));
  };
  return call.environment().MakePromise(
      [=](const std::atomic<bool>& stop) {
        *outcome = compiler::RunAside(key, run, stop);
        if (outcome->result == nullptr) {
          throw Failure(Failure::Kind::kShutdown, "the compiler was stopped");
        }
      },
      [outcome](napi_env env) {
        Object object = Describe(env, *std::static_pointer_cast<Result>(outcome->result));
        object.Set("shared", outcome->shared);
        return object.value();
      });
}

napi_value LoadedCompiler(Call& call) {
  const std::string path = compiler::LoadedPath();
  return path.empty() ? ToValue(call.env(), nullptr) : ToValue(call.env(), std::string_view(path));
}

napi_value OpenCompiler(Call& call) {
  return PromiseOf<compiler::Search>(
      call, "", [names = call.Texts(0)](const auto&) { return compiler::Open(names); });
}

// NUL ends a text for NVRTC, which would compile half of it.
void RefuseNul(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos) {
      throw Failure(Failure::Kind::kArgumentRange, "a text has a NUL in it");
    }
  }
}

napi_value CompileProgram(Call& call) {
  compiler::Request request;
  const std::vector<std::string> library{call.Text(0)};
  request.source = call.Text(1);
  request.name = call.Text(2);
  request.header_names = call.Texts(3);
  request.header_sources = call.Texts(4);
  request.options = call.Texts(5);
  request.name_expressions = call.Texts(6);
  if (request.header_names.size() != request.header_sources.size()) {
    throw Failure(Failure::Kind::kArgumentRange, "a header needs a name and a text");
  }
  RefuseNul({library[0], request.source, request.name});
  RefuseNul(request.header_names);
  RefuseNul(request.header_sources);
  RefuseNul(request.options);
  RefuseNul(request.name_expressions);
  return PromiseOf<compiler::Compilation>(
      call, call.Text(7),
      [library, request = std::move(request)](const std::atomic<bool>& cancelled) {
        const compiler::Search search = compiler::Open(library);
        if (search.found == nullptr) {
          throw Failure(Failure::Kind::kUnsupported, search.failures.at(0));
        }
        return compiler::Compile(*search.found, request, cancelled);
      });
}

}  // namespace

void ExportCompile(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "loadedCompiler", EntryPoint<LoadedCompiler>);
  ExportFunction(env, exports, environment, "openCompiler", EntryPoint<OpenCompiler>);
  ExportFunction(env, exports, environment, "compileProgram", EntryPoint<CompileProgram>);
}

}  // namespace nodecuda
