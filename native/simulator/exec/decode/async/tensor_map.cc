#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "simulator/exec/decode/async/async_syntax.h"
#include "simulator/exec/decode/body_decoder.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

struct FieldRow {
  std::string_view name;
  TensorMapField field;
  bool has_ordinal;
  bool is_wide = false;  // of 64 bits
};
constexpr FieldRow kFields[] = {
    {"global_address", TensorMapField::kGlobalAddress, false, true},
    {"rank", TensorMapField::kRank, false},
    {"box_dim", TensorMapField::kBoxDim, true},
    {"global_dim", TensorMapField::kGlobalDim, true},
    {"global_stride", TensorMapField::kGlobalStride, true, true},
    {"element_stride", TensorMapField::kElementStride, true},
    {"elemtype", TensorMapField::kElementType, false},
    {"interleave_layout", TensorMapField::kInterleave, false},
    {"swizzle_mode", TensorMapField::kSwizzle, false},
    {"fill_mode", TensorMapField::kFill, false},
};

}  // namespace

bool BodyDecoder::DecodeTensorMap(const ptx::Instruction& instruction) {
  const bool replaces = instruction.parts.size() > 1 && instruction.parts[1] == "replace";
  return replaces ? DecodeMapReplace(instruction) : DecodeMapCopy(instruction);
}

// tensormap.replace.tile.field{.space}.b1024.type [map], {ordinal,} value
bool BodyDecoder::DecodeMapReplace(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const std::vector<Operand>& operands = instruction.operands;
  const FieldRow* row = std::end(kFields);
  if (parts.size() > 3 && parts[2] == "tile")
    row = std::ranges::find(kFields, parts[3], &FieldRow::name);
  if (row == std::end(kFields)) return Fail("unknown field of a tensor map");
  std::size_t next = 4;
  AddressForm form;
  form.space = FindSpace(instruction, next, &next);
  if (form.space == Space::kNone) next = 4;
  if (form.space != Space::kNone && form.space != Space::kGlobal && form.space != Space::kShared)
    return Fail("a tensor map is in global or shared memory");
  const bool has_types = parts.size() == next + 2 && parts[next] == "b1024" &&
                         parts[next + 1] == (row->is_wide ? "b64" : "b32");
  if (!has_types || operands.size() != (row->has_ordinal ? 3u : 2u)) return Fail("unknown form");
  MapFieldForm field{row->field, 0};
  if (row->has_ordinal) {
    if (operands[1].kind != Operand::Kind::kInteger || operands[1].bits >= kMaxTensorRank)
      return Fail("a dimension, from 0 to 4, is needed");
    field.ordinal = static_cast<std::uint32_t>(operands[1].bits);
  }
  DraftInstruction draft = Start(Operation::kAsync);
  if (!BindAddressSlot(operands[0], form.space, 1, &draft) ||
      !BindValueSlot(operands.back(), row->is_wide ? Type::kB64 : Type::kB32, 2, &draft))
    return false;
  form.flag = row->is_wide;
  draft.in.offset = field.Pack();
  SetOp(AsyncOp::kMapReplace, form, &draft);
  Emit(draft);
  return true;
}

// tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.scope.sync.aligned [to],
// [from], 128: there is one proxy here, and the order of a fence holds anyway.
bool BodyDecoder::DecodeMapCopy(const ptx::Instruction& instruction) {
  constexpr std::string_view kWords[] = {
      "global", "shared::cta", "tensormap::generic", "release", "cta", "cluster", "gpu", "sys",
      "sync",   "aligned"};
  const std::vector<Operand>& operands = instruction.operands;
  const bool copies = instruction.parts.size() > 3 && instruction.parts[1] == "cp_fenceproxy" &&
                      instruction.parts[2] == "global" && instruction.parts[3] == "shared::cta";
  if (!copies || !Stranger(instruction, 2, kWords).empty() || operands.size() != 3 ||
      operands[2].kind != Operand::Kind::kInteger || operands[2].bits != sizeof(TensorMap))
    return Fail("unknown form");
  DraftInstruction draft = Start(Operation::kAsync);
  if (!BindAddressSlot(operands[0], Space::kGlobal, 0, &draft) ||
      !BindAddressSlot(operands[1], Space::kShared, 1, &draft))
    return false;
  SetOp(AsyncOp::kMapCopy, {}, &draft);
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
