#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/memory_syntax.h"

// Instructions about addresses, caches and the machine, most of which change no result here, and
// jumps by a table.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Space;

namespace {

bool IsOneOf(std::string_view part, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), part) != words.end();
}

}  // namespace

// isspacep.space p, a: every space but global is a window of the generic addresses.
bool BodyDecoder::DecodeIsSpace(const ptx::Instruction& instruction) {
  if (instruction.parts.size() != 2 || instruction.parts[1] == "param::func" ||
      instruction.operands.size() != 2)
    return Fail("unsupported form of isspacep");
  const Operand &result = instruction.operands[0], &address = instruction.operands[1];
  std::uint64_t window = 0, bytes = kWindowBytes;
  switch (SpaceFromPart(instruction.parts[1])) {
    case Space::kGlobal:
      return DecodeInstead({"setp", "lt", "u64"}, {result, address, IntegerOperand(kSharedWindow)});
    case Space::kShared:
      window = kSharedWindow;
      bytes = kMaxSharedBytes;  // the own block's part of the cluster's
      break;
    case Space::kSharedCluster:
      window = kSharedWindow;
      break;
    case Space::kLocal:
      window = kLocalWindow;
      break;
    // Constant memory is global memory here: no address is in the window that it has on a GPU.
    case Space::kConst:
      bytes = 0;
      break;
    case Space::kParam:
      window = kParamWindow;
      break;
    default:
      return Fail("this state space has no window of generic addresses");
  }
  const Operand distance = Temporary(8);
  return DecodeInstead({"sub", "s64"}, {distance, address, IntegerOperand(window)}) &&
         DecodeInstead({"setp", "lt", "u64"}, {result, distance, IntegerOperand(bytes)});
}

// Hints to caches: prefetch, prefetchu, discard, applypriority. The address is checked for its
// form only, as hardware ignores one that leads nowhere.
bool BodyDecoder::DecodeCacheHint(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const std::string_view base = parts[0], level = parts.back();
  const bool sized = base == "discard" || base == "applypriority", prefetches = base == "prefetch";
  const bool names_space = parts.size() == 3;
  const Space space = names_space ? SpaceFromPart(parts[1]) : Space::kNone;
  const bool has_space = space == Space::kGlobal || (space == Space::kLocal && prefetches);
  const bool keeps = prefetches && IsOneOf(level, {"L2::evict_last", "L2::evict_normal"});
  const bool known = prefetches          ? IsOneOf(level, {"L1", "L2"}) || keeps
                     : base == "discard" ? level == "L2"
                     : sized             ? level == "L2::evict_normal"
                                         : level == "L1";
  if (!known || parts.size() > 3 || has_space != names_space ||
      (names_space && base == "prefetchu") || (keeps && space == Space::kLocal))
    return Fail("unsupported form of " + std::string(base));
  const auto& operands = instruction.operands;
  if (operands.size() != (sized ? 2 : 1)) return Fail("wrong number of operands");
  if (sized && (operands[1].kind != Operand::Kind::kInteger || operands[1].bits != 128))
    return Fail("the size must be 128");
  Instruction unused = Start(Operation::kFence).in;
  bool wide = false;
  return BindAddress(operands[0], space, &unused, &wide);
}

// createpolicy.fractional.first{.second}.b64 d{, part}, .range{.global}.first{.second}.b64 d, [a],
// size, size and .cvt.L2.b64 d, property: a cache policy is a number that nothing here looks at.
bool BodyDecoder::DecodeCreatePolicy(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const std::size_t count = instruction.operands.size();
  const std::string_view kind = parts.size() > 2 ? parts[1] : "";
  std::size_t next = 2;
  bool known = false;
  if (kind == "cvt") {
    known = parts[next++] == "L2" && count == 2;
  } else if (kind == "fractional" || kind == "range") {
    if (kind == "range" && parts[next] == "global") ++next;
    known = next < parts.size() &&
            IsOneOf(parts[next++], {"L2::evict_last", "L2::evict_normal", "L2::evict_first",
                                    "L2::evict_unchanged"}) &&
            (kind == "range" ? count == 4 : count == 1 || count == 2);
    if (next < parts.size() && IsOneOf(parts[next], {"L2::evict_first", "L2::evict_unchanged"}))
      ++next;
  }
  if (!known || next + 1 != parts.size() || parts.back() != "b64")
    return Fail("unsupported form of createpolicy");
  return DecodeInstead({"mov", "b64"}, {instruction.operands[0], IntegerOperand(0)});
}

// Memory has one order here and one way to it: no fence is weaker than a full one.
bool BodyDecoder::DecodeFence(const ptx::Instruction& instruction) {
  std::vector<std::string_view> words(instruction.parts.begin() + 1, instruction.parts.end());
  std::string text;
  if (instruction.parts[0] == "membar") {
    for (const std::string_view word : words) text += '.' + std::string(word);
    if (!IsOneOf(text, {".cta", ".gl", ".sys", ".proxy.alias"}) || !instruction.operands.empty())
      return Fail("unsupported form of membar");
    EmitSimple(Operation::kFence);
    return true;
  }
  // In whatever order, as ptxas takes them: the scope is the last of them here.
  const auto is_scope = [](std::string_view word) {
    return IsOneOf(word, {"cta", "cluster", "gpu", "sys"});
  };
  std::ranges::sort(words);
  std::stable_partition(words.begin(), words.end(), std::not_fn(is_scope));
  const bool scoped = !words.empty() && is_scope(words.back());
  const std::string scope(scoped ? words.back() : "");
  if (scoped) words.pop_back();
  for (const std::string_view word : words) text += '.' + std::string(word);
  const bool acquires_map = text == ".acquire.proxy.tensormap::generic";
  const bool known =
      scoped
          ? IsOneOf(text, {"", ".sc", ".acq_rel", ".acquire", ".release",
                           ".proxy.release.tensormap::generic"}) ||
                acquires_map ||
                (scope == "cluster" &&
                 IsOneOf(text, {".mbarrier_init.release", ".acquire.sync_restrict::shared::cluster",
                                ".release.sync_restrict::shared::cta",
                                ".acquire.async::generic.proxy.sync_restrict::shared::cluster",
                                ".async::generic.proxy.release.sync_restrict::shared::cta"}))
          : IsOneOf(text, {".alias.proxy", ".async.proxy", ".async.global.proxy",
                           ".async.proxy.shared::cta", ".async.proxy.shared::cluster"});
  if (!known || instruction.operands.size() != (acquires_map ? 2 : 0))
    return Fail("unsupported form of fence");
  EmitSimple(Operation::kFence);
  return true;
}

bool BodyDecoder::DecodeSetMaxRegisters(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const auto& operands = instruction.operands;
  if (parts.size() != 5 || !IsOneOf(parts[1], {"inc", "dec"}) || parts[2] != "sync" ||
      parts[3] != "aligned" || parts[4] != "u32" || operands.size() != 1 ||
      operands[0].kind != Operand::Kind::kInteger)
    return Fail("unsupported form of setmaxnreg");
  const std::uint64_t count = operands[0].bits;
  return (count >= 24 && count <= 256 && count % 8 == 0) ||
         Fail("the number of registers must be a multiple of 8 from 24 to 256");
}

// brx.idx i, labels: a chain of comparisons. What an index beyond the table does is undefined; here
// it takes the last label.
bool BodyDecoder::DecodeTableBranch(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const auto& operands = instruction.operands;
  if (parts.size() < 2 || parts[1] != "idx" || parts.size() > 3 ||
      (parts.size() == 3 && parts[2] != "uni") || instruction.guard >= 0)
    return Fail("unsupported form of brx");
  if (operands.size() != 2 || operands[1].kind != Operand::Kind::kList ||
      operands[1].elements.empty())
    return Fail("an index and a list of labels are needed");
  const std::vector<Operand>& labels = operands[1].elements;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].kind != Operand::Kind::kLabel || labels[i].bits > function_.body.size())
      return Fail("unknown label");
    DraftInstruction jump = Start(Operation::kBranch);
    jump.is_branch = true;
    jump.in.target = static_cast<std::uint32_t>(labels[i].bits);  // Decode translates
    if (i + 1 < labels.size()) {
      const Operand equal = Temporary(0);
      if (!DecodeInstead({"setp", "eq", "u32"}, {equal, operands[0], IntegerOperand(i)}))
        return false;
      jump.in.guard = static_cast<std::uint32_t>(equal.register_index);
    }
    Emit(jump);
  }
  return true;
}

// mov.v4.u32 {a, b, c, d}, %tid: the components one by one.
bool BodyDecoder::DecodeSpecialVector(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const auto& operands = instruction.operands;
  if (parts.size() != 3 || !IsOneOf(parts[2], {"u16", "u32"}) || operands.size() != 2 ||
      operands[0].kind != Operand::Kind::kVector || operands[0].elements.size() != 4 ||
      operands[1].kind != Operand::Kind::kSpecial)
    return Fail("only a special register of four components can be moved as a vector");
  constexpr char kComponents[] = {'x', 'y', 'z', 'w'};
  for (std::size_t i = 0; i < std::size(kComponents); ++i) {
    const std::string name = std::string(operands[1].name) + '.' + kComponents[i];
    Operand component = operands[1];
    component.name = name;
    if (!DecodeInstead({"mov", parts[2]}, {operands[0].elements[i], component})) return false;
  }
  return true;
}

// Instructions of this file. False in *known for any other.
bool BodyDecoder::DecodeSystem(const ptx::Instruction& instruction, bool* known) {
  const std::string_view base = instruction.parts[0];
  *known = true;
  if (base == "isspacep") return DecodeIsSpace(instruction);
  if (base == "prefetchu" || base == "discard" || base == "applypriority" ||
      (base == "prefetch" && instruction.parts.back() != "tensormap"))
    return DecodeCacheHint(instruction);
  if (base == "createpolicy") return DecodeCreatePolicy(instruction);
  if (base == "membar" || base == "fence") return DecodeFence(instruction);
  if (base == "setmaxnreg") return DecodeSetMaxRegisters(instruction);
  if (base == "brx") return DecodeTableBranch(instruction);
  if (base == "mov" && instruction.parts.size() > 1 && instruction.parts[1] == "v4")
    return DecodeSpecialVector(instruction);
  if (base == "pmevent")  // nobody counts them
    return (instruction.operands.size() == 1 &&
            instruction.operands[0].kind == Operand::Kind::kInteger &&
            (instruction.parts.size() == 1 ||
             (instruction.parts.size() == 2 && instruction.parts[1] == "mask"))) ||
           Fail("unsupported form of pmevent");
  // Grids run one after another: what a grid depends on has ended before it starts.
  if (base == "griddepcontrol")
    return (instruction.operands.empty() && instruction.parts.size() == 2 &&
            IsOneOf(instruction.parts[1], {"wait", "launch_dependents"})) ||
           Fail("unsupported form of griddepcontrol");
  *known = false;
  return false;
}

}  // namespace nodecuda::simulator
