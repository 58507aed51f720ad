#include <string>

#include "simulator/exec/decode/async/async_syntax.h"
#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/warp/reductions.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

constexpr std::string_view kSpaces[] = {"global", "shared::cta", "shared::cluster"};

// cp.async.bulk.tensor.2d: the number in it, or 0.
std::size_t RankNamed(std::string_view shape) {
  const bool is_rank = shape.size() == 2 && shape[0] >= '1' && shape[0] <= '5' && shape[1] == 'd';
  return is_rank ? static_cast<std::size_t>(shape[0] - '0') : 0;
}

}  // namespace

bool BodyDecoder::DecodeBulkGroup(const ptx::Instruction& instruction) {
  const bool commits = instruction.mnemonic == "cp.async.bulk.commit_group";
  DraftInstruction draft = Start(Operation::kAsync);
  if (commits) {
    if (!instruction.operands.empty()) return Fail("wrong number of operands");
  } else {
    // With .read only the sources must have been read, which here is not told from the rest.
    if (instruction.mnemonic != "cp.async.bulk.wait_group" &&
        instruction.mnemonic != "cp.async.bulk.wait_group.read")
      return Fail("unknown form");
    if (!BindCount(instruction, &draft.in.offset)) return false;
  }
  SetOp(commits ? AsyncOp::kBulkCommit : AsyncOp::kBulkWait, {}, &draft);
  Emit(draft);
  return true;
}

// The number of groups that may be pending, the only operand.
bool BodyDecoder::BindCount(const ptx::Instruction& instruction, std::int64_t* count) {
  if (instruction.operands.size() != 1 || instruction.operands[0].kind != Operand::Kind::kInteger ||
      instruction.operands[0].bits > 0x7fffffff)
    return Fail("a number of groups is needed");
  *count = static_cast<std::int64_t>(instruction.operands[0].bits);
  return true;
}

// Into the cluster from global memory, which a mask of blocks goes with, or from shared memory; or
// into global memory from shared memory. A reduction begins with cp.reduce.
bool BodyDecoder::DecodeBulkCopy(const ptx::Instruction& instruction) {
  const bool reduces = instruction.parts[1] == "reduce";
  const std::size_t bulk = reduces ? 3 : 2;
  const bool is_tensor =
      instruction.parts.size() > bulk + 2 && instruction.parts[bulk + 1] == "tensor";
  Modifiers words(instruction, bulk + (is_tensor ? 3 : 1));
  const Space destination = words.TakeSpace(kSpaces), source = words.TakeSpace(kSpaces);
  const bool told = words.Take("mbarrier::complete_tx::bytes");
  const bool grouped = words.Take("bulk_group");
  const bool multicast = words.Take("multicast::cluster");
  const bool hint = words.Take("L2::cache_hint");
  if (is_tensor) words.Take("tile");
  if (!reduces && !words.empty()) return Fail("unsupported or repeated modifier " + words.Rest());
  const bool to_cluster = destination == Space::kSharedCluster;
  const bool fetches = (to_cluster || destination == Space::kShared) && source == Space::kGlobal;
  const bool passes = to_cluster && source == Space::kShared;
  const bool loads = told && !grouped && ((fetches && !reduces) || (passes && !is_tensor && !hint));
  const bool stores = destination == Space::kGlobal && source == Space::kShared && grouped && !told;
  if ((!loads && !stores) || (multicast && !(fetches && to_cluster)))
    return Fail("this direction of copy is not supported");
  const std::string operation = words.empty() ? "" : words.Rest().substr(1);
  const std::size_t reduction =
      is_tensor ? FindTensorReduction(operation) : FindReduction(operation);
  const bool known = reduction != 0 && (stores || AllReductions()[reduction - 1].in_shared);
  if (reduces && !known) return Fail("there is no reduction ." + operation + " in this direction");
  const auto place = static_cast<std::uint32_t>(reduction);
  return is_tensor ? DecodeTensorCopy(instruction, loads, place)
                   : DecodeLinearCopy(instruction, loads, destination, source, place);
}

// cp.async.bulk.prefetch{.tensor.2d}.L2.global{.tile}: there is no cache to fetch into.
bool BodyDecoder::DecodeBulkPrefetch(const ptx::Instruction& instruction) {
  const bool is_tensor = instruction.parts.size() > 5 && instruction.parts[4] == "tensor";
  Modifiers words(instruction, is_tensor ? 6 : 4);
  const bool to_cache = words.Take("L2") && words.Take("global");
  words.Take("L2::cache_hint");
  if (is_tensor) words.Take("tile");
  if (!words.empty()) return Fail("unsupported or repeated modifier " + words.Rest());
  if (!to_cache) return Fail("a prefetch is from global memory into L2");
  const std::vector<Operand>& operands = instruction.operands;
  const std::size_t count = is_tensor ? 1 : 2;
  if (operands.size() < count) return Fail("wrong number of operands");
  DraftInstruction unused = Start(Operation::kAsync);
  if (!BindCopyTail(instruction, count, -1, &unused)) return false;
  if (is_tensor) return BindTensor(operands[0], RankNamed(instruction.parts[5]), &unused);
  return BindAddressSlot(operands[0], Space::kGlobal, 0, &unused) &&
         BindValueSlot(operands[1], Type::kU32, 1, &unused);
}

// The multicast mask, if there is one, and the cache hint, which means nothing here.
bool BodyDecoder::BindCopyTail(const ptx::Instruction& instruction, std::size_t from, int mask_slot,
                               DraftInstruction* draft) {
  const bool multicast = Has(instruction, "multicast::cluster");
  const bool hint = Has(instruction, "L2::cache_hint");
  if (instruction.operands.size() != from + multicast + hint)
    return Fail("wrong number of operands");
  if (hint && !CheckCachePolicy(instruction.operands.back()))
    return Fail("a cache policy of 64 bits is missing");
  return !multicast || BindValueSlot(instruction.operands[from], Type::kB16, mask_slot, draft);
}

bool BodyDecoder::DecodeLinearCopy(const ptx::Instruction& instruction, bool loads,
                                   Space destination, Space source, std::uint32_t reduction) {
  const std::vector<Operand>& operands = instruction.operands;
  if (operands.size() < (loads ? 4u : 3u)) return Fail("wrong number of operands");
  DraftInstruction draft = Start(Operation::kAsync);
  if (!BindAddressSlot(operands[0], destination, 0, &draft) ||
      !BindAddressSlot(operands[1], source, 1, &draft) ||
      !BindValueSlot(operands[2], Type::kU32, 2, &draft) ||
      (loads && !BindAddressSlot(operands[3], Space::kSharedCluster, 3, &draft)) ||
      !BindCopyTail(instruction, loads ? 4 : 3, loads ? 4 : -1, &draft))
    return false;
  AddressForm form;
  form.space = source;
  draft.in.offset = reduction;
  SetOp(loads ? AsyncOp::kBulkToShared : AsyncOp::kBulkToGlobal, form, &draft);
  Emit(draft);
  return true;
}

// [map, {c0, c1}]
bool BodyDecoder::BindTensor(const Operand& map, std::size_t rank, DraftInstruction* draft) {
  if (rank == 0) return Fail("unknown number of dimensions");
  if (map.kind != Operand::Kind::kAddress || map.elements.size() != 2 ||
      map.elements[1].kind != Operand::Kind::kVector || map.elements[1].elements.size() != rank)
    return Fail("the tensor map and as many coordinates as dimensions are needed");
  if (!BindAddressSlot(map, Space::kNone, 1, draft)) return false;
  for (const Operand& coordinate : map.elements[1].elements) {
    draft->listed.push_back({kNoSlot, false, true});
    if (!BindValue(coordinate, Type::kS32, &draft->listed.back().slot)) return false;
  }
  return true;
}

// Loads: [destination], [map, {c0, c1}], [mbarrier]; stores: [map, {c0, c1}], [source].
bool BodyDecoder::DecodeTensorCopy(const ptx::Instruction& instruction, bool loads,
                                   std::uint32_t reduction) {
  const std::size_t rank = RankNamed(instruction.parts[reduction == 0 ? 4 : 5]);
  const std::vector<Operand>& operands = instruction.operands;
  if (operands.size() < (loads ? 3u : 2u)) return Fail("wrong number of operands");
  const Operand& map = operands[loads ? 1 : 0];
  const Operand& box = operands[loads ? 0 : 1];
  DraftInstruction draft = Start(Operation::kAsync);
  if (!BindAddressSlot(box, loads ? Space::kSharedCluster : Space::kShared, 0, &draft) ||
      !BindTensor(map, rank, &draft) ||
      (loads && !BindAddressSlot(operands[2], Space::kSharedCluster, 2, &draft)) ||
      !BindCopyTail(instruction, loads ? 3 : 2, loads ? 3 : -1, &draft))
    return false;
  draft.in.offset = TensorForm{static_cast<std::uint32_t>(rank), reduction}.Pack();
  SetOp(loads ? AsyncOp::kTensorLoad : AsyncOp::kTensorStore, {}, &draft);
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
