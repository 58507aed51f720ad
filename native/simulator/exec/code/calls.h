#ifndef NODECUDA_SIMULATOR_EXEC_CODE_CALLS_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What the decoder tells the interpreter of the calls that were not inlined.
//
// A function has registers of its own in the warp's register file, beyond those of whoever may call
// it. Only one that may be entered again before it has returned would find them in use: the call
// that leads there saves what the caller needs later. Variables in local memory lie at a fixed
// place in the same way, but for such functions on a stack, because their addresses may be handed
// on.
namespace nodecuda::simulator {

inline constexpr std::uint32_t kMaxCallDepth = 1024;
inline constexpr std::size_t kFrameAlignment = 16;
inline constexpr std::size_t kMaxStackBytes = std::size_t{64} << 10;  // per thread
inline constexpr std::size_t kMaxSavedBytes = std::size_t{8} << 20;   // of registers, per warp

// What the value of a pointer to a function is: kFunctionWindow + the module's number in the
// process << kModuleShift + the function's number in the module << kFunctionShift. No memory is
// there.
inline constexpr std::uint64_t kFunctionWindow = std::uint64_t{1} << 62;
inline constexpr int kModuleShift = 32;
inline constexpr int kFunctionShift = 4;

// A parameter or result. Its place is relative to the stack pointer of a function whose frame lies
// on the stack, else an address in local memory.
struct FrameVariable {
  std::int64_t offset = 0;
  std::size_t bytes = 0;
};

inline constexpr std::uint32_t kNoCode = 0xffffffffu;

// A function of the module, by its number there.
struct CalledFunction {
  std::string_view name;
  std::uint32_t begin = kNoCode, end = kNoCode;  // in DecodedKernel::code
  std::uint32_t stack_bytes = 0;                 // of its frame; 0 where that has a fixed place
  bool on_stack = false;
  std::vector<FrameVariable> parameters, results;
  int signature = -1;  // equal numbers: equal sizes of parameters and results
  std::string why;     // it has no code; for people
};

// A register of the caller that a call must not change.
struct SavedSlot {
  std::uint32_t slot = 0;   // in the register file
  std::uint32_t place = 0;  // in what the call saves
  std::uint8_t width = 0;   // bytes per lane; 0: a predicate
};

inline constexpr std::uint32_t kIndirect = 0xffffffffu;

struct CallSite {
  std::uint32_t callee = kIndirect;  // index into DecodedKernel::functions
  int signature = -1;                // of an indirect call
  // In the caller's frame, relative to its kFrameSlot if the instruction has one.
  std::vector<FrameVariable> arguments, results;
  std::vector<SavedSlot> saved;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_CALLS_H_
