#include "test/native/ops/kernels/builtin_module.h"

#include <map>

#include "runtime/ptx_image.h"

namespace nodecuda::test {

SimulatedKernels& SimulatedKernels::Of(int capability, bool late_copies) {
  static std::map<std::pair<int, bool>, std::unique_ptr<SimulatedKernels>> all;
  std::unique_ptr<SimulatedKernels>& kernels = all[{capability, late_copies}];
  if (!kernels) kernels = std::make_unique<SimulatedKernels>(capability, 1, late_copies);
  return *kernels;
}

TEST_CASE("every built-in kernel is found in the image of every target") {
  for (const int target : BuiltinTargets()) {
    SimulatedKernels kernels(target);
    for (std::size_t module = 0; module < kModuleCount; ++module) {
      CAPTURE(target);
      CAPTURE(kModuleNames[module]);
      if (ChoosePtx(BuiltinImage(static_cast<Module>(module)).ptx, target) == nullptr) continue;
      kernels.Context(static_cast<Module>(module));
    }
  }
}

}  // namespace nodecuda::test
