#ifndef NODECUDA_SIMULATOR_EXEC_WARP_ATOMICS_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_ATOMICS_H_

#include <string_view>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// atom and red.
namespace nodecuda::simulator {

// One of slot[0] = memory; memory = f(memory, slot[1], slot[2]) at slot[kAddressSlot], lanes in
// ascending order. slot[0] is kNoSlot for red. detail as kLoad's.
struct AtomicForm {
  WarpHandler handler = nullptr;  // null: there is no such form
  ptx::Type type = ptx::Type::kNone;
  bool has_two_operands = false;  // cas
  bool is_red = false;            // red has it too
};

// `name`: operation and type, "add.noftz.f16".
AtomicForm FindAtomic(std::string_view name);

// For tests: every name there is.
std::vector<std::string_view> AllAtomics();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_ATOMICS_H_
