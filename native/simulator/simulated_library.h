#ifndef NODECUDA_SIMULATOR_SIMULATED_LIBRARY_H_
#define NODECUDA_SIMULATOR_SIMULATED_LIBRARY_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/runtime.h"
#include "simulator/engine.h"
#include "simulator/simulated_device.h"

namespace nodecuda::simulator {

// A loaded module. It belongs to no device; each device gets a program of its own, loaded when it
// first needs it. The code of an embedded module is shared. All members may be
// called from any thread.
class SimulatedLibrary {
 public:
  // What the images refer to must last until each device that is to use the library has its
  // program; of an embedded image, for ever.
  explicit SimulatedLibrary(std::span<const PtxImage> images)
      : images_(images.begin(), images.end()) {}

  // Whether it is part of the binary: see PtxImage.
  bool embedded() const { return !images_.empty() && images_.front().embedded; }
  // Takes the image with the highest target that the device can run. `log` may be null.
  Status ProgramFor(SimulatedDevice& device, std::shared_ptr<const Program>* program,
                    std::string* log);
  // The handle of a kernel, the same one at every call; `make` makes it at the first.
  template <typename Make>
  Kernel KernelHandle(const std::string& name, Make make) {
    std::lock_guard lock(mutex_);
    const auto [found, added] = kernels_.try_emplace(name, nullptr);
    if (added) found->second = make();
    return found->second;
  }
  std::map<std::string, Kernel> kernels() const {
    std::lock_guard lock(mutex_);
    return kernels_;
  }

 private:
  const std::vector<PtxImage> images_;
  mutable std::mutex mutex_;
  std::map<SimulatedDevice*, std::shared_ptr<const Program>> programs_;
  std::map<std::string, Kernel> kernels_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_SIMULATED_LIBRARY_H_
