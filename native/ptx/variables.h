#ifndef NODECUDA_PTX_VARIABLES_H_
#define NODECUDA_PTX_VARIABLES_H_

#include <vector>

#include "ptx/ast.h"
#include "ptx/cursor.h"

namespace nodecuda::ptx {

// Takes a type directive such as .b32; fails, saying what it is the type of, if there is none.
Type ParseType(Cursor& cursor, const char* of_what);

struct Linkage {
  bool is_extern = false;
  bool is_visible = false;
};

// Parses `.align 4 .b8 x[12] = {1, 2}, y[4];` after its state space, with the semicolon.
std::vector<Variable> ParseVariables(Cursor& cursor, Space space, Linkage linkage);

// Parses `(.param .u64 x, .param .align 8 .b8 y[16])`, the parameters or results of a function.
std::vector<Variable> ParseParameters(Cursor& cursor);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_VARIABLES_H_
