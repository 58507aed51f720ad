#include "simulator/exec/warp/bulk_store.h"

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/memory_syntax.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

// st.bulk{.weak}{.shared::cta} [a], size, 0
bool BodyDecoder::DecodeBulkStore(const ptx::Instruction& instruction) {
  MemoryForm form;
  for (std::size_t i = 2; i < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (part == "shared::cta") {
      form.space = Space::kShared;
    } else if (part != "weak") {
      return Fail("unsupported modifier ." + std::string(part));
    }
  }
  const auto& operands = instruction.operands;
  if (operands.size() != 3) return Fail("three operands are needed");
  if (operands[2].kind != Operand::Kind::kInteger || operands[2].bits != 0)
    return Fail("memory can only be filled with 0");
  Operand size = operands[1];
  if (size.kind == Operand::Kind::kRegister &&
      widths_[static_cast<std::size_t>(size.register_index)] == 4) {
    size = Temporary(8);
    if (!DecodeInstead({"cvt", "u64", "u32"}, {size, operands[1]})) return false;
  }
  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = BulkStoreHandler();
  if (!BindOperand(size, Type::kU64, false, &draft.in.slot[kBulkSizeSlot]) ||
      !BindAddress(operands[0], form.space, &draft.in, &form.wide_address))
    return false;
  draft.used |= 1u << kBulkSizeSlot | 1u << kAddressSlot;
  form.PackInto(draft.in.detail);
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
