#include "compiler/compile.h"

#include "binding/exports.h"
#include "binding/operations/aside_promise.h"

namespace nodecuda {
namespace {

Object Describe(napi_env env, const compiler::Search<compiler::Nvrtc>& search) {
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

napi_value OpenCompiler(Call& call) {
  return PromiseOf<compiler::Search<compiler::Nvrtc>>(
      call, "", Describe,
      [names = call.Texts(0)](const auto&) { return compiler::Open<compiler::Nvrtc>(names); });
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
      call, call.Text(7), Describe,
      [library, request = std::move(request)](const std::atomic<bool>& cancelled) {
        const auto search = compiler::Open<compiler::Nvrtc>(library);
        if (search.found == nullptr) {
          throw Failure(Failure::Kind::kUnsupported, search.failures.at(0));
        }
        return compiler::Compile(*search.found, request, cancelled);
      });
}

}  // namespace

void ExportCompile(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "openCompiler", EntryPoint<OpenCompiler>);
  ExportFunction(env, exports, environment, "compileProgram", EntryPoint<CompileProgram>);
}

}  // namespace nodecuda
