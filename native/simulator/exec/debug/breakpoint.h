#ifndef NODECUDA_SIMULATOR_EXEC_DEBUG_BREAKPOINT_H_
#define NODECUDA_SIMULATOR_EXEC_DEBUG_BREAKPOINT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/runtime.h"

namespace nodecuda::simulator {

class BlockRunner;
struct DecodedKernel;

// A register compared with a number.
struct Condition {
  enum class Operator : std::uint8_t { kEqual, kUnequal, kLess, kLessEqual, kGreater, kAtLeast };
  std::string name;  // as PTX has it: "%r1", "%tid.x"
  Operator compare = Operator::kEqual;
  double number = 0;
  bool is_integer = false;  // then the number is exactly this:
  bool is_negative = false;
  std::uint64_t magnitude = 0;
};

// Where to stop, and for whom.
struct Breakpoint {
  enum class Kind : std::uint8_t {
    kName,    // the first instruction of a kernel, or of a function that it calls
    kSource,  // a line of a source file
    kPtx,     // a line of the PTX
  };
  int id = 0;
  Kind kind = Kind::kName;
  std::string name;  // of the kernel or function, or the end of the path of the file
  std::uint32_t line = 0;
  std::optional<Dim3> block, thread;
  std::optional<Condition> when;
  bool asks = false;  // whether to stop is asked of the session's owner, each time
};

// The instructions of a kernel at which the breakpoint may stop. A line that has none stands for
// the next one that has, as in other debuggers: of the source in all of the module, of the PTX in
// the kernel.
std::vector<std::uint32_t> PlacesOf(const Breakpoint& breakpoint, const DecodedKernel& kernel);

// The part of the kernel's code that is one function, and its name: the kernel itself, or what it
// calls and was not inlined.
struct FunctionCode {
  std::string_view name;
  std::uint32_t begin = 0, end = 0;
};
FunctionCode FunctionAt(const DecodedKernel& kernel, std::uint32_t pc);

// Whether the condition holds for a lane that stands at `pc`; false where no such register is.
bool Holds(const Condition& condition, BlockRunner& block, std::uint32_t pc, int warp, int lane);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DEBUG_BREAKPOINT_H_
