#ifndef NODECUDA_SIMULATOR_EXEC_CODE_SYMBOLS_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_SYMBOLS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/program.h"

namespace nodecuda::simulator {

// A variable with its place: an offset in its space. Those of a module in .global and .const have
// an address that each device gives them: code names them by number.
struct Symbol {
  ptx::Space space = ptx::Space::kNone;
  std::uint64_t address = 0;
  int variable = kNoVariable;  // index into ptx::Module::variables
  // What its initialiser has the address of, which cannot be filled in here; empty as a rule.
  std::string_view refers_to = {};
};
using SymbolTable = std::map<std::string_view, Symbol>;

// What the operands of one function may name.
struct FunctionSymbols {
  SymbolTable named;              // the module's variables and the function's parameters
  std::vector<Symbol> variables;  // parallel to ptx::Function::variables
  const Symbol* Find(const ptx::Operand& operand) const;  // null for a function or the like
};

// Where the parameters, the shared and the local variables of `function` lie. Fills the layout
// fields of *kernel and *symbols, whose `named` holds the module's .global and .const variables.
// Module-scope .shared variables count if the function names them. False: *why tells.
bool LayOutFunction(const ptx::Module& module, const ptx::Function& function, DecodedKernel* kernel,
                    FunctionSymbols* symbols, std::string* why);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_SYMBOLS_H_
