#include <algorithm>
#include <string>

#include "simulator/exec/decode/async/async_syntax.h"
#include "simulator/exec/decode/body_decoder.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

constexpr std::string_view kMapPrefetches[] = {"prefetch.tensormap", "prefetch.const.tensormap",
                                               "prefetch.param.tensormap"};
}  // namespace

bool BodyDecoder::IsAsync(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  constexpr std::string_view kBases[] = {"mbarrier", "mapa", "wgmma", "getctarank", "tensormap"};
  if (Contains(kBases, parts[0])) return true;
  if (parts.size() < 2) return false;
  if (parts[0] == "barrier") return parts[1] == "cluster";
  if (parts[0] == "cp" && parts[1] == "async")
    return parts.size() > 2 && (parts[2] == "bulk" || parts[2] == "mbarrier");
  if (parts[0] == "cp" && parts[1] == "reduce")
    return parts.size() > 3 && parts[2] == "async" && parts[3] == "bulk";
  if (parts[0] == "prefetch") return Has(instruction, "tensormap");
  return false;
}

bool BodyDecoder::DecodeAsync(const ptx::Instruction& instruction) {
  const std::string_view base = instruction.parts[0];
  if (base == "wgmma") return DecodeWgmma(instruction);
  if (base == "mbarrier") return DecodeMbarrier(instruction);
  if (base == "barrier") return DecodeClusterBarrier(instruction);
  if (base == "tensormap") return DecodeTensorMap(instruction);
  if (base == "mapa" || base == "getctarank") return DecodeMapa(instruction);
  // There is no cache to fetch into.
  if (base == "prefetch")
    return (Contains(kMapPrefetches, instruction.mnemonic) && instruction.operands.size() == 1) ||
           Fail("unsupported form of prefetch");
  if (instruction.parts[2] == "mbarrier") return DecodeCopyArrive(instruction);
  if (instruction.parts.size() > 3 && instruction.parts[3] == "prefetch")
    return DecodeBulkPrefetch(instruction);
  if (instruction.parts.size() > 3 &&
      (instruction.parts[3] == "commit_group" || instruction.parts[3] == "wait_group"))
    return DecodeBulkGroup(instruction);
  return DecodeBulkCopy(instruction);
}

// An address in brackets becomes a slot of 64 bits with the whole address in it.
bool BodyDecoder::BindWholeAddress(const Operand& operand, Space space, std::uint32_t* slot) {
  if (operand.kind != Operand::Kind::kAddress || operand.elements.empty())
    return Fail("an address in brackets is missing");
  Instruction address;
  address.slot[kAddressSlot] = kNoSlot;
  bool wide = true;
  Operand plain = operand;
  plain.elements.resize(1);  // coordinates of a tensor follow the base
  if (!BindAddress(plain, space, &address, &wide)) return false;
  if (address.slot[kAddressSlot] != kNoSlot && address.slot[kAddressSlot] == frame_)
    return AddFrame(static_cast<std::uint64_t>(address.offset), slot);
  if (address.slot[kAddressSlot] == kNoSlot) {
    *slot = constants_.Add(8, Special::kNone, static_cast<std::uint64_t>(address.offset));
    return true;
  }
  if ((address.slot[kAddressSlot] & kConstantBit) != 0 && wide && address.offset == 0) {
    *slot = address.slot[kAddressSlot];
    return true;
  }
  Operand value = plain.elements[0];
  const auto apply = [&](std::vector<std::string_view> parts, RegisterWidth width) {
    const Operand result = Temporary(width);
    std::vector<Operand> operands = {result, value};
    if (parts[0] == "add")
      operands.push_back(IntegerOperand(static_cast<std::uint64_t>(address.offset)));
    value = result;
    return DecodeInstead(std::move(parts), std::move(operands));
  };
  const bool moved = address.offset != 0;
  if (!wide && moved && !apply({"add", "s32"}, 4)) return false;
  if (!wide && !apply({"cvt", "u64", "u32"}, 8)) return false;
  if (wide && moved && !apply({"add", "s64"}, 8)) return false;
  *slot = static_cast<std::uint32_t>(value.register_index);
  return true;
}

// A source whose register is exactly as wide as `type`.
bool BodyDecoder::BindValue(const Operand& operand, Type type, std::uint32_t* slot) {
  const RegisterWidth width = WidthOf(type);
  if (!BindSource(operand, type, width, slot)) return false;
  return operand.kind != Operand::Kind::kRegister ||
         widths_[static_cast<std::size_t>(operand.register_index)] == width ||
         Fail("an operand has the wrong width");
}

// Appends operand `index` as slot `slot`, for reading.
bool BodyDecoder::BindValueSlot(const Operand& operand, Type type, int slot,
                                DraftInstruction* draft) {
  draft->used |= static_cast<std::uint8_t>(1u << slot);
  return BindValue(operand, type, &draft->in.slot[slot]);
}

bool BodyDecoder::BindAddressSlot(const Operand& operand, Space space, int slot,
                                  DraftInstruction* draft) {
  draft->used |= static_cast<std::uint8_t>(1u << slot);
  return BindWholeAddress(operand, space, &draft->in.slot[slot]);
}

// A register that is written; a discarded one gets none.
bool BodyDecoder::BindResultSlot(const Operand& operand, RegisterWidth width, int slot,
                                 DraftInstruction* draft) {
  if (operand.kind == Operand::Kind::kDiscard) return true;
  if (operand.kind != Operand::Kind::kRegister) return Fail("a destination must be a register");
  const auto reg = static_cast<std::uint32_t>(operand.register_index);
  if (widths_[reg] != width) return Fail("the destination has the wrong width");
  draft->in.slot[slot] = reg;
  draft->defined |= static_cast<std::uint8_t>(1u << slot);
  return true;
}

// barrier.cluster.arrive{.release|.relaxed}{.aligned} and barrier.cluster.wait{.acquire}{.aligned}
bool BodyDecoder::DecodeClusterBarrier(const ptx::Instruction& instruction) {
  Modifiers words(instruction, 2);
  const bool arrives = words.Take("arrive");
  constexpr std::string_view kArrivals[] = {"release", "relaxed"}, kWaits[] = {"acquire"};
  if (!arrives && !words.Take("wait")) return Fail("this form of barrier is not supported");
  words.TakeOneOf(arrives ? Words(kArrivals) : Words(kWaits));
  words.Take("aligned");
  if (!words.empty()) return Fail("unsupported or repeated modifier " + words.Rest());
  if (!instruction.operands.empty()) return Fail("wrong number of operands");
  DraftInstruction draft = Start(Operation::kAsync);
  SetOp(arrives ? AsyncOp::kClusterArrive : AsyncOp::kClusterWait, {}, &draft);
  Emit(draft);
  return true;
}

// mapa{.shared::cluster}.u32|u64 d, a, rank and getctarank{.shared::cluster}.u32|u64 d, a
bool BodyDecoder::DecodeMapa(const ptx::Instruction& instruction) {
  const bool maps = instruction.parts[0] == "mapa";
  const Type type = ptx::TypeFromName(instruction.parts.back());
  AddressForm form;
  std::size_t next = 0;
  form.space = FindSpace(instruction, 1, &next);
  const std::size_t parts = form.space == Space::kSharedCluster ? 3 : 2;
  const std::vector<Operand>& operands = instruction.operands;
  if (instruction.parts.size() != parts || (type != Type::kU32 && type != Type::kU64) ||
      (form.space != Space::kNone && form.space != Space::kSharedCluster) ||
      (form.space == Space::kNone && type == Type::kU32) || operands.size() != (maps ? 3u : 2u))
    return Fail("unsupported form");
  form.flag = type == Type::kU64;
  // The operand may be a register or the name of a variable, without brackets.
  Operand address;
  address.kind = Operand::Kind::kAddress;
  address.elements = {operands[1]};
  if (operands[1].kind == Operand::Kind::kRegister &&
      widths_[static_cast<std::size_t>(operands[1].register_index)] != WidthOf(type))
    return Fail("an operand has the wrong width");
  DraftInstruction draft = Start(Operation::kAsync);
  if (!BindAddressSlot(address, form.space, 1, &draft) ||
      (maps && !BindValueSlot(operands[2], Type::kU32, 2, &draft)) ||
      !BindResultSlot(operands[0], maps ? WidthOf(type) : RegisterWidth{4}, 0, &draft))
    return false;
  if (draft.defined == 0) return Fail("a destination must be a register");
  SetOp(maps ? AsyncOp::kMapa : AsyncOp::kGetCtaRank, form, &draft);
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
