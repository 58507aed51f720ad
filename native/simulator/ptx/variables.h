#ifndef NODECUDA_SIMULATOR_PTX_VARIABLES_H_
#define NODECUDA_SIMULATOR_PTX_VARIABLES_H_

#include <vector>

#include "simulator/ptx/ast.h"
#include "simulator/ptx/cursor.h"

namespace nodecuda::simulator::ptx {

// Takes a type directive such as .b32; fails, saying what it is the type of, if there is none.
Type ParseType(Cursor& cursor, const char* of_what);

// Parses `.align 4 .b8 x[12] = {1, 2}, y[4];` after its state space, with the semicolon.
std::vector<Variable> ParseVariables(Cursor& cursor, Space space, bool is_extern);

// Parses `(.param .u64 x, .param .align 8 .b8 y[16])`, the parameters or results of a function.
std::vector<Variable> ParseParameters(Cursor& cursor);

}  // namespace nodecuda::simulator::ptx

#endif  // NODECUDA_SIMULATOR_PTX_VARIABLES_H_
