#include "modules/target.h"

#include <cstddef>

#include "ptx/ast.h"

namespace nodecuda::modules {
namespace {

bool SameGeneration(int a, int b) {
  return a / 10 == b / 10;
}

}  // namespace

std::string Target::Name() const {
  std::string name = "sm_" + std::to_string(number);
  if (suffix != 0) name += suffix;
  return name;
}

bool RunsMachineCode(Target target, int capability) {
  if (target.suffix == 'a') return target.number == capability;
  return SameGeneration(target.number, capability) && target.number <= capability;
}

bool CompilesPtx(Target target, int capability) {
  return ptx::RunsOn(target.number, target.suffix, capability);
}

bool IsBetter(Target a, Target b) {
  if (a.number != b.number) return a.number > b.number;
  const auto specific = [](Target target) {
    return target.suffix == 'a' ? 2 : target.suffix == 'f' ? 1 : 0;
  };
  return specific(a) > specific(b);
}

std::string Names(const std::vector<Target>& targets) {
  constexpr std::size_t kMost = 12;
  std::string names;
  for (std::size_t i = 0; i < targets.size() && i < kMost; ++i) {
    if (i > 0) names += ", ";
    names += targets[i].Name();
  }
  return targets.size() > kMost ? names + ", ..." : names;
}

}  // namespace nodecuda::modules
