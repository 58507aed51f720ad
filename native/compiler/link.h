#ifndef NODECUDA_COMPILER_LINK_H_
#define NODECUDA_COMPILER_LINK_H_

#include <string>
#include <vector>

#include "compiler/nvjitlink.h"

namespace nodecuda::compiler {

struct LinkInput {
  enum class Kind { kCubin = 1, kPtx = 2 };  // as nvJitLinkInputType counts them
  Kind kind = Kind::kPtx;
  std::string bytes;
  std::string name;  // in messages
};

struct Linked {
  int status = 0;         // nvJitLinkResult; 0 if it was linked
  std::string operation;  // the call that failed
  std::string words;      // the name of the status, or ours where a call is missing
  std::string log;        // errors, and what else the linker says
  std::string cubin;      // bytes
};

// Makes one cubin of all inputs.
Linked Link(const NvJitLink& linker, const std::vector<LinkInput>& inputs,
            const std::vector<std::string>& options);

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_LINK_H_
