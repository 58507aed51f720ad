#ifndef NODECUDA_PTX_BODY_H_
#define NODECUDA_PTX_BODY_H_

#include "ptx/ast.h"
#include "ptx/cursor.h"
#include "ptx/operands.h"

namespace nodecuda::ptx {

// Parses a function's body, from its '{' to its '}'. The header is in *function already.
void ParseBody(Cursor& cursor, const ModuleNames& module_names, Function* function);

}  // namespace nodecuda::ptx

#endif  // NODECUDA_PTX_BODY_H_
