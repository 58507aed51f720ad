#include "simulator/exec/decode/memory_syntax.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace nodecuda::simulator {
namespace {

using ptx::Space;
using ptx::Type;

// Every access here goes straight to memory, in program order, so these change nothing.
constexpr std::string_view kHints[] = {"nc",  "ca",      "cg",   "cs",       "lu",      "cv",
                                       "wb",  "wt",      "weak", "volatile", "relaxed", "mmio",
                                       "cta", "cluster", "gpu",  "sys"};

bool IsHint(std::string_view part) {
  return std::find(std::begin(kHints), std::end(kHints), part) != std::end(kHints) ||
         IsCacheHint(part);
}

bool IsMovable(Type type) {
  switch (type) {
    case Type::kB8:
    case Type::kB16:
    case Type::kB32:
    case Type::kB64:
    case Type::kU8:
    case Type::kU16:
    case Type::kU32:
    case Type::kU64:
    case Type::kS8:
    case Type::kS16:
    case Type::kS32:
    case Type::kS64:
    case Type::kF32:
    case Type::kF64:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool IsCacheHint(std::string_view part) {
  return part.starts_with("L1::") || part.starts_with("L2::evict_") || part == "L2::64B" ||
         part == "L2::128B" || part == "L2::256B";
}

bool IsAtomicOrder(std::string_view part) {
  constexpr std::string_view kOrders[] = {"relaxed", "acquire", "release", "acq_rel",
                                          "cta",     "cluster", "gpu",     "sys"};
  return std::find(std::begin(kOrders), std::end(kOrders), part) != std::end(kOrders);
}

bool HasAtomics(Space space) {
  return space == Space::kNone || space == Space::kGlobal || space == Space::kShared ||
         space == Space::kSharedCluster;
}

Space SpaceFromPart(std::string_view part) {
  if (part == "global") return Space::kGlobal;
  if (part == "shared" || part == "shared::cta") return Space::kShared;
  if (part == "shared::cluster") return Space::kSharedCluster;
  if (part == "local") return Space::kLocal;
  if (part == "const") return Space::kConst;
  if (part == "param" || part == "param::entry" || part == "param::func") return Space::kParam;
  return Space::kNone;
}

bool ParseMemoryMnemonic(const ptx::Instruction& instruction, MemorySyntax* syntax,
                         std::string* why) {
  for (std::size_t i = 1; i < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (const Space space = SpaceFromPart(part); space != Space::kNone) {
      syntax->space = space;
    } else if (part == "v2" || part == "v4" || part == "v8") {
      syntax->vector_log2 = part == "v2" ? 1 : part == "v4" ? 2 : 3;
    } else if (part == "L2::cache_hint") {
      syntax->has_policy = true;
    } else if (part == "acquire") {
      syntax->fence_after = true;
    } else if (part == "release") {
      syntax->fence_before = true;
    } else if (i + 1 == instruction.parts.size() && IsMovable(ptx::TypeFromName(part))) {
      syntax->type = ptx::TypeFromName(part);
    } else if (!IsHint(part)) {
      *why = "unsupported modifier ." + std::string(part);
      return false;
    }
  }
  if (syntax->type == Type::kNone) *why = "the type is missing or cannot be moved";
  return syntax->type != Type::kNone;
}

}  // namespace nodecuda::simulator
