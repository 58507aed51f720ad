#include "simulator/simulated_library.h"

#include <utility>

#include "runtime/ptx_image.h"
#include "simulator/embedded_code.h"
#include "simulator/exec/arithmetic/alu.h"

namespace nodecuda::simulator {

Status SimulatedLibrary::ProgramFor(SimulatedDevice& device,
                                    std::shared_ptr<const Program>* program, std::string* log) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<const Program>& known = programs_[&device];
  if (known == nullptr) {
    const PtxImage* best = ChoosePtx(images_, device.capability());
    std::string text;
    LoadFailure failure;
    if (best == nullptr) {
      failure = {Status::kNoKernelImageForDevice, "the module has no PTX for sm_" +
                                                      std::to_string(device.capability()) +
                                                      " or an earlier target"};
    } else if (best->embedded) {
      if (auto code = EmbeddedCode(*best, device.capability(), &failure))
        known = BindProgram(std::move(code), device.memory(), &failure);
    } else if (!ReadPtx(*best, &text)) {
      failure = {Status::kInvalidPtx, "the gzipped PTX is damaged"};
    } else {
      known = LoadProgram(text, device.capability(), DetectIsa(), device.memory(), &failure);
    }
    if (known == nullptr) {
      if (log != nullptr) *log = std::move(failure.log);
      return failure.status;
    }
  }
  *program = known;
  return Status::kSuccess;
}

}  // namespace nodecuda::simulator
