#include "simulator/exec/decode/unsupported.h"

#include <algorithm>

namespace nodecuda::simulator {
namespace {

struct LeftOut {
  std::string_view base, modifier;  // of any modifier: empty
  const char* why;
};
constexpr LeftOut kLeftOut[] = {
    {"multimem", "",
     "multicast objects span several devices, and the simulated device is one: there are none"},
    {"tcgen05", "", "tensor memory is not supported"},
    {"istypep", "", "texture, sampler and surface references are not supported: objects are"},
    {"cvt", "rs", "stochastic rounding is not supported"},
    {"fma", "oob", ".oob is not supported: PTX does not say which NaN it looks for"},
    {"sust", "p", "formatted stores are not supported: sust.b is"},
    {"tex", "2dms", "multisampled textures are not supported: CUDA makes none"},
    {"tex", "a2dms", "multisampled textures are not supported: CUDA makes none"},
};

}  // namespace

const char* WhyLeftOut(std::span<const std::string_view> parts) {
  for (const LeftOut& row : kLeftOut)
    if (parts[0] == row.base &&
        (row.modifier.empty() || std::ranges::find(parts, row.modifier) != parts.end()))
      return row.why;
  return nullptr;
}

}  // namespace nodecuda::simulator
