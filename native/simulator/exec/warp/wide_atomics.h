#ifndef NODECUDA_SIMULATOR_EXEC_WARP_WIDE_ATOMICS_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_WIDE_ATOMICS_H_

#include <string_view>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// atom and red of more than 64 bits. Their operands are in DecodedKernel::operand_lists, those that
// are not wanted kNoSlot; slot[kAddressSlot] and detail as kLoad's.
namespace nodecuda::simulator {

// Elements that were there, then elements of the operand; each is atomic by itself.
struct VectorAtomicForm {
  WarpHandler handler = nullptr;  // null: there is no such form
  ptx::Type type = ptx::Type::kNone;
};

// `name`: operation and type of an element, "add.noftz.f16".
VectorAtomicForm FindVectorAtomic(std::string_view name);

// exch, or cas: halves, lower first, of what was there, of b and, for cas, of c.
WarpHandler WideAtomicHandler(bool compares);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_WIDE_ATOMICS_H_
