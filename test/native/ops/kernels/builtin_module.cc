#include "test/native/ops/kernels/builtin_module.h"

#include <map>

#include "ptx/parser.h"
#include "runtime/ptx_image.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/decode/module/module_code.h"

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

// Devices decode a kernel when it is first launched: here all of them are, so that none is left to
// fail at a user's.
TEST_CASE("every built-in kernel can be decoded") {
  for (const int target : BuiltinTargets()) {
    for (std::size_t module = 0; module < kModuleCount; ++module) {
      CAPTURE(target);
      CAPTURE(kModuleNames[module]);
      const PtxImage* image = ChoosePtx(BuiltinImage(static_cast<Module>(module)).ptx, target);
      if (image == nullptr) continue;
      CHECK(image->embedded);
      std::string text;
      REQUIRE(ReadPtx(*image, &text));
      ptx::ParseError error;
      auto parsed = ptx::Parse(text, &error);
      REQUIRE_MESSAGE(parsed.has_value(), error.message);
      simulator::LoadFailure failure;
      CHECK_MESSAGE(
          simulator::ModuleCode::Make(std::make_shared<const ptx::Module>(*std::move(parsed)),
                                      target, simulator::DetectIsa(), &failure) != nullptr,
          failure.log);
    }
  }
}

}  // namespace nodecuda::test
