#ifndef NODECUDA_SIMULATOR_EXEC_WARP_WARP_OPS_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_WARP_OPS_H_

#include <string_view>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// Instructions by which the lanes of a warp look at each other's registers: shfl, vote, match,
// redux, elect, activemask.
namespace nodecuda::simulator {

struct WarpForm {
  WarpHandler handler = nullptr;  // null: there is no such form
  bool waits = true;              // for all members, which the last operand names
  int destinations = 0;
  std::vector<ptx::Type> types;  // of all operands, pairs flattened
};

// `pair`: the first operand is d|p.
WarpForm FindWarpForm(std::string_view mnemonic, bool pair);
// Whether a mnemonic with this first part is decoded by FindWarpForm.
bool IsWarpOperation(std::string_view base);

// For tests: every mnemonic there is.
std::vector<std::string_view> AllWarpMnemonics();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_WARP_OPS_H_
