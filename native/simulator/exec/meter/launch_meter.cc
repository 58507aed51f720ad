#include "simulator/exec/meter/launch_meter.h"

#include <string_view>
#include <utility>

#include "simulator/exec/meter/block_meter.h"

namespace nodecuda::simulator {
namespace {

bool IsBarrier(std::string_view mnemonic) {
  return (mnemonic.starts_with("bar.") && !mnemonic.starts_with("bar.warp")) ||
         mnemonic.starts_with("barrier.");
}

// The whole statement, of which the mnemonic is a part of the module's text, on one line.
std::string TextOf(std::string_view mnemonic) {
  constexpr std::size_t kMost = 200;
  const char* begin = mnemonic.data();
  while (std::string_view(";{}:\n").find(begin[-1]) == std::string_view::npos) --begin;
  std::string text;
  for (; *begin != ';' && text.size() < kMost; ++begin) {
    const bool is_space = std::string_view(" \t\r\n").find(*begin) != std::string_view::npos;
    if (!is_space)
      text += *begin;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

LaunchMeter::LaunchMeter(const DecodedKernel& kernel)
    : kernel_(kernel), counts_(kernel.code.size()) {
  sites_.reserve(kernel.code.size());
  std::uint32_t first = 0;
  for (std::uint32_t pc = 0; pc < kernel.code.size(); ++pc) {
    const Instruction& in = kernel.code[pc];
    const std::string_view mnemonic = kernel.mnemonics[pc];
    MeteredSite& site = sites_.emplace_back();
    if (!kernel.notes[pc].continues) first = pc;
    site.first = first;
    site.begins = first == pc && in.line != 0;
    site.traits = TraitsOf(in, mnemonic);
    // What is passed to a function is in registers, on hardware.
    if (mnemonic.find(".param") != std::string_view::npos) site.traits.touch = Touch::kNothing;
    site.is_branch = mnemonic.starts_with("bra") || mnemonic.starts_with("brx");
    site.is_barrier = IsBarrier(mnemonic);
    site.waits = MayWait(static_cast<Operation>(in.kind));
    // The guards in what brx becomes are its own.
    if (in.guard == kNoSlot || mnemonic.starts_with("brx")) continue;
    sites_[first].guard = in.guard;
    sites_[first].guard_negated = in.guard_negated;
  }
}

std::unique_ptr<BlockObserver> LaunchMeter::Watch(BlockRunner& block) {
  return std::make_unique<BlockMeter>(block, *this);
}

void LaunchMeter::Add(const std::vector<MeterCounts>& counts) {
  const std::lock_guard lock(mutex_);
  for (std::size_t pc = 0; pc < counts.size(); ++pc) counts_[pc].Add(counts[pc]);
}

std::vector<MeteredInstruction> LaunchMeter::Finish() const {
  std::vector<MeteredInstruction> instructions;
  for (std::size_t pc = 0; pc < counts_.size(); ++pc) {
    if (counts_[pc].warp_instructions == 0) continue;
    MeteredInstruction& metered = instructions.emplace_back();
    metered.line = kernel_.code[pc].line;
    metered.mnemonic = std::string(kernel_.mnemonics[pc]);
    metered.text = TextOf(kernel_.mnemonics[pc]);
    metered.file = std::string(kernel_.notes[pc].file);
    metered.source_line = kernel_.notes[pc].line;
    metered.counts = counts_[pc];
  }
  return instructions;
}

}  // namespace nodecuda::simulator
