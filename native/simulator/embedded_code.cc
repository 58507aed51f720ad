#include "simulator/embedded_code.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "ptx/parser.h"
#include "runtime/ptx_image.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/decode/module/module_code.h"

namespace nodecuda::simulator {
namespace {

// By where the image is, which is what it is. Never destroyed: at exit other threads may still be
// using it.
struct Known {
  std::mutex mutex;
  std::map<const char*, std::shared_ptr<const ptx::Module>> modules;
  std::map<std::pair<const char*, int>, std::shared_ptr<const ModuleCode>> code;
};

Known& Process() {
  static auto* known = new Known;
  return *known;
}

std::shared_ptr<const ptx::Module> ReadModule(const PtxImage& image, LoadFailure* failure) {
  std::string text;
  if (!ReadPtx(image, &text)) {
    *failure = {Status::kInvalidPtx, "the gzipped PTX is damaged"};
    return nullptr;
  }
  ptx::ParseError error;
  std::optional<ptx::Module> module = ptx::ParseHeaders(text, &error);
  if (!module) {
    *failure = {Status::kInvalidPtx, error.Words()};
    return nullptr;
  }
  return std::make_shared<const ptx::Module>(*std::move(module));
}

}  // namespace

std::shared_ptr<const ModuleCode> EmbeddedCode(const PtxImage& image, int capability,
                                               LoadFailure* failure) {
  Known& known = Process();
  const std::lock_guard lock(known.mutex);
  const char* where = image.text.data();
  if (const auto found = known.code.find({where, capability}); found != known.code.end())
    return found->second;
  std::shared_ptr<const ptx::Module> module;
  if (const auto found = known.modules.find(where); found != known.modules.end()) {
    module = found->second;
  } else {
    module = ReadModule(image, failure);
    if (module == nullptr) return nullptr;
    known.modules[where] = module;
  }
  auto code = ModuleCode::Make(std::move(module), capability, DetectIsa(), failure);
  if (code != nullptr) known.code[{where, capability}] = code;
  return code;
}

}  // namespace nodecuda::simulator
