#ifndef NODECUDA_MODULES_PROBLEM_H_
#define NODECUDA_MODULES_PROBLEM_H_

#include <cstdint>
#include <string>
#include <utility>

namespace nodecuda::modules {

// Why an image was refused.
struct Problem {
  enum class Kind : std::uint8_t {
    kNone,
    kForeign,       // no module image at all, or one that has to be linked first
    kDamaged,       // one that breaks off, or contradicts itself
    kNoCode,        // one without code for the device
    kNeedsLibrary,  // compressed with what this build cannot decompress
  };
  Kind kind = Kind::kNone;
  std::string words;  // what is wrong, at which byte or line, and what to do

  // Notes it and is false, for returns.
  bool Set(Kind what, std::string why) {
    kind = what;
    words = std::move(why);
    return false;
  }
};

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_PROBLEM_H_
