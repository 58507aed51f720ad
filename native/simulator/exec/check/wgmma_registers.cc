#include "simulator/exec/check/wgmma_registers.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "simulator/exec/code/async.h"

namespace nodecuda::simulator {
namespace {

enum Detail : std::uint8_t { kNoWgmmaFence = 8, kNotFenced, kInFlight };

bool IsAsync(const Instruction& in, AsyncOp op) {
  return in.kind == static_cast<std::uint8_t>(Operation::kAsync) &&
         in.detail[0] == static_cast<std::uint8_t>(op);
}

}  // namespace

WgmmaRegisters::WgmmaRegisters(const BlockRunner& block, Reporter& reporter)
    : block_(block),
      reporter_(reporter),
      kernel_(block.grid().kernel()),
      has_products_(reporter.Checks(CheckKind::kSync) &&
                    std::ranges::any_of(kernel_.code, [](const Instruction& in) {
                      return IsAsync(in, AsyncOp::kWgmma);
                    })) {}

void WgmmaRegisters::Start() {
  warps_.assign(block_.warps().size(), {});
}

void WgmmaRegisters::Before(const Step& step) {
  if (!has_products_) return;
  Warp& warp = warps_[static_cast<std::size_t>(step.warp)];
  const Instruction& in = kernel_.code[step.pc];
  if (IsAsync(in, AsyncOp::kWgmma)) return AtProduct(step, warp);
  if (IsAsync(in, AsyncOp::kWgmmaCommit)) {
    ++warp.group;
    return;
  }
  if (IsAsync(in, AsyncOp::kWgmmaWait)) {
    const auto pending = static_cast<std::uint64_t>(in.offset);
    return Forget(warp, [&](const Register& reg) {
      return reg.state != State::kWritten && reg.group + pending < warp.group;
    });
  }
  if (kernel_.mnemonics[step.pc].starts_with("wgmma.fence")) {
    warp.has_fenced = true;
    return Forget(warp, [](const Register& reg) { return reg.state == State::kWritten; });
  }
  AtOther(step, warp);
}

void WgmmaRegisters::AtProduct(const Step& step, Warp& warp) {
  const Instruction& in = kernel_.code[step.pc];
  const InstructionNotes& notes = kernel_.notes[step.pc];
  if (!std::exchange(warp.has_fenced, true)) {
    reporter_.Report(CheckKind::kSync, kNoWgmmaFence,
                     {block_.index(), step.warp, std::countr_zero(step.lanes), step.pc}, {},
                     [] { return std::string("no wgmma.fence comes before the first product"); });
  }
  // The metadata of a sparse A, which come last, need no fence.
  const bool is_sparse = kernel_.mnemonics[step.pc].starts_with("wgmma.mma_async.sp");
  for (std::uint32_t i = 0; i < notes.listed - is_sparse; ++i) {
    const std::uint32_t slot = kernel_.operand_lists[in.target + i];
    const bool is_result = kernel_.listed_notes[in.target + i].defined;
    const auto found = warp.registers.find(slot);
    if (found != warp.registers.end() && found->second.state == State::kWritten)
      Report(step, found->second,
             "uses a register that was written, and no wgmma.fence has come since");
    warp.registers[slot] = {is_result ? State::kResult : State::kOperand, step.pc, warp.group};
  }
}

void WgmmaRegisters::AtOther(const Step& step, Warp& warp) {
  const Instruction& in = kernel_.code[step.pc];
  const InstructionNotes& notes = kernel_.notes[step.pc];
  if (in.kind == static_cast<std::uint8_t>(Operation::kCall)) return;
  const bool moves = kernel_.mnemonics[step.pc].starts_with("mov") &&
                     std::popcount(notes.used) == 1 && std::popcount(notes.defined) == 1;
  if (moves) {
    const std::uint32_t to = in.slot[std::countr_zero(notes.defined)];
    const auto from = warp.registers.find(in.slot[std::countr_zero(notes.used)]);
    if (from == warp.registers.end())
      warp.registers[to] = {State::kWritten, step.pc};
    else
      warp.registers[to] = Register(from->second);
    return;
  }
  const auto touch = [&](std::uint32_t slot, bool defines) {
    const auto found = warp.registers.find(slot);
    if (found != warp.registers.end() && found->second.state != State::kWritten &&
        (defines || found->second.state == State::kResult))
      Report(step, found->second,
             defines ? "writes a register of a product that was not waited for (wgmma.wait_group)"
                     : "reads the result of a product that was not waited for (wgmma.wait_group)");
    if (defines) warp.registers[slot] = {State::kWritten, step.pc};
  };
  for (int i = 0; i < kMaxSlots; ++i)
    if ((notes.used >> i & 1) != 0 && in.slot[i] != kNoSlot) touch(in.slot[i], false);
  for (std::uint32_t i = 0; i < notes.listed; ++i)
    if (kernel_.listed_notes[in.target + i].used)
      touch(kernel_.operand_lists[in.target + i], false);
  for (int i = 0; i < kMaxSlots; ++i)
    if ((notes.defined >> i & 1) != 0 && in.slot[i] != kNoSlot) touch(in.slot[i], true);
  for (std::uint32_t i = 0; i < notes.listed; ++i)
    if (kernel_.listed_notes[in.target + i].defined)
      touch(kernel_.operand_lists[in.target + i], true);
}

void WgmmaRegisters::Report(const Step& step, const Register& before, const char* what) {
  const int lane = std::countr_zero(step.lanes);
  const bool in_flight = before.state != State::kWritten;
  reporter_.Report(CheckKind::kSync, in_flight ? kInFlight : kNotFenced,
                   {block_.index(), step.warp, lane, step.pc},
                   {.other = Actor{block_.index(), step.warp, lane, before.pc}},
                   [&] { return std::string(what); });
}

}  // namespace nodecuda::simulator
