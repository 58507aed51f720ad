#ifndef NODECUDA_MODULES_TARGET_H_
#define NODECUDA_MODULES_TARGET_H_

#include <string>
#include <vector>

namespace nodecuda::modules {

// What code is compiled for: sm_75, sm_90a, sm_100f.
struct Target {
  int number = 0;   // 75 for sm_75
  char suffix = 0;  // 'a': that architecture alone; 'f': it and later ones of its family; or 0

  std::string Name() const;  // "sm_90a"
  bool operator==(const Target&) const = default;
};

// Whether a device of `capability` (90 for 9.0) runs machine code for a target: that of its own
// generation which is not newer.
bool RunsMachineCode(Target target, int capability);
// Whether PTX for a target can be compiled for it: whatever is not newer.
bool CompilesPtx(Target target, int capability);

// Whether a driver would take `a` rather than `b`, both fit for the device.
bool IsBetter(Target a, Target b);

// "sm_75, sm_90a", for messages; long lists are cut.
std::string Names(const std::vector<Target>& targets);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_TARGET_H_
