#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_MEMORY_SYNTAX_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_MEMORY_SYNTAX_H_

#include <string>

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

// False, with the reason in *why, for a modifier that is unknown or means more than this simulator
// does. Cache hints mean nothing here and are accepted.
bool ParseMemoryMnemonic(const ptx::Instruction& instruction, MemorySyntax* syntax,
                         std::string* why);

// .L2::128B and the like: tells caches something and changes no result.
bool IsCacheHint(std::string_view part);
bool IsAtomicOrder(std::string_view part);  // of atom and red: what they order, and for whom
bool HasAtomics(ptx::Space space);

// A state space as a mnemonic part names it, shared::cta and shared::cluster included; kNone for
// any other word.
ptx::Space SpaceFromPart(std::string_view part);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_MEMORY_SYNTAX_H_
