#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "simulator/exec/arithmetic/exchange.h"
#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/memory_syntax.h"
#include "simulator/exec/texture/texture_form.h"
#include "simulator/exec/warp/async_copy.h"
#include "simulator/exec/warp/atomics.h"

// Exchanges, asynchronous copies of threads, atomics and textures.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

// shfl and vote as they were before .sync: among the lanes that are here together.
bool BodyDecoder::DecodeWithoutSync(const ptx::Instruction& instruction) {
  std::vector<std::string_view> parts = instruction.parts;
  std::vector<Operand> operands = instruction.operands;
  const Operand members = Temporary(4);
  parts.insert(parts.begin() + 1, "sync");
  operands.push_back(members);
  return DecodeInstead({"activemask", "b32"}, {members}) && DecodeInstead(parts, operands);
}

bool BodyDecoder::DecodeExchange(const ptx::Instruction& instruction) {
  const std::string_view base = instruction.parts[0];
  if (!options_.needs_sync && (base == "shfl" || base == "vote") &&
      std::ranges::find(instruction.parts, "sync") == instruction.parts.end())
    return DecodeWithoutSync(instruction);
  const bool pair =
      !instruction.operands.empty() && instruction.operands[0].kind == Operand::Kind::kPair;
  const AluRow* row = FindExchange(instruction.mnemonic, pair, options_.isa);
  if (row == nullptr) return Fail("the simulated device knows no such form of this instruction");
  const Operands& form = row->operands;
  const std::vector<const Operand*> flat = FlattenOperands(instruction);
  const bool waits = form.count > form.destinations;
  DraftInstruction draft = Start(waits ? Operation::kExchange : Operation::kGuardedAlu);
  draft.in.alu = row->handler;
  if (!BindOperands(flat, {form.types, static_cast<std::size_t>(form.count)}, form.destinations,
                    &draft))
    return false;
  if (waits) {
    draft.in.slot[kMemberSlot] = draft.in.slot[flat.size() - 1];
    draft.used |= static_cast<std::uint8_t>(1u << kMemberSlot);
    CollectiveOperands operands{form.destinations, form.count, {}};
    for (int i = 0; i < form.count; ++i)
      if (form.types[i] != Type::kPred)
        operands.width[i] = static_cast<std::uint8_t>(SizeOf(form.types[i]));
    operands.PackInto(&draft.in);
  }
  Emit(draft);
  return true;
}

// Appends `count` registers, a vector or a single one, to the instruction's list of operands.
bool BodyDecoder::BindList(const Operand& operand, Type type, int count, bool is_destination,
                           DraftInstruction* draft) {
  const bool is_vector = operand.kind == Operand::Kind::kVector;
  if ((is_vector ? operand.elements.size() : 1) != static_cast<std::size_t>(count))
    return Fail("the number of registers does not match the shape");
  for (int i = 0; i < count; ++i) {
    DraftInstruction::Listed listed{kNoSlot, is_destination, !is_destination};
    const Operand& element = is_vector ? operand.elements[static_cast<std::size_t>(i)] : operand;
    if (!BindOperand(element, type, is_destination, &listed.slot)) return false;
    draft->listed.push_back(listed);
  }
  return true;
}

// cp.async.{ca,cg}.shared.global{.L2::...} [to], [from], bytes{, source bytes | !ignore}{, policy}
bool BodyDecoder::DecodeAsyncCopy(const ptx::Instruction& instruction) {
  bool to_shared = false, from_global = false, has_policy = false, has_prefetch = false;
  for (std::size_t i = 3; i < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (SpaceFromPart(part) == Space::kShared && !to_shared && !from_global) {
      to_shared = true;
    } else if (part == "global" && to_shared && !from_global) {
      from_global = true;
    } else if (part == "L2::cache_hint" && !has_policy) {
      has_policy = true;
    } else if (!IsPrefetchSize(part) || std::exchange(has_prefetch, true)) {
      return Fail("unsupported modifier ." + std::string(part));
    }
  }
  if (!to_shared || !from_global) return Fail("only copies from global to shared are supported");
  std::size_t count = instruction.operands.size();
  if (has_policy && (count < 4 || !CheckCachePolicy(instruction.operands[--count])))
    return Fail("a cache policy of 64 bits is missing");
  if (count != 3 && count != 4) return Fail("wrong number of operands");
  const Operand& size = instruction.operands[2];
  const bool whole_lines = instruction.parts[2] == "cg";
  if (size.kind != Operand::Kind::kInteger ||
      (size.bits != 16 && (whole_lines || (size.bits != 4 && size.bits != 8))))
    return Fail(whole_lines ? "the size must be 16" : "the size must be 4, 8 or 16");

  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = AsyncCopyHandler();
  AsyncCopyForm form;
  form.bytes_log2 = static_cast<unsigned>(std::countr_zero(size.bits));
  std::int64_t to_offset = 0;
  if (!BindAddress(instruction.operands[0], Space::kShared, &draft.in.slot[kCopyTo], &to_offset,
                   &form.wide_to) ||
      !BindAddress(instruction.operands[1], Space::kGlobal, &draft.in.slot[kCopyFrom],
                   &draft.in.offset, &form.wide_from))
    return false;
  if (to_offset != static_cast<std::int32_t>(to_offset)) return Fail("the offset is too large");
  draft.in.target = static_cast<std::uint32_t>(to_offset);
  draft.used |= 1u << kCopyTo | 1u << kCopyFrom;
  if (count == 4) {
    const Operand& last = instruction.operands[3];
    const bool ignores = last.kind == Operand::Kind::kRegister &&
                         widths_[static_cast<std::size_t>(last.register_index)] == 0;
    const int slot = ignores ? kCopyIgnore : kCopyReadBytes;
    if (!BindOperand(last, ignores ? Type::kPred : Type::kU32, false, &draft.in.slot[slot]))
      return false;
    draft.used |= static_cast<std::uint8_t>(1u << slot);
  }
  form.PackInto(draft.in.detail);
  Emit(draft);
  return true;
}

// The members of the cp.async family that the copies of threads need; bulk copies are another.
bool BodyDecoder::DecodeCopyAsync(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const std::string_view what = parts.size() > 2 && parts[1] == "async" ? parts[2] : "";
  if (what == "ca" || what == "cg") return DecodeAsyncCopy(instruction);
  const auto& operands = instruction.operands;
  if (parts.size() != 3) return Fail("the simulated device does not know this instruction");
  DraftInstruction draft = Start(Operation::kHandled);
  if (what == "commit_group" && operands.empty()) {
    draft.in.warp = CommitGroupHandler();
  } else if (what == "wait_all" && operands.empty()) {
    draft.in.warp = WaitGroupHandler();
    draft.in.offset = -1;
  } else if (what == "wait_group" && operands.size() == 1 &&
             operands[0].kind == Operand::Kind::kInteger &&
             operands[0].bits <= std::uint64_t{INT32_MAX}) {
    draft.in.warp = WaitGroupHandler();
    draft.in.offset = static_cast<std::int64_t>(operands[0].bits);
  } else {
    return Fail("the simulated device does not know this instruction");
  }
  Emit(draft);
  return true;
}

// atom and red{.sem}{.scope}{.space}.op{.level::cache_hint}.type d, [a], b{, c}{, policy}
bool BodyDecoder::DecodeAtomic(const ptx::Instruction& instruction) {
  const bool is_red = instruction.parts[0] == "red";
  MemoryForm form;
  bool has_policy = false;
  AtomicOrder order;
  std::string name, type;
  for (std::size_t i = 1; i < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (order.Take(part, is_red)) continue;
    if (const Space space = SpaceFromPart(part);
        space != Space::kNone && form.space == Space::kNone) {
      form.space = space;
    } else if (part == "L2::cache_hint" && !has_policy) {
      has_policy = true;
    } else if ((part == "v2" || part == "v4" || part == "v8") && form.vector_log2 == 0) {
      form.vector_log2 = part == "v2" ? 1 : part == "v4" ? 2 : 3;
    } else if (type.empty() && ptx::TypeFromName(part) != Type::kNone) {
      type = part;  // of a vector it stands before the operation, of others at the end
    } else if (!type.empty() && form.vector_log2 == 0) {
      return Fail("the simulated device knows no such form of this instruction");
    } else {
      name += std::string(part) + ".";
    }
  }
  name += type;
  if (form.vector_log2 != 0) {
    const std::size_t policies = has_policy ? 1 : 0, all = instruction.operands.size();
    if (has_policy && (all == 0 || !CheckCachePolicy(instruction.operands.back())))
      return Fail("a cache policy of 64 bits is missing");
    return DecodeVectorAtomic(instruction, name, form, all - policies);
  }
  const AtomicForm atomic = FindAtomic(name);
  if (atomic.handler == nullptr || (is_red && !atomic.is_red))
    return Fail("the simulated device knows no such form of this instruction");
  if (!HasAtomics(form.space)) return Fail("there are no atomics in this state space");
  if (has_policy &&
      ((form.space != Space::kNone && form.space != Space::kGlobal) || atomic.has_two_operands))
    return Fail("a cache policy is of global memory, and not of cas");
  std::size_t count = instruction.operands.size();
  if (has_policy && (count == 0 || !CheckCachePolicy(instruction.operands[--count])))
    return Fail("a cache policy of 64 bits is missing");
  std::size_t next = is_red ? 0 : 1;
  if (count != next + 2 + atomic.has_two_operands) return Fail("wrong number of operands");

  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = atomic.handler;
  const auto log2 = static_cast<unsigned>(std::countr_zero(SizeOf(atomic.type)));
  form.element_log2 = form.register_log2 = log2;
  if (!is_red && instruction.operands[0].kind != Operand::Kind::kDiscard) {
    if (!BindOperand(instruction.operands[0], atomic.type, true, &draft.in.slot[0])) return false;
    draft.defined |= 1;
  }
  if (!BindAddress(instruction.operands[next++], form.space, &draft.in, &form.wide_address))
    return false;
  draft.used |= 1u << kAddressSlot;
  for (std::size_t slot = 1; next < count; ++slot, ++next) {
    if (!BindOperand(instruction.operands[next], atomic.type, false, &draft.in.slot[slot]))
      return false;
    draft.used |= static_cast<std::uint8_t>(1u << slot);
  }
  form.PackInto(draft.in.detail);
  Emit(draft);
  return true;
}

// data, [object, {coordinates}]: of a store and a reduction the data come last, of a query there
// are no coordinates, and of a fetch a level or gradients may follow.
bool BodyDecoder::DecodeTexture(const ptx::Instruction& instruction) {
  const std::optional<TextureSyntax> syntax = ParseTexture(instruction, &why_);
  if (!syntax) return false;
  const TextureForm& form = syntax->form;
  const bool is_write = form.op == TextureOp::kStore || form.op == TextureOp::kReduce;
  const auto& operands = instruction.operands;
  const std::size_t extra = syntax->has_level ? 1 : syntax->has_gradients ? 2 : 0;
  if (operands.size() != 2 + extra) return Fail("wrong number of operands");
  const Operand& address = operands[is_write ? 0 : 1];
  const bool has_coordinates = form.coordinates() != 0;
  if (address.kind != Operand::Kind::kAddress ||
      address.elements.size() != (has_coordinates ? 2 : 1) || address.offset != 0)
    return Fail("a texture or surface in brackets, without a sampler, is missing");
  if (address.elements[0].kind != Operand::Kind::kRegister)
    return Fail("texture and surface references are not supported: objects are");

  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = TextureHandler(*syntax);
  draft.in.offset = form.Packed();
  // Behind the data a fetch may say whether they are resident, as they always are.
  const bool tells = form.op <= TextureOp::kGather && operands[0].kind == Operand::Kind::kPair;
  const Operand& data = tells ? operands[0].elements[0] : operands[is_write ? 1 : 0];
  if (!BindList(data, form.register_type(), form.count, !is_write, &draft) ||
      !BindList(address.elements[0], Type::kB64, 1, false, &draft) ||
      (has_coordinates && !BindCoordinates(address.elements[1], form, &draft)))
    return false;
  // Without mipmaps all levels are the one.
  DraftInstruction unused = draft;
  for (std::size_t i = 2; i < operands.size(); ++i) {
    const int count = syntax->has_level ? 1 : PaddedCoordinates(form.dimensions);
    if (!BindList(operands[i], form.coordinate_type(), count, false, &unused)) return false;
  }
  Emit(draft);
  Operand zero;
  zero.kind = Operand::Kind::kInteger;
  return !tells || DecodeInstead({"setp", "eq", "s32"}, {operands[0].elements[1], zero, zero});
}

// Three come as four, of which the last is nothing.
bool BodyDecoder::BindCoordinates(const Operand& operand, const TextureForm& form,
                                  DraftInstruction* draft) {
  const auto count = static_cast<std::size_t>(form.coordinates());
  const bool is_vector = operand.kind == Operand::Kind::kVector;
  if ((is_vector ? operand.elements.size() : 1) !=
      static_cast<std::size_t>(PaddedCoordinates(form.coordinates())))
    return Fail("the number of coordinates does not match the geometry");
  for (std::size_t i = 0; i < count; ++i) {
    const Operand& element = is_vector ? operand.elements[i] : operand;
    const Type type = i == 0 && form.layered ? Type::kU32 : form.coordinate_type();
    if (!BindList(element, type, 1, false, draft)) return false;
  }
  return true;
}

bool BodyDecoder::CheckCachePolicy(const Operand& operand) const {
  return operand.kind == Operand::Kind::kInteger ||
         (operand.kind == Operand::Kind::kRegister &&
          widths_[static_cast<std::size_t>(operand.register_index)] == 8);
}

}  // namespace nodecuda::simulator
