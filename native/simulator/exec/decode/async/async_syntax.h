#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_ASYNC_ASYNC_SYNTAX_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_ASYNC_ASYNC_SYNTAX_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "ptx/ast.h"
#include "simulator/exec/code/async.h"
#include "simulator/exec/code/draft.h"
#include "simulator/exec/decode/memory_syntax.h"

// What the mnemonics of asynchronous instructions are read with.
namespace nodecuda::simulator {

using Words = std::span<const std::string_view>;

inline bool Contains(Words words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

inline bool Has(const ptx::Instruction& instruction, std::string_view part) {
  return Contains(instruction.parts, part);
}

// The first part from `from` on that is none of `words`; empty if there is none.
inline std::string_view Stranger(const ptx::Instruction& instruction, std::size_t from,
                                 Words words) {
  for (std::size_t i = from; i < instruction.parts.size(); ++i)
    if (!Contains(words, instruction.parts[i])) return instruction.parts[i];
  return {};
}

// The state space that the mnemonic names from part `from` on, and the part after it.
inline ptx::Space FindSpace(const ptx::Instruction& instruction, std::size_t from,
                            std::size_t* next) {
  for (std::size_t i = from; i < instruction.parts.size(); ++i) {
    *next = i + 1;
    if (const ptx::Space space = SpaceFromPart(instruction.parts[i]); space != ptx::Space::kNone)
      return space;
  }
  return ptx::Space::kNone;
}

inline void SetOp(AsyncOp op, const AddressForm& form, DraftInstruction* draft) {
  draft->in.detail[0] = static_cast<std::uint8_t>(op);
  draft->in.detail[1] = form.Pack();
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_ASYNC_ASYNC_SYNTAX_H_
