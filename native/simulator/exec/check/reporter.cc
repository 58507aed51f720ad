#include "simulator/exec/check/reporter.h"

#include <cinttypes>
#include <cstdio>
#include <functional>
#include <utility>

namespace nodecuda::simulator {

std::string Hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

namespace {

// Not its address: another may lie there once its module is gone.
std::uint64_t IdentityOf(const DecodedKernel& kernel) {
  std::uint64_t identity = std::hash<std::string>()(kernel.name);
  for (std::size_t pc = 0; pc < kernel.code.size(); ++pc)
    identity = Schedule::Mix(identity ^ std::hash<std::string_view>()(kernel.mnemonics[pc]) ^
                             static_cast<std::uint64_t>(kernel.code[pc].line));
  return identity;
}

}  // namespace

Reporter::Reporter(const Grid& grid, CheckLog& log)
    : grid_(grid), kernel_(grid.kernel()), identity_(IdentityOf(kernel_)), log_(log) {}

CheckPlace Reporter::PlaceOf(const Actor& actor) const {
  CheckPlace place;
  place.kernel = kernel_.name;
  place.mnemonic = std::string(kernel_.mnemonics[actor.pc]);
  place.line = kernel_.code[actor.pc].line;
  if (const InstructionNotes& notes = kernel_.notes[actor.pc]; !notes.file.empty())
    place.source = std::string(notes.file) + ":" + std::to_string(notes.line);
  place.block = grid_.IndexOf(actor.block);
  const Dim3& shape = grid_.shape().block;
  const auto thread = static_cast<std::uint32_t>(actor.warp * kWarpSize + actor.lane);
  place.thread = {thread % shape.x, thread / shape.x % shape.y, thread / shape.x / shape.y};
  return place;
}

CheckFinding Reporter::Make(CheckKind kind, const Actor& at, const Details& details,
                            std::string message) const {
  CheckFinding finding;
  finding.kind = kind;
  finding.is_advice = details.is_advice;
  finding.message = std::move(message);
  finding.at = PlaceOf(at);
  if (details.other) finding.other = PlaceOf(*details.other);
  finding.address = details.address;
  const MemoryRecord* record = grid_.memory().record();
  if (!details.in_device_memory || !details.address || record == nullptr) return finding;
  if (const auto near = record->Describe(*details.address))
    finding.allocation = {near->begin, near->bytes, near->site, near->freed};
  return finding;
}

}  // namespace nodecuda::simulator
