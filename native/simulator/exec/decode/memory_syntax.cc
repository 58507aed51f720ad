#include "simulator/exec/decode/memory_syntax.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace nodecuda::simulator {
namespace {

using ptx::Space;
using ptx::Type;

bool Among(std::string_view part, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), part) != words.end();
}

bool IsScope(std::string_view part) {
  return Among(part, {"cta", "cluster", "gpu", "sys"});
}

// What stands in a mnemonic; empty where nothing does. Every access here goes straight to memory,
// in program order, so nothing of it but acquire and release changes what happens: but what
// contradicts itself is a mistake, which ptxas would not take either.
struct AccessWords {
  std::string_view order, scope, cache, priority, wide_priority, prefetch;
  bool nc = false, mmio = false, policy = false;
  bool hints() const { return !priority.empty() || !wide_priority.empty() || policy; }
};

// Puts the part in its place. False if it has none, or there is one already.
bool Take(std::string_view part, bool stores, AccessWords* words) {
  const auto once = [part](std::string_view* place) { return std::exchange(*place, part).empty(); };
  if (Among(part, {"weak", "volatile", "relaxed", stores ? "release" : "acquire"}))
    return once(&words->order);
  if (IsScope(part)) return once(&words->scope);
  if (part == "cg" || part == "cs" ||
      (stores ? Among(part, {"wb", "wt"}) : Among(part, {"ca", "lu", "cv"})))
    return once(&words->cache);
  if (Among(part, {"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last",
                   "L1::no_allocate"}))
    return once(&words->priority);
  if (Among(part, {"L2::evict_normal", "L2::evict_first", "L2::evict_last"}))
    return once(&words->wide_priority);
  if (!stores && IsPrefetchSize(part)) return once(&words->prefetch);
  if (part == "L2::cache_hint") return !std::exchange(words->policy, true);
  if (part == "mmio") return !std::exchange(words->mmio, true);
  return part == "nc" && !stores && !std::exchange(words->nc, true);
}

// What is wrong with the words together; null if nothing is.
const char* Contradiction(const AccessWords& words, const MemorySyntax& syntax) {
  const bool is_global = syntax.space == Space::kNone || syntax.space == Space::kGlobal;
  const bool is_shared = syntax.space == Space::kShared || syntax.space == Space::kSharedCluster;
  const bool is_ordered = Among(words.order, {"relaxed", "acquire", "release"});
  const std::size_t bytes = SizeOf(syntax.type) << syntax.vector_log2;
  if (is_ordered == words.scope.empty()) return "an order and its scope go together";
  if (words.order == "weak" ? words.nc : !words.order.empty() && (words.nc || !words.cache.empty()))
    return "an order goes with no cache operator";
  if (words.order == "volatile" && words.hints()) return "a volatile access goes with no hint";
  if ((is_ordered || words.order == "volatile") && !is_global && !is_shared)
    return "there is no order in this state space";
  if (words.mmio && (words.order != "relaxed" || words.scope != "sys" || !is_global))
    return "mmio is of .relaxed.sys, in global memory";
  if (words.nc && (syntax.space != Space::kGlobal || !Among(words.cache, {"", "ca", "cg", "cs"})))
    return "nc is of global memory, with .ca, .cg or .cs";
  if ((words.hints() || !words.prefetch.empty()) && !is_global)
    return "hints to caches are of global memory";
  if (!words.priority.empty() && !words.cache.empty())
    return "a cache operator goes with no priority";
  if (!words.wide_priority.empty() && bytes != 32)
    return "priorities of L2 are of accesses of 32 bytes";
  if (syntax.vector_log2 == 3 && SizeOf(syntax.type) != 4)
    return "a vector of eight has elements of 32 bits";
  if (bytes > 32 || (bytes == 32 && !is_global)) return "the vector is too long";
  return nullptr;
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

bool IsPrefetchSize(std::string_view part) {
  return Among(part, {"L2::64B", "L2::128B", "L2::256B"});
}

bool AtomicOrder::Take(std::string_view part, bool reduces) {
  const bool is_order = part == "relaxed" || part == "release" ||
                        (!reduces && (part == "acquire" || part == "acq_rel"));
  if (!is_order && !IsScope(part)) return false;
  return std::exchange(is_order ? order : scope, part).empty();
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

Space SpaceOfCvta(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const std::size_t place = parts.size() > 1 && parts[1] == "to" ? 2 : 1;
  if (parts.size() != place + 2 || parts.back() != "u64" || parts[place] == "param::func")
    return Space::kNone;
  return SpaceFromPart(parts[place]);
}

bool ParseMemoryMnemonic(const ptx::Instruction& instruction, MemorySyntax* syntax,
                         std::string* why) {
  const std::string_view base = instruction.parts[0];
  AccessWords words;
  for (std::size_t i = 1; i < instruction.parts.size(); ++i) {
    const std::string_view part = instruction.parts[i];
    if (const Space space = SpaceFromPart(part);
        space != Space::kNone && syntax->space == Space::kNone) {
      syntax->space = space;
    } else if ((part == "v2" || part == "v4" || part == "v8") && syntax->vector_log2 == 0) {
      syntax->vector_log2 = part == "v2" ? 1 : part == "v4" ? 2 : 3;
    } else if (i + 1 == instruction.parts.size() && IsMovable(ptx::TypeFromName(part))) {
      syntax->type = ptx::TypeFromName(part);
    } else if (base == "ldu" || !Take(part, base == "st", &words)) {
      *why = "unsupported or repeated modifier ." + std::string(part);
      return false;
    }
  }
  const char* wrong = Contradiction(words, *syntax);
  if (syntax->type == Type::kNone) wrong = "the type is missing or cannot be moved";
  const std::size_t bytes = SizeOf(syntax->type) << syntax->vector_log2;
  if (base == "ldu" &&
      ((syntax->space != Space::kNone && syntax->space != Space::kGlobal) || bytes > 16))
    wrong = "ldu is of global memory, of 16 bytes at most";
  if (wrong != nullptr) *why = wrong;
  syntax->has_policy = words.policy;
  syntax->fence_after = words.order == "acquire";
  syntax->fence_before = words.order == "release";
  return wrong == nullptr;
}

}  // namespace nodecuda::simulator
