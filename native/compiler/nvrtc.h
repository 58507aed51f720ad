#ifndef NODECUDA_COMPILER_NVRTC_H_
#define NODECUDA_COMPILER_NVRTC_H_

#include <memory>
#include <string>
#include <vector>

#include "compiler/library.h"

namespace nodecuda::compiler {

struct Program;  // nvrtcProgram is a pointer to one

// NVIDIA's runtime compiler, opened at run time: there is none in a machine that only runs what was
// compiled before. Its functions may be called on any thread, concurrently as long as each has a
// program of its own.
struct Nvrtc {
  static constexpr int kInternalError = 11;  // NVRTC_ERROR_INTERNAL_ERROR

  // Null, and why, if it is no NVRTC that can be used.
  static std::unique_ptr<Nvrtc> Examine(void* library, const std::string& name, std::string* why);
  std::string Words(int status) const;

  void* library = nullptr;
  std::string path;      // of the file, without links
  std::string builtins;  // the file of its other half, empty if that is not beside it
  int major = 0, minor = 0;
  std::vector<int> architectures;  // 90 for sm_90, ascending

  Symbol<int(int* major, int* minor)> version{"nvrtcVersion"};
  Symbol<int(int* count)> architecture_count{"nvrtcGetNumSupportedArchs"};
  Symbol<int(int* architectures)> supported_architectures{"nvrtcGetSupportedArchs"};
  Symbol<const char*(int)> error_string{"nvrtcGetErrorString"};
  Symbol<int(Program**, const char* source, const char* name, int headers,
             const char* const* header_sources, const char* const* header_names)>
      create_program{"nvrtcCreateProgram"};
  Symbol<int(Program**)> destroy_program{"nvrtcDestroyProgram"};
  Symbol<int(Program*, int count, const char* const* options)> compile_program{
      "nvrtcCompileProgram"};
  Symbol<int(Program*, const char* expression)> add_name_expression{"nvrtcAddNameExpression"};
  Symbol<int(Program*, const char* expression, const char** lowered)> lowered_name{
      "nvrtcGetLoweredName"};
  Symbol<int(Program*, std::size_t*)> log_size{"nvrtcGetProgramLogSize"};
  Symbol<int(Program*, char*)> log{"nvrtcGetProgramLog"};
  Symbol<int(Program*, std::size_t*)> ptx_size{"nvrtcGetPTXSize"};
  Symbol<int(Program*, char*)> ptx{"nvrtcGetPTX"};
  Symbol<int(Program*, std::size_t*)> cubin_size{"nvrtcGetCUBINSize"};
  Symbol<int(Program*, char*)> cubin{"nvrtcGetCUBIN"};
  // Since 12.8. The callback returns 1 to end the compilation early.
  Symbol<int(Program*, int (*callback)(void* payload, void*), void* payload)> set_flow_callback{
      "nvrtcSetFlowCallback"};
};

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_NVRTC_H_
