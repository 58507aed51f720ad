#include "compiler/nvrtc.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

namespace nodecuda::compiler {
namespace {

// Older ones lack options that we pass, and have never been tried.
constexpr int kOldestMajor = 12;

// Shared by all environments and never destroyed.
struct Opened {
  std::mutex mutex;
  std::vector<std::unique_ptr<Nvrtc>> all;
};

Opened& Libraries() {
  static auto* libraries = new Opened;
  return *libraries;
}

std::string LastError() {
  const char* words = dlerror();
  return words != nullptr ? words : "dlopen failed";
}

std::string WithoutLinks(const std::string& path) {
  std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), std::free);
  return real != nullptr ? real.get() : path;
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// NVRTC opens it by this name at the first compilation, and finds it only where the loader looks.
// Once it is loaded, the loader gives it again by name.
std::string LoadBuiltins(const std::string& folder, int major, int minor) {
  const std::string path =
      folder + "/libnvrtc-builtins.so." + std::to_string(major) + '.' + std::to_string(minor);
  return dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr ? path : "";
}

std::string PathOf(void* symbol, const std::string& otherwise) {
  Dl_info info;
  return dladdr(symbol, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : otherwise;
}

void FindArchitectures(Nvrtc& nvrtc) {
  auto* count = nvrtc.architecture_count.In(nvrtc.library);
  auto* list = nvrtc.supported_architectures.In(nvrtc.library);
  int length = 0;
  if (count == nullptr || list == nullptr || count(&length) != 0 || length <= 0) return;
  nvrtc.architectures.resize(static_cast<std::size_t>(length));
  if (list(nvrtc.architectures.data()) != 0) nvrtc.architectures.clear();
}

// Null, and why, if it is no NVRTC that can be used.
std::unique_ptr<Nvrtc> Examine(void* library, const std::string& name, std::string* why) {
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
  const std::string path = PathOf(reinterpret_cast<void*>(version), name);
  nvrtc->path = WithoutLinks(path);
  for (const std::string& folder : {FolderOf(nvrtc->path), FolderOf(path)}) {
    if (nvrtc->builtins.empty()) {
      nvrtc->builtins = LoadBuiltins(folder, nvrtc->major, nvrtc->minor);
    }
  }
  FindArchitectures(*nvrtc);
  return nvrtc;
}

const Nvrtc* OpenOne(Opened& opened, const std::string& name, std::string* why) {
  void* library = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    *why = LastError();
    return nullptr;
  }
  for (const auto& known : opened.all) {
    if (known->library == library) return known.get();
  }
  std::unique_ptr<Nvrtc> nvrtc = Examine(library, name, why);
  if (nvrtc == nullptr) return nullptr;
  opened.all.push_back(std::move(nvrtc));
  return opened.all.back().get();
}

int VisitLoaded(dl_phdr_info* info, std::size_t, void* found) {
  const char* path = info->dlpi_name != nullptr ? info->dlpi_name : "";
  const char* slash = std::strrchr(path, '/');
  if (slash == nullptr || std::strncmp(slash, "/libnvrtc.so", 12) != 0) return 0;
  *static_cast<std::string*>(found) = path;
  return 1;
}

}  // namespace

void* FindSymbol(void* library, const char* name) noexcept {
  return dlsym(library, name);
}

Search Open(const std::vector<std::string>& names) {
  Opened& opened = Libraries();
  std::lock_guard lock(opened.mutex);
  Search search;
  for (const std::string& name : names) {
    std::string why;
    search.found = OpenOne(opened, name, &why);
    if (search.found != nullptr) break;
    search.failures.push_back(std::move(why));
  }
  return search;
}

std::string LoadedPath() {
  std::string path;
  dl_iterate_phdr(VisitLoaded, &path);
  return path;
}

}  // namespace nodecuda::compiler
