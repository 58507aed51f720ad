#include "compiler/nvjitlink.h"

#include <iterator>

namespace nodecuda::compiler {
namespace {

// nvJitLinkResult of 13.4: the library has no words for them.
constexpr const char* kResults[] = {"NVJITLINK_SUCCESS",
                                    "NVJITLINK_ERROR_UNRECOGNIZED_OPTION",
                                    "NVJITLINK_ERROR_MISSING_ARCH",
                                    "NVJITLINK_ERROR_INVALID_INPUT",
                                    "NVJITLINK_ERROR_PTX_COMPILE",
                                    "NVJITLINK_ERROR_NVVM_COMPILE",
                                    "NVJITLINK_ERROR_INTERNAL",
                                    "NVJITLINK_ERROR_THREADPOOL",
                                    "NVJITLINK_ERROR_UNRECOGNIZED_INPUT",
                                    "NVJITLINK_ERROR_FINALIZE",
                                    "NVJITLINK_ERROR_NULL_INPUT",
                                    "NVJITLINK_ERROR_INCOMPATIBLE_OPTIONS",
                                    "NVJITLINK_ERROR_INCORRECT_INPUT_TYPE",
                                    "NVJITLINK_ERROR_ARCH_MISMATCH",
                                    "NVJITLINK_ERROR_OUTDATED_LIBRARY",
                                    "NVJITLINK_ERROR_MISSING_FATBIN",
                                    "NVJITLINK_ERROR_UNRECOGNIZED_ARCH",
                                    "NVJITLINK_ERROR_UNSUPPORTED_ARCH",
                                    "NVJITLINK_ERROR_LTO_NOT_ENABLED"};

// A library that cannot be asked is one of 12.0 to 12.2: its newest functions tell.
bool FindVersion(NvJitLink& linker) {
  if (auto* version = linker.version.In(linker.library)) {
    unsigned major = 0, minor = 0;
    if (version(&major, &minor) != 0) return false;
    linker.major = static_cast<int>(major);
    linker.minor = static_cast<int>(minor);
    return true;
  }
  linker.major = 12;
  for (const char* name : {"__nvJitLinkCreate_12_1", "__nvJitLinkCreate_12_2"}) {
    if (FindSymbol(linker.library, name) != nullptr) ++linker.minor;
  }
  return true;
}

}  // namespace

std::unique_ptr<NvJitLink> NvJitLink::Examine(void* library, const std::string& name,
                                              std::string* why) {
  auto linker = std::make_unique<NvJitLink>();
  linker->library = library;
  auto* create = linker->create.In(library);
  if (create == nullptr) {
    *why = name + ": it is not nvJitLink: there is no nvJitLinkCreate in it";
    return nullptr;
  }
  if (!FindVersion(*linker)) {
    *why = name + ": nvJitLinkVersion failed";
    return nullptr;
  }
  linker->path = FileOf(reinterpret_cast<void*>(create), name).path;
  return linker;
}

std::string NvJitLink::Words(int status) const {
  const bool is_known = status >= 0 && status < static_cast<int>(std::size(kResults));
  return is_known ? kResults[status] : "status " + std::to_string(status);
}

}  // namespace nodecuda::compiler
