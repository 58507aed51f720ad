#ifndef NODECUDA_SIMULATOR_PTX_BODY_H_
#define NODECUDA_SIMULATOR_PTX_BODY_H_

#include "simulator/ptx/ast.h"
#include "simulator/ptx/cursor.h"
#include "simulator/ptx/operands.h"

namespace nodecuda::simulator::ptx {

// Parses a function's body, from its '{' to its '}'. The header is in *function already.
void ParseBody(Cursor& cursor, const ModuleNames& module_names, Function* function);

// Skips a `.loc` or `.pragma` if one is next.
bool SkipRemark(Cursor& cursor);

}  // namespace nodecuda::simulator::ptx

#endif  // NODECUDA_SIMULATOR_PTX_BODY_H_
