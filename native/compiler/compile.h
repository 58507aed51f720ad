#ifndef NODECUDA_COMPILER_COMPILE_H_
#define NODECUDA_COMPILER_COMPILE_H_

#include <atomic>
#include <string>
#include <vector>

#include "compiler/nvrtc.h"

namespace nodecuda::compiler {

struct Request {
  std::string source, name;
  std::vector<std::string> header_names, header_sources;  // of the same length
  std::vector<std::string> options;
  std::vector<std::string> name_expressions;
};

struct Compilation {
  int status = 0;         // nvrtcResult; 0 if it was compiled
  std::string operation;  // the call that failed
  std::string words;      // the status in NVRTC's words, or ours where a call is missing
  std::string log;        // warnings, or errors
  std::string ptx;
  std::string cubin;                       // bytes; empty where only PTX was asked for
  std::vector<std::string> lowered_names;  // in the order of the expressions
};

// Where it can be ended early, `cancelled` does so.
Compilation Compile(const Nvrtc& nvrtc, const Request& request, const std::atomic<bool>& cancelled);

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_COMPILE_H_
