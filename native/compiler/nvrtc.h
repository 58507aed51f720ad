#ifndef NODECUDA_COMPILER_NVRTC_H_
#define NODECUDA_COMPILER_NVRTC_H_

#include <atomic>
#include <string>
#include <vector>

namespace nodecuda::compiler {

void* FindSymbol(void* library, const char* name) noexcept;

// A function of a library that was opened at run time: looked up when it is first asked for, once.
template <class Function>
class Symbol {
 public:
  explicit constexpr Symbol(const char* name) : name_(name) {}

  const char* name() const { return name_; }
  // Null if the library has none of that name.
  Function* In(void* library) const {
    if (!looked_up_.load(std::memory_order_acquire)) {
      found_.store(FindSymbol(library, name_),
                   std::memory_order_relaxed);  // all threads find the same
      looked_up_.store(true, std::memory_order_release);
    }
    return reinterpret_cast<Function*>(found_.load(std::memory_order_relaxed));
  }

 private:
  const char* name_;
  mutable std::atomic<bool> looked_up_{false};
  mutable std::atomic<void*> found_{nullptr};
};

struct Program;  // nvrtcProgram is a pointer to one

// NVIDIA's runtime compiler, opened at run time: there is none in a machine that only runs what was
// compiled before. Never closed: threads of its own, and its destructors, may outlive us. Its
// functions may be called on any thread, concurrently as long as each has a program of its own.
struct Nvrtc {
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

// What came of looking for the library.
struct Search {
  const Nvrtc* found = nullptr;
  std::vector<std::string> failures;  // why not, for each name before the one that was opened
};

// The library of the first of `names` that can be opened: a file by its path, or a name that the
// loader looks up. An opened one is kept, and given again at once.
Search Open(const std::vector<std::string>& names);

// The file of an NVRTC that the process has loaded, by whomever; empty if there is none.
std::string LoadedPath();

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_NVRTC_H_
