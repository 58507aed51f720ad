#ifndef NODECUDA_MODULES_CUBIN_H_
#define NODECUDA_MODULES_CUBIN_H_

#include <optional>
#include <string>
#include <vector>

#include "modules/bytes.h"
#include "modules/contents.h"
#include "modules/problem.h"
#include "modules/target.h"

namespace nodecuda::modules {

// Machine code for one target: an ELF file of ptxas or nvlink.
struct Cubin {
  Target target;
  std::vector<KernelFacts> kernels = {};
  std::vector<VariableFacts> variables = {};
};

// What a linker is to know of a cubin, also of one that is relocatable.
struct LinkableCubin {
  Target target;
  std::vector<std::string> definitions = {};  // that all modules see, and none may have as well
};
std::optional<LinkableCubin> ReadLinkableCubin(Bytes image, Problem* problem);

// Reads a cubin of any toolkit from 11 to 13, which changed the ELF header. An ELF file of another
// kind, or relocatable machine code, is a problem in words.
std::optional<Cubin> ReadCubin(Bytes image, Problem* problem);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_CUBIN_H_
