#include "compiler/link.h"

#include <span>
#include <unordered_map>

#include "binding/exports.h"
#include "binding/operations/aside_promise.h"
#include "modules/read_image.h"
#include "ptx/link.h"

namespace nodecuda {
namespace {

// What is linked, and for whom. Owned by the work.
struct Sources {
  std::vector<std::string> images;
  std::vector<std::string> names;  // in messages
  modules::Device device;
  int device_index = -1;
};

// Arguments: the device, images and names.
std::shared_ptr<const Sources> SourcesOf(Call& call) {
  PhysicalDevice& device = *call.Device(0)->box->physical;
  const DeviceProperties& properties = device.properties();
  Sources sources{.images = call.Copies(1),
                  .names = call.Texts(2),
                  .device = {properties.major * 10 + properties.minor, !properties.simulated},
                  .device_index = device.index()};
  if (sources.images.size() != sources.names.size() || sources.images.empty()) {
    throw Failure(Failure::Kind::kArgumentRange, "an image needs a name");
  }
  RefuseNul(sources.names);
  return std::make_shared<const Sources>(std::move(sources));
}

Failure Refusal(const Sources& sources, Status status, std::string words) {
  Failure failure(Failure::Kind::kCuda, "link", std::move(words));
  failure.status = status;
  failure.device = sources.device_index;
  return failure;
}

std::vector<modules::Linkable> Read(const Sources& sources) {
  std::vector<modules::Linkable> all;
  for (std::size_t i = 0; i < sources.images.size(); ++i) {
    modules::Problem problem;
    auto linkable = modules::ReadLinkable(std::as_bytes(std::span(sources.images[i])),
                                          sources.device, &problem);
    if (!linkable) {
      throw Refusal(sources,
                    problem.kind == modules::Problem::Kind::kNoCode
                        ? Status::kNoKernelImageForDevice
                        : Status::kInvalidKernelImage,
                    sources.names[i] + ": " + problem.words);
    }
    all.push_back(*std::move(linkable));
  }
  return all;
}

// Machine code alone: what PTX is of it nobody knows.
bool IsCode(const modules::Linkable& linkable) {
  return !linkable.cubin.empty() && linkable.ptx.empty();
}

struct LinkedPtx {
  bool needs_linker = false;  // NVIDIA's: there is machine code among the sources
  std::string architecture;   // for that
  std::string ptx;
};

std::string ArchitectureOf(const std::vector<modules::Linkable>& all, int capability) {
  modules::Target target{capability, 0};
  // Code for sm_90a is linked as such, and takes that for sm_90.
  for (const modules::Linkable& linkable : all) {
    if (linkable.target.number == capability && target.suffix != 'a') {
      target.suffix = linkable.target.suffix;
    }
  }
  return target.Name();
}

LinkedPtx LinkTexts(const Sources& sources) {
  const std::vector<modules::Linkable> all = Read(sources);
  LinkedPtx result;
  std::vector<ptx::LinkSource> texts;
  for (std::size_t i = 0; i < all.size(); ++i) {
    result.needs_linker = result.needs_linker || IsCode(all[i]);
    texts.push_back({sources.names[i], all[i].ptx});
  }
  if (result.needs_linker) {
    result.architecture = ArchitectureOf(all, sources.device.capability);
    return result;
  }
  std::vector<std::string> problems;
  std::optional<std::string> ptx = ptx::Link(texts, &problems);
  if (!ptx) {
    std::string words;
    for (const std::string& line : problems) words += (words.empty() ? "" : "\n") + line;
    throw Refusal(sources, Status::kInvalidKernelImage, words);
  }
  result.ptx = *std::move(ptx);
  return result;
}

Object Describe(napi_env env, const LinkedPtx& linked) {
  Object object(env);
  object.Set("needsLinker", linked.needs_linker);
  object.Set("architecture", std::string_view(linked.architecture));
  object.Set("ptx", ToBuffer(env, linked.ptx));
  return object;
}

napi_value LinkPtx(Call& call) {
  return PromiseOf<LinkedPtx>(
      call, "", Describe, [sources = SourcesOf(call)](const auto&) { return LinkTexts(*sources); });
}

Object Describe(napi_env env, const compiler::Search<compiler::NvJitLink>& search) {
  Object object(env);
  object.Set("failures", ToArray(env, search.failures));
  if (search.found == nullptr) {
    object.Set("path", nullptr);
    return object;
  }
  object.Set("path", std::string_view(search.found->path));
  object.Set("major", search.found->major);
  object.Set("minor", search.found->minor);
  return object;
}

napi_value OpenLinker(Call& call) {
  return PromiseOf<compiler::Search<compiler::NvJitLink>>(
      call, "", Describe,
      [names = call.Texts(0)](const auto&) { return compiler::Open<compiler::NvJitLink>(names); });
}

Object Describe(napi_env env, const compiler::Linked& linked) {
  Object object(env);
  object.Set("status", linked.status);
  object.Set("operation", std::string_view(linked.operation));
  object.Set("words", std::string_view(linked.words));
  object.Set("log", std::string_view(linked.log));
  object.Set("cubin", ToBuffer(env, linked.cubin));
  return object;
}

// nvJitLink 13 tells stderr of what is defined twice, and takes one of them.
class Definitions {
 public:
  void Add(const std::vector<std::string>& names, std::size_t index, const Sources& sources) {
    for (const std::string& name : names) {
      const auto [found, is_new] = defined_.emplace(name, index);
      if (is_new || found->second == index) continue;
      throw Refusal(sources, Status::kInvalidKernelImage,
                    sources.names[found->second] + " and " + sources.names[index] +
                        " both define '" + name + "'");
    }
  }

 private:
  std::unordered_map<std::string, std::size_t> defined_;
};

// Machine code where a source has it, for PTX may be of a newer toolkit than the linker.
std::vector<compiler::LinkInput> InputsOf(const Sources& sources) {
  std::vector<compiler::LinkInput> inputs;
  Definitions definitions;
  for (modules::Linkable& linkable : Read(sources)) {
    const std::string& name = sources.names[inputs.size()];
    const bool is_code = !linkable.cubin.empty();
    definitions.Add(is_code ? linkable.definitions : ptx::DefinitionsOf(linkable.ptx),
                    inputs.size(), sources);
    using Kind = compiler::LinkInput::Kind;
    inputs.push_back({is_code ? Kind::kCubin : Kind::kPtx,
                      std::move(is_code ? linkable.cubin : linkable.ptx), name});
  }
  return inputs;
}

napi_value LinkCode(Call& call) {
  const auto sources = SourcesOf(call);
  const std::vector<std::string> library{call.Text(3)};
  const std::vector<std::string> options = call.Texts(4);
  RefuseNul(library);
  RefuseNul(options);
  return PromiseOf<compiler::Linked>(call, "", Describe, [sources, library, options](const auto&) {
    const auto search = compiler::Open<compiler::NvJitLink>(library);
    if (search.found == nullptr) {
      throw Failure(Failure::Kind::kUnsupported, search.failures.at(0));
    }
    return compiler::Link(*search.found, InputsOf(*sources), options);
  });
}

napi_value LoadedLibrary(Call& call) {
  const std::string path = compiler::LoadedPath(call.Text(0));
  return path.empty() ? ToValue(call.env(), nullptr) : ToValue(call.env(), std::string_view(path));
}

}  // namespace

void ExportLink(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "loadedLibrary", EntryPoint<LoadedLibrary>);
  ExportFunction(env, exports, environment, "linkPtx", EntryPoint<LinkPtx>);
  ExportFunction(env, exports, environment, "openLinker", EntryPoint<OpenLinker>);
  ExportFunction(env, exports, environment, "linkCode", EntryPoint<LinkCode>);
}

}  // namespace nodecuda
