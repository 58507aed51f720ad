#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_INLINE_CALLS_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_INLINE_CALLS_H_

#include <optional>
#include <string>
#include <string_view>

#include "ptx/ast.h"

namespace nodecuda::simulator {

// What a failed assert() in device code calls; it has no body.
inline constexpr std::string_view kAssertFunction = "__assertfail";

// The function with the bodies of what it calls in place of the calls, so that nothing behind needs
// to know about calls. The arguments' .param variables are where the callee finds its parameters.
// A call of __assertfail stays. nullopt, with line and reason in *why, for recursion, indirect
// calls, functions without a body, and for what grows beyond bounds.
std::optional<ptx::Function> InlineCalls(const ptx::Module& module, const ptx::Function& function,
                                         std::string* why);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_INLINE_CALLS_H_
