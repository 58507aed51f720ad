#ifndef NODECUDA_MODULES_PTX_FACTS_H_
#define NODECUDA_MODULES_PTX_FACTS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "modules/contents.h"
#include "modules/problem.h"
#include "modules/target.h"

namespace nodecuda::modules {

struct PtxFacts {
  Target target;
  int version = 0;  // 90 for 9.0
  std::vector<KernelFacts> kernels = {};
  std::vector<VariableFacts> variables = {};
};

// Whether text is PTX by its first word, after blanks and comments.
bool LooksLikePtx(std::string_view text);

// What PTX says before the bodies of its kernels.
std::optional<PtxFacts> ReadPtxFacts(std::string_view text, Problem* problem);

// Tells kernels and variables of machine code the types that PTX has for them, where both agree.
void AddTypes(const PtxFacts& from, std::vector<KernelFacts>* kernels,
              std::vector<VariableFacts>* variables);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_PTX_FACTS_H_
