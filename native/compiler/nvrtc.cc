#include "compiler/nvrtc.h"

namespace nodecuda::compiler {
namespace {

// Older ones lack options that we pass, and have never been tried.
constexpr int kOldestMajor = 12;

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// NVRTC opens it by this name at the first compilation, and finds it only where the loader looks.
// Once it is loaded, the loader gives it again by name.
std::string LoadBuiltins(const std::string& folder, int major, int minor) {
  const std::string path =
      folder + "/libnvrtc-builtins.so." + std::to_string(major) + '.' + std::to_string(minor);
  std::string ignored;
  return OpenLibrary(path, &ignored) != nullptr ? path : "";
}

void FindArchitectures(Nvrtc& nvrtc) {
  auto* count = nvrtc.architecture_count.In(nvrtc.library);
  auto* list = nvrtc.supported_architectures.In(nvrtc.library);
  int length = 0;
  if (count == nullptr || list == nullptr || count(&length) != 0 || length <= 0) return;
  nvrtc.architectures.resize(static_cast<std::size_t>(length));
  if (list(nvrtc.architectures.data()) != 0) nvrtc.architectures.clear();
}

}  // namespace

std::unique_ptr<Nvrtc> Nvrtc::Examine(void* library, const std::string& name, std::string* why) {
  auto nvrtc = std::make_unique<Nvrtc>();
  nvrtc->library = library;
  auto* version = nvrtc->version.In(library);
  if (version == nullptr) {
    *why = name + ": it is not NVRTC: there is no nvrtcVersion in it";
    return nullptr;
  }
  if (version(&nvrtc->major, &nvrtc->minor) != 0) {
    *why = name + ": nvrtcVersion failed";
    return nullptr;
  }
  if (nvrtc->major < kOldestMajor) {
    *why = name + ": it is NVRTC " + std::to_string(nvrtc->major) + '.' +
           std::to_string(nvrtc->minor) + ", and " + std::to_string(kOldestMajor) + ".0 is needed";
    return nullptr;
  }
  const LibraryFile file = FileOf(reinterpret_cast<void*>(version), name);
  nvrtc->path = file.path;
  for (const std::string& folder : {FolderOf(file.path), FolderOf(file.opened)}) {
    if (nvrtc->builtins.empty()) {
      nvrtc->builtins = LoadBuiltins(folder, nvrtc->major, nvrtc->minor);
    }
  }
  FindArchitectures(*nvrtc);
  return nvrtc;
}

std::string Nvrtc::Words(int status) const {
  auto* words_of = error_string.In(library);
  const char* words = words_of != nullptr ? words_of(status) : nullptr;
  return words != nullptr ? words : "status " + std::to_string(status);
}

}  // namespace nodecuda::compiler
