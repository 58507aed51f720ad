#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_CALL_SYNTAX_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_CALL_SYNTAX_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ptx/ast.h"

namespace nodecuda::simulator {

// call (results), function, (arguments), and of an indirect call a prototype or a list of targets,
// which say nothing that the rest does not. Lists may be missing.
struct Call {
  const ptx::Operand* results = nullptr;
  const ptx::Operand* function = nullptr;  // a register, of an indirect call
  const ptx::Operand* arguments = nullptr;

  bool is_indirect() const {
    return function != nullptr && function->kind == ptx::Operand::Kind::kRegister;
  }
};
bool IsCall(const ptx::Instruction& instruction);
Call TakeApart(const ptx::Instruction& call);

// Functions without a body that are instructions of the simulator's own (builtins.cc).
bool IsBuiltin(std::string_view name);

bool IsStackOperation(std::string_view base);  // alloca and its like

// What a call passes and takes: .param variables of the caller, which hold what the callee has
// declared; of an indirect call nothing is known of that, and `callee` is null. False: *why tells
// what is wrong.
bool CheckPassed(const Call& call, const ptx::Function* callee,
                 std::span<const ptx::Variable> variables, std::string* why);

// The sizes of what is passed and of what comes back. That of a call is of one that CheckPassed
// took.
struct Signature {
  std::vector<std::size_t> parameters, results;
  bool operator==(const Signature&) const = default;
  bool operator<(const Signature& other) const {
    return std::tie(parameters, results) < std::tie(other.parameters, other.results);
  }
};
Signature SignatureOf(const ptx::Function& function);
Signature SignatureOf(const Call& call, std::span<const ptx::Variable> variables);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_CALL_SYNTAX_H_
