#include <algorithm>
#include <iterator>

#include "simulator/exec/decode/async/async_syntax.h"
#include "simulator/exec/decode/body_decoder.h"

namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

constexpr std::string_view kOwn[] = {"shared", "shared::cta"};
constexpr std::string_view kAny[] = {"shared", "shared::cta", "shared::cluster"};
constexpr std::string_view kScopes[] = {"cta", "cluster"};
constexpr std::string_view kOfArrivals[] = {"release", "relaxed"},
                           kOfWaits[] = {"acquire", "relaxed"}, kOfCounts[] = {"relaxed"};

struct Row {
  std::string_view name;
  AsyncOp op;
  bool result;  // the first operand is one
  Words orders, spaces;
};
constexpr Row kRows[] = {
    {"init", AsyncOp::kMbarrierInit, false, {}, kOwn},
    {"inval", AsyncOp::kMbarrierInvalidate, false, {}, kOwn},
    {"arrive", AsyncOp::kMbarrierArrive, true, kOfArrivals, kAny},
    {"arrive_drop", AsyncOp::kMbarrierArrive, true, kOfArrivals, kAny},
    {"expect_tx", AsyncOp::kMbarrierExpect, false, kOfCounts, kAny},
    {"complete_tx", AsyncOp::kMbarrierComplete, false, kOfCounts, kAny},
    {"test_wait", AsyncOp::kMbarrierTest, true, kOfWaits, kOwn},
    {"try_wait", AsyncOp::kMbarrierTry, true, kOfWaits, kOwn},
    {"pending_count", AsyncOp::kMbarrierPending, true, {}, {}},
};

}  // namespace

// mbarrier.operation{.expect_tx|.noComplete|.parity}{.order.scope}{.space}.b64
bool BodyDecoder::DecodeMbarrier(const ptx::Instruction& instruction) {
  const std::string_view name = instruction.parts.size() > 1 ? instruction.parts[1] : "";
  const Row* row = std::ranges::find(kRows, name, &Row::name);
  if (row == std::end(kRows)) return Fail("unknown operation of an mbarrier");
  AsyncOp op = row->op;
  const bool tests = op == AsyncOp::kMbarrierTest || op == AsyncOp::kMbarrierTry;
  const bool arrives = op == AsyncOp::kMbarrierArrive;
  Modifiers words(instruction, 2);
  const bool expects = arrives && words.Take("expect_tx");
  const bool incomplete = arrives && !expects && words.Take("noComplete");
  AddressForm form;
  form.drop = name == "arrive_drop";
  form.flag = tests ? words.Take("parity") : incomplete;
  const std::string_view order = words.TakeOneOf(row->orders);
  const std::string_view scope = words.TakeOneOf(kScopes);
  form.space = words.TakeSpace(row->spaces);
  const bool typed = words.Take("b64");
  if (!words.empty()) return Fail("unsupported or repeated modifier " + words.Rest());
  if (!typed) return Fail("the type must be .b64");
  if (order.empty() != scope.empty()) return Fail("an order and its scope go together");
  const bool is_remote = form.space == Space::kSharedCluster;
  if (incomplete && (is_remote || order == "relaxed" || scope == "cluster"))
    return Fail(".noComplete goes with .release.cta, in the block's own memory");
  if (expects) op = AsyncOp::kMbarrierArriveExpect;

  const std::vector<Operand>& operands = instruction.operands;
  const std::size_t first = row->result ? 1 : 0;
  // After the address: nothing, or one operand; a time that a try_wait may take means nothing here.
  const bool optional = op == AsyncOp::kMbarrierArrive && !incomplete;
  const bool none = op == AsyncOp::kMbarrierInvalidate || op == AsyncOp::kMbarrierPending;
  const std::size_t least = first + (none || optional ? 1 : 2);
  const std::size_t most = first + (none ? 1 : op == AsyncOp::kMbarrierTry ? 3 : 2);
  if (operands.size() < least || operands.size() > most) return Fail("wrong number of operands");
  if (arrives && is_remote && operands[0].kind != Operand::Kind::kDiscard)
    return Fail("an arrival in another block's memory returns nothing: the destination must be _");

  DraftInstruction draft = Start(Operation::kAsync);
  if (op == AsyncOp::kMbarrierPending) {
    if (!BindValueSlot(operands[1], Type::kB64, 1, &draft)) return false;
  } else if (!BindAddressSlot(operands[first], form.space, 1, &draft)) {
    return false;
  }
  const Type type = tests && !form.flag ? Type::kB64 : Type::kU32;
  if (operands.size() > first + 1 && !BindValueSlot(operands[first + 1], type, 2, &draft))
    return false;
  const RegisterWidth width = tests ? 0 : op == AsyncOp::kMbarrierPending ? 4 : 8;
  if (row->result && !BindResultSlot(operands[0], width, 0, &draft)) return false;
  if ((tests || op == AsyncOp::kMbarrierPending) && draft.defined == 0)
    return Fail("a destination must be a register");
  SetOp(op, form, &draft);
  Emit(draft);
  return true;
}

// cp.async.mbarrier.arrive{.noinc}{.space}.b64: the thread's copies end here, so that the arrival
// is due at once.
bool BodyDecoder::DecodeCopyArrive(const ptx::Instruction& instruction) {
  Modifiers words(instruction, 3);
  AddressForm form;
  const bool arrives = words.Take("arrive");
  form.flag = words.Take("noinc");
  form.space = words.TakeSpace(kOwn);
  const bool typed = words.Take("b64");
  if (!words.empty()) return Fail("unsupported or repeated modifier " + words.Rest());
  if (!arrives || !typed) return Fail("this form of cp.async.mbarrier is not supported");
  if (instruction.operands.size() != 1) return Fail("wrong number of operands");
  DraftInstruction draft = Start(Operation::kAsync);
  if (!BindAddressSlot(instruction.operands[0], form.space, 1, &draft)) return false;
  SetOp(AsyncOp::kCopyArrive, form, &draft);
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
