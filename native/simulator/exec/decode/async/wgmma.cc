#include "simulator/exec/matrix/wgmma.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "simulator/exec/code/async.h"
#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/matrix/sparsity.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Type;

namespace {

struct TypeName {
  std::string_view name;
  WgmmaType type;
};
constexpr TypeName kTypes[] = {{"f16", WgmmaType::kF16},   {"bf16", WgmmaType::kBF16},
                               {"tf32", WgmmaType::kTF32}, {"e4m3", WgmmaType::kE4M3},
                               {"e5m2", WgmmaType::kE5M2}, {"s8", WgmmaType::kS8},
                               {"u8", WgmmaType::kU8},     {"b1", WgmmaType::kB1}};

bool ParseType(std::string_view name, WgmmaType* type) {
  for (const TypeName& row : kTypes) {
    if (row.name != name) continue;
    *type = row.type;
    return true;
  }
  return false;
}

bool IsFp8(WgmmaType type) {
  return type == WgmmaType::kE4M3 || type == WgmmaType::kE5M2;
}

// m64n128k16
bool ParseShape(std::string_view shape, int* n, int* k) {
  if (!shape.starts_with("m64n")) return false;
  const char* const end = shape.data() + shape.size();
  const auto [after_n, bad_n] = std::from_chars(shape.data() + 4, end, *n);
  if (bad_n != std::errc() || after_n == end || *after_n != 'k') return false;
  const auto [after_k, bad_k] = std::from_chars(after_n + 1, end, *k);
  return bad_k == std::errc() && after_k == end;
}

bool IsWidth(int n, bool is_integer) {
  if (n < 8 || n > 256 || n % 8 != 0) return false;
  return !is_integer || n <= 32 || n % 16 == 0;  // 8, 16, 24, 32, 48, 64 ...
}

}  // namespace

bool BodyDecoder::DecodeWgmma(const ptx::Instruction& instruction) {
  if (instruction.mnemonic == "wgmma.fence.sync.aligned") {
    // Nothing is in flight; but a checker asks for it.
    if (options_.watched) EmitSimple(Operation::kFence);
    return true;
  }
  const bool commits = instruction.mnemonic == "wgmma.commit_group.sync.aligned";
  if (!commits && instruction.mnemonic != "wgmma.wait_group.sync.aligned")
    return DecodeWgmmaProduct(instruction);
  DraftInstruction draft = Start(Operation::kAsync);
  if (commits ? !instruction.operands.empty() : !BindCount(instruction, &draft.in.offset))
    return commits ? Fail("wrong number of operands") : false;
  draft.in.detail[0] =
      static_cast<std::uint8_t>(commits ? AsyncOp::kWgmmaCommit : AsyncOp::kWgmmaWait);
  Emit(draft);
  return true;
}

// wgmma.mma_async{.sp}.sync.aligned.shape{.satfinite}.dtype.atype.btype{.and.popc}
bool BodyDecoder::ParseWgmma(const ptx::Instruction& instruction, WgmmaForm* form) {
  std::vector<std::string_view> parts(instruction.parts.begin(), instruction.parts.end());
  form->is_sparse = parts.size() > 2 && parts[2] == "sp";
  if (form->is_sparse) parts.erase(parts.begin() + 2);
  const bool counts =
      parts.size() > 2 && parts.back() == "popc" && parts[parts.size() - 2] == "and";
  if (counts) parts.resize(parts.size() - 2);
  form->saturate = parts.size() == 9 && parts[5] == "satfinite";
  if (parts.size() != (form->saturate ? 9u : 8u) || parts[1] != "mma_async" || parts[2] != "sync" ||
      parts[3] != "aligned")
    return Fail("this form of wgmma is not supported");
  int k = 0;
  if (!ParseShape(parts[4], &form->n, &k)) return Fail("unknown shape");
  if (!ParseType(parts[parts.size() - 2], &form->a) || !ParseType(parts.back(), &form->b))
    return Fail("unknown type of a factor");
  const std::string_view result = parts[parts.size() - 3];
  const bool is_integer = IsInteger(form->a);
  form->half_result = result == "f16";
  const bool of_bits = form->a == WgmmaType::kB1;
  const bool same_kind = is_integer ? IsInteger(form->b) && of_bits == (form->b == WgmmaType::kB1)
                                    : form->a == form->b || (IsFp8(form->a) && IsFp8(form->b));
  const bool may_be_half = form->a == WgmmaType::kF16 || IsFp8(form->a);
  const bool known_result =
      is_integer ? result == "s32" : result == "f32" || (form->half_result && may_be_half);
  if (!same_kind || !known_result || of_bits != counts ||
      (form->saturate && (!is_integer || of_bits)) || (form->is_sparse && of_bits))
    return Fail("these types do not go together");
  if (k != form->k() * (of_bits ? 8 : 1) || !IsWidth(form->n, is_integer))
    return Fail("unknown shape");
  return true;
}

// d, a, b, of a sparse A metadata and selector, scale-d, then scale-a and scale-b (not with
// integers), then tnsp-a (where A is in shared memory) and tnsp-b (with 16-bit types).
bool BodyDecoder::DecodeWgmmaProduct(const ptx::Instruction& instruction) {
  WgmmaForm form;
  if (!ParseWgmma(instruction, &form)) return false;
  std::vector<Operand> operands = instruction.operands;
  if (operands.size() < (form.is_sparse ? 6u : 4u)) return Fail("wrong number of operands");
  Operand metadata;
  if (form.is_sparse) {
    metadata = operands[3];
    const int selectors = Sparsity{8 * BytesOf(form.a), form.k()}.selectors();
    if (!CheckSparsitySelector(operands[4], selectors)) return false;
    form.selector = static_cast<int>(operands[4].bits);
    operands.erase(operands.begin() + 3, operands.begin() + 5);
    if (metadata.kind != Operand::Kind::kRegister)
      return Fail("the metadata must be a register of 32 bits");
  }
  form.a_in_registers = operands[1].kind == Operand::Kind::kVector;
  const std::size_t scales = IsInteger(form.a) ? 0 : 2;
  const std::size_t transposes = BytesOf(form.a) != 2 ? 0 : form.a_in_registers ? 1 : 2;
  if (operands.size() != 4 + scales + transposes) return Fail("wrong number of operands");
  const auto literal = [&](std::size_t index, std::uint64_t zero, std::uint64_t one, bool* flag) {
    const Operand& operand = operands[index];
    if (operand.kind != Operand::Kind::kInteger || (operand.bits != zero && operand.bits != one))
      return Fail("an immediate operand has a value that it cannot have");
    *flag = operand.bits == one;
    return true;
  };
  constexpr std::uint64_t kPlus = 1, kMinus = ~std::uint64_t{0};
  if (scales != 0 &&
      (!literal(4, kPlus, kMinus, &form.negate_a) || !literal(5, kPlus, kMinus, &form.negate_b)))
    return false;
  if (transposes == 2 && !literal(6, 0, 1, &form.a_is_m_major)) return false;
  if (transposes != 0 && !literal(operands.size() - 1, 0, 1, &form.b_is_n_major)) return false;

  DraftInstruction draft = Start(Operation::kAsync);
  draft.in.detail[0] = static_cast<std::uint8_t>(AsyncOp::kWgmma);
  draft.in.offset = form.Pack();
  if (!BindValueSlot(operands[2], Type::kB64, 1, &draft) ||
      !BindValueSlot(operands[3], Type::kPred, 2, &draft) ||
      (!form.a_in_registers && !BindValueSlot(operands[1], Type::kB64, 0, &draft)))
    return false;
  if (operands[0].kind != Operand::Kind::kVector ||
      operands[0].elements.size() != static_cast<std::size_t>(form.result_registers()))
    return Fail("the number of accumulators does not fit the shape");
  for (const Operand& element : operands[0].elements) {
    if (element.kind != Operand::Kind::kRegister ||
        widths_[static_cast<std::size_t>(element.register_index)] != 4)
      return Fail("an accumulator must be a register of 32 bits");
    draft.listed.push_back({static_cast<std::uint32_t>(element.register_index), true, true});
  }
  if (form.a_in_registers && operands[1].elements.size() != kWgmmaRegistersOfA)
    return Fail("four registers of A are needed");
  for (const Operand& element :
       form.a_in_registers ? operands[1].elements : std::vector<Operand>{}) {
    draft.listed.push_back({kNoSlot, false, true});
    if (!BindValue(element, Type::kB32, &draft.listed.back().slot)) return false;
  }
  if (form.is_sparse) {
    draft.listed.push_back({kNoSlot, false, true});
    if (!BindValue(metadata, Type::kB32, &draft.listed.back().slot)) return false;
  }
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
