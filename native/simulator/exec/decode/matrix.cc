#include <cstdint>
#include <string>

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/memory_syntax.h"
#include "simulator/exec/matrix/matrix_moves.h"
#include "simulator/exec/matrix/mma.h"
#include "simulator/exec/matrix/sparsity.h"
#include "simulator/exec/matrix/volta_mma.h"
#include "simulator/exec/matrix/wmma.h"

// Matrix instructions of a warp.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

// ldmatrix and stmatrix.sync.aligned.m8n8.xN{.trans}{.shared{::cta}}.b16, and movmatrix;
// ldmatrix.sync.aligned.m16n16.xN.trans{.shared{::cta}}.b8, which has two registers a matrix.
bool BodyDecoder::DecodeMatrixMove(const ptx::Instruction& instruction) {
  const std::string_view base = instruction.parts[0];
  const bool is_store = base == "stmatrix";
  DraftInstruction draft = Start(Operation::kCollective);
  if (base == "movmatrix") {
    if (instruction.mnemonic != "movmatrix.sync.aligned.m8n8.trans.b16")
      return Fail("unsupported form of movmatrix");
    draft.in.warp = TransposeMatrixHandler();
    constexpr Type kTypes[] = {Type::kB32, Type::kB32};
    if (!BindOperands(FlattenOperands(instruction), kTypes, 1, &draft)) return false;
    Emit(draft);
    return true;
  }

  int count = 0;
  bool transposed = false, sync = false, aligned = false;
  std::string_view shape, type;
  MemoryForm form;
  form.element_log2 = form.register_log2 = 2;  // 16 bytes at a time
  form.vector_log2 = 2;
  for (std::size_t i = 1; i < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (part == "m8n8" || part == "m16n16") {
      shape = part;
    } else if (part == "b16" || part == "b8") {
      type = part;
    } else if (part == "x1" || part == "x2" || part == "x4") {
      count = part[1] - '0';
    } else if (part == "trans") {
      transposed = true;
    } else if (SpaceFromPart(part) == Space::kShared) {
      form.space = Space::kShared;
    } else if (part != "sync" && part != "aligned") {
      return Fail("unsupported modifier ." + std::string(part));
    }
    sync |= part == "sync";
    aligned |= part == "aligned";
  }
  if (!sync || !aligned) return Fail("all of the warp do this: .sync.aligned is missing");
  const bool of_bytes = shape == "m16n16" && type == "b8" && !is_store && transposed && count < 4;
  if (count == 0 || (!of_bytes && (shape != "m8n8" || type != "b16")))
    return Fail("only .m8n8 matrices of .b16, and .m16n16.trans of .b8, are supported");
  if (instruction.operands.size() != 2) return Fail("two operands are needed");
  const Operand& address = instruction.operands[is_store ? 0 : 1];
  const Operand& data = instruction.operands[is_store ? 1 : 0];
  if (data.kind != Operand::Kind::kVector) return Fail("the registers of a matrix stand in braces");
  const std::vector<Operand>& elements = data.elements;
  if (elements.size() != static_cast<std::size_t>(of_bytes ? 2 * count : count))
    return Fail("the number of registers does not match the number of matrices");
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (!BindOperand(elements[i], Type::kB32, !is_store, &draft.in.slot[i])) return false;
    (is_store ? draft.used : draft.defined) |= static_cast<std::uint8_t>(1u << i);
  }
  if (!BindAddress(address, form.space, &draft.in, &form.wide_address)) return false;
  draft.used |= 1u << kAddressSlot;
  form.PackInto(draft.in.detail);
  draft.in.warp = of_bytes   ? LoadByteMatrixHandler(count)
                  : is_store ? StoreMatrixHandler(count, transposed)
                             : LoadMatrixHandler(count, transposed);
  Emit(draft);
  return true;
}

bool BodyDecoder::DecodeVoltaMma(const ptx::Instruction& instruction, const VoltaMmaForm& form) {
  if (instruction.operands.size() != 4) return Fail("four operands are needed");
  if (!HasFragments(instruction)) return false;
  DraftInstruction draft = Start(Operation::kCollective);
  draft.in.warp = VoltaMmaHandler();
  draft.in.offset = form.Packed();
  const int counts[] = {form.d_registers(), form.kRegisters, form.kRegisters, form.c_registers()};
  for (std::size_t i = 0; i < 4; ++i)
    if (!BindList(instruction.operands[i], Type::kB32, counts[i], i == 0, &draft)) return false;
  Emit(draft);
  return true;
}

// Also a single register of a fragment stands in braces.
bool BodyDecoder::HasFragments(const ptx::Instruction& instruction) {
  for (std::size_t i = 0; i < 4; ++i)
    if (instruction.operands[i].kind != Operand::Kind::kVector)
      return Fail("the registers of a matrix stand in braces");
  return true;
}

// d, a, b, c, and of a sparse a its metadata and which lanes have them
bool BodyDecoder::DecodeMma(const ptx::Instruction& instruction) {
  if (const auto volta = ParseVoltaMma(instruction, &why_))
    return DecodeVoltaMma(instruction, *volta);
  if (!why_.empty()) return false;
  std::optional<MmaForm> form = ParseMma(instruction, &why_);
  if (!form) return false;
  const auto& operands = instruction.operands;
  if (operands.size() != (form->sparse() ? 6u : 4u))
    return Fail(form->sparse() ? "six operands are needed" : "four operands are needed");
  if (!HasFragments(instruction)) return false;
  if (form->sparse()) {
    const int selectors = Sparsity{BitsOf(form->a), form->k()}.selectors();
    if (!CheckSparsitySelector(operands[5], selectors)) return false;
    form->sparsity = static_cast<std::uint8_t>(1 + operands[5].bits);
    if (operands[4].kind != Operand::Kind::kRegister)
      return Fail("the metadata must be a register of 32 bits");
  }
  DraftInstruction draft = Start(Operation::kCollective);
  draft.in.warp = MmaHandler(*form);
  draft.in.offset = form->Packed();
  const int counts[] = {form->c_registers(), form->a_registers(), form->b_registers(),
                        form->c_registers()};
  for (std::size_t i = 0; i < 4; ++i) {
    const bool is_accumulator = i == 0 || i == 3;
    if (!BindList(operands[i], is_accumulator ? form->c_type() : form->a_type(), counts[i], i == 0,
                  &draft))
      return false;
  }
  if (form->sparse() && !BindList(operands[4], Type::kB32, 1, false, &draft)) return false;
  Emit(draft);
  return true;
}

bool BodyDecoder::CheckSparsitySelector(const Operand& operand, int count) {
  if (operand.kind == Operand::Kind::kInteger && operand.bits < static_cast<unsigned>(count))
    return true;
  return Fail("the sparsity selector must be " + std::string(count == 1   ? "0"
                                                             : count == 2 ? "0 or 1"
                                                                          : "0, 1, 2 or 3"));
}

bool BodyDecoder::DecodeWmma(const ptx::Instruction& instruction) {
  const std::string_view what = instruction.parts.size() > 1 ? instruction.parts[1] : "";
  if (what == "load" || what == "store") return DecodeWmmaMove(instruction);
  if (what != "mma") return Fail("the simulated device does not know this instruction");
  const std::optional<WmmaForm> form = ParseWmma(instruction, &why_);
  if (!form) return false;
  if (instruction.operands.size() != 4) return Fail("four operands are needed");
  DraftInstruction draft = Start(Operation::kCollective);
  draft.in.warp = WmmaHandler(*form);
  draft.in.offset = form->Packed();
  const WmmaFragment fragments[] = {form->FragmentOfD(), form->FragmentOfA(), form->FragmentOfB(),
                                    form->FragmentOfC()};
  for (std::size_t i = 0; i < 4; ++i)
    if (!BindList(instruction.operands[i], fragments[i].register_type(), fragments[i].registers,
                  i == 0, &draft))
      return false;
  Emit(draft);
  return true;
}

// wmma.load r, [p]{, stride}; wmma.store [p], r{, stride}
bool BodyDecoder::DecodeWmmaMove(const ptx::Instruction& instruction) {
  std::optional<WmmaMoveForm> form = ParseWmmaMove(instruction, &why_);
  if (!form) return false;
  if (instruction.parts.size() == 9) {
    form->space = SpaceFromPart(instruction.parts[7]);
    if (form->space != Space::kGlobal && form->space != Space::kShared)
      return Fail("unsupported modifier ." + std::string(instruction.parts[7]));
  }
  const auto& operands = instruction.operands;
  if (operands.size() != 2 && operands.size() != 3) return Fail("two or three operands are needed");
  DraftInstruction draft = Start(Operation::kCollective);
  draft.in.warp = WmmaMoveHandler();
  if (!BindList(operands[form->is_store ? 1 : 0], form->fragment.register_type(),
                form->fragment.registers, !form->is_store, &draft) ||
      !BindAddress(operands[form->is_store ? 0 : 1], form->space, &draft.in, &form->wide_address))
    return false;
  draft.used |= 1u << kAddressSlot;
  if (operands.size() == 3) {
    if (!BindOperand(operands[2], Type::kU32, false, &draft.in.slot[kStrideSlot])) return false;
    draft.used |= 1u << kStrideSlot;
  }
  form->PackInto(draft.in.detail);
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
