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
// an address that each device gives them: code names them by number. A function, which has no
// space, has an address of its own.
struct Symbol {
  ptx::Space space = ptx::Space::kNone;
  std::uint64_t address = 0;
  int variable = kNoVariable;  // index into ptx::Module::variables
  bool on_stack = false;       // `address` is relative to the frame of the function
  // What its initialiser has the address of, which cannot be filled in here; empty as a rule.
  std::string_view refers_to = {};
};
using SymbolTable = std::map<std::string_view, Symbol>;

// What all functions of a module may name.
struct ModuleSymbols {
  SymbolTable named;                                  // .global and .const variables, functions
  std::map<std::string_view, std::size_t> functions;  // index into ptx::Module::functions
  std::vector<bool> defined;                          // of each: has a body, and is no kernel
  std::uint64_t function_window = 0;                  // the address of function 0
  const std::map<std::uint32_t, std::string_view>* files = nullptr;  // ptx::Module::files

  std::uint64_t AddressOf(std::size_t function) const {
    return function_window + (function << kFunctionShift);
  }
};

// What the operands of one function may name.
struct FunctionSymbols {
  const SymbolTable* module = nullptr;
  SymbolTable named = {};              // parameters, results, .shared variables of the module
  std::vector<Symbol> variables = {};  // parallel to ptx::Function::variables
  std::size_t parameter_bytes = 0;     // of a kernel
  const Symbol* Find(const ptx::Operand& operand) const;  // null if there is none
};

// Where the parameters of a kernel lie. False: *why tells.
bool LayOutParameters(const ptx::Function& kernel, DecodedKernel* decoded, FunctionSymbols* symbols,
                      std::string* why);

// Where the shared memory of a kernel and of the functions it calls lies: module-scope variables if
// one of them names it, all in the functions.
class SharedLayout {
 public:
  SharedLayout(const ptx::Module& module, DecodedKernel* kernel)
      : module_(module), kernel_(*kernel) {}

  // False: *why tells. What comes after the static arrays is known to `symbols` from Finish on.
  bool Add(const ptx::Function& function, FunctionSymbols* symbols, std::string* why);
  bool Finish(std::string* why);

 private:
  bool Place(const ptx::Variable& variable, Symbol* symbol, std::string* why);

  const ptx::Module& module_;
  DecodedKernel& kernel_;
  SymbolTable placed_;  // of the module
  std::vector<Symbol*> dynamic_;
  std::size_t dynamic_alignment_ = 16;
};

// The local memory of a function: its .local variables, the .param variables of its calls, and
// unless it is a kernel its parameters and results. All relative to the frame until it is placed.
struct Frame {
  std::size_t bytes = 0;  // a multiple of `alignment`
  std::size_t alignment = kFrameAlignment;
  std::vector<FrameVariable> parameters, results;
};
bool LayOutFrame(const ptx::Function& function, Frame* frame, FunctionSymbols* symbols,
                 std::string* why);
// At a fixed place, or on the stack, where variables lie below the stack pointer.
void PlaceFrame(bool on_stack, std::size_t begin, Frame* frame, FunctionSymbols* symbols);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_SYMBOLS_H_
