#include "compiler/library.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace nodecuda::compiler {
namespace {

std::string WithoutLinks(const std::string& path) {
  std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), std::free);
  return real != nullptr ? real.get() : path;
}

struct Wanted {
  std::string beginning, path;
};

int VisitLoaded(dl_phdr_info* info, std::size_t, void* data) {
  auto* wanted = static_cast<Wanted*>(data);
  const char* path = info->dlpi_name != nullptr ? info->dlpi_name : "";
  const char* slash = std::strrchr(path, '/');
  if (slash == nullptr || !std::string_view(slash + 1).starts_with(wanted->beginning)) return 0;
  wanted->path = path;
  return 1;
}

}  // namespace

void* OpenLibrary(const std::string& name, std::string* why) {
  void* library = dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library != nullptr) return library;
  const char* words = dlerror();
  *why = words != nullptr ? words : "dlopen failed";
  return nullptr;
}

void* FindSymbol(void* library, const char* name) noexcept {
  return dlsym(library, name);
}

LibraryFile FileOf(void* symbol, const std::string& otherwise) {
  Dl_info info;
  const bool is_known = dladdr(symbol, &info) != 0 && info.dli_fname != nullptr;
  const std::string opened = is_known ? info.dli_fname : otherwise;
  return {WithoutLinks(opened), opened};
}

std::string LoadedPath(const std::string& beginning) {
  Wanted wanted{beginning, ""};
  dl_iterate_phdr(VisitLoaded, &wanted);
  return wanted.path;
}

}  // namespace nodecuda::compiler
