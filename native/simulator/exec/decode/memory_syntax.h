#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_MEMORY_SYNTAX_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_MEMORY_SYNTAX_H_

#include <string>
#include <string_view>

#include "ptx/ast.h"
#include "simulator/exec/code/program.h"

namespace nodecuda::simulator {

// What the mnemonic of an ld or st says.
struct MemorySyntax {
  ptx::Space space = ptx::Space::kNone;  // kNone: generic
  ptx::Type type = ptx::Type::kNone;     // of one element
  unsigned vector_log2 = 0;
  bool has_policy = false;    // .L2::cache_hint: one more operand
  bool fence_before = false;  // st.release
  bool fence_after = false;   // ld.acquire
};

// False, with the reason in *why, for a modifier that is unknown or does not go with the others.
// Cache hints mean nothing here and are accepted.
bool ParseMemoryMnemonic(const ptx::Instruction& instruction, MemorySyntax* syntax,
                         std::string* why);

bool IsPrefetchSize(std::string_view part);  // .L2::128B and the like, which change no result

// What atom and red order, and for whom: nothing here, where every access is ordered with all.
struct AtomicOrder {
  std::string_view order, scope;
  // False if the part is none of these, or the second of its kind.
  bool Take(std::string_view part, bool reduces);
};
bool HasAtomics(ptx::Space space);

// A state space as a mnemonic part names it, shared::cta and shared::cluster included; kNone for
// any other word.
ptx::Space SpaceFromPart(std::string_view part);

// That of cvta{.to}.space.u64; kNone for any other form.
ptx::Space SpaceOfCvta(const ptx::Instruction& instruction);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_MEMORY_SYNTAX_H_
