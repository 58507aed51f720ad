#ifndef NODECUDA_COMPILER_NVJITLINK_H_
#define NODECUDA_COMPILER_NVJITLINK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "compiler/library.h"

namespace nodecuda::compiler {

struct LinkState;  // nvJitLinkHandle is a pointer to one

// NVIDIA's linker of device code, opened at run time. Its functions may be called on any thread,
// concurrently as long as each has a handle of its own.
//
// The header makes of each function a call of one of the header's version, __nvJitLinkCreate_12_4,
// which is the same in all: a library has those of its major version up to its own. Since 12.3 they
// have plain names as well; before that, those of 12.0 are there.
struct NvJitLink {
  static constexpr int kInternalError = 6;  // NVJITLINK_ERROR_INTERNAL

  // Null, and why, if it is no nvJitLink that can be used.
  static std::unique_ptr<NvJitLink> Examine(void* library, const std::string& name,
                                            std::string* why);
  std::string Words(int status) const;

  void* library = nullptr;
  std::string path;  // of the file, without links
  int major = 0, minor = 0;

  Symbol<int(unsigned* major, unsigned* minor)> version{"nvJitLinkVersion"};  // since 12.3
  Symbol<int(LinkState**, std::uint32_t count, const char* const* options)> create{
      "nvJitLinkCreate", "__nvJitLinkCreate_12_0"};
  Symbol<int(LinkState**)> destroy{"nvJitLinkDestroy", "__nvJitLinkDestroy_12_0"};
  Symbol<int(LinkState*, int kind, const void* data, std::size_t bytes, const char* name)> add_data{
      "nvJitLinkAddData", "__nvJitLinkAddData_12_0"};
  Symbol<int(LinkState*)> complete{"nvJitLinkComplete", "__nvJitLinkComplete_12_0"};
  Symbol<int(LinkState*, std::size_t*)> cubin_size{"nvJitLinkGetLinkedCubinSize",
                                                   "__nvJitLinkGetLinkedCubinSize_12_0"};
  Symbol<int(LinkState*, char*)> cubin{"nvJitLinkGetLinkedCubin", "__nvJitLinkGetLinkedCubin_12_0"};
  Symbol<int(LinkState*, std::size_t*)> error_log_size{"nvJitLinkGetErrorLogSize",
                                                       "__nvJitLinkGetErrorLogSize_12_0"};
  Symbol<int(LinkState*, char*)> error_log{"nvJitLinkGetErrorLog", "__nvJitLinkGetErrorLog_12_0"};
  Symbol<int(LinkState*, std::size_t*)> info_log_size{"nvJitLinkGetInfoLogSize",
                                                      "__nvJitLinkGetInfoLogSize_12_0"};
  Symbol<int(LinkState*, char*)> info_log{"nvJitLinkGetInfoLog", "__nvJitLinkGetInfoLog_12_0"};
};

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_NVJITLINK_H_
