#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_INLINE_CALLS_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_INLINE_CALLS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "ptx/ast.h"
#include "simulator/exec/code/symbols.h"

namespace nodecuda::simulator {

// How many instructions inlining may add to a kernel and all the functions that it calls.
inline constexpr std::size_t kMaxInlined = 1 << 20;

// The function with the bodies of the small functions that it calls, and which call nothing but
// builtins, in place of the calls: a call costs more than they do. The arguments' .param variables
// are where such a function finds its parameters. Other calls stay. `*room` is what may still be
// added. nullopt, with line and reason in *why, for a call that cannot be made.
std::optional<ptx::Function> InlineCalls(const ptx::Module& module, const ModuleSymbols& symbols,
                                         const ptx::Function& function, std::size_t* room,
                                         std::string* why);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_INLINE_CALLS_H_
