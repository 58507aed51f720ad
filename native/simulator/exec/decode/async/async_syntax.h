#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_ASYNC_ASYNC_SYNTAX_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_ASYNC_ASYNC_SYNTAX_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// The modifiers of a mnemonic from part `from` on, which are taken out one by one: what nobody
// takes is unknown, or is there once too often.
class Modifiers {
 public:
  Modifiers(const ptx::Instruction& instruction, std::size_t from) {
    const std::size_t count = instruction.parts.size();
    for (std::size_t i = from; i < count; ++i) words_.push_back(instruction.parts[i]);
  }

  // The first that is one of these; empty if none is.
  std::string_view TakeOneOf(Words among) {
    const auto found = std::find_if(words_.begin(), words_.end(), [among](std::string_view word) {
      return Contains(among, word);
    });
    if (found == words_.end()) return {};
    const std::string_view word = *found;
    words_.erase(found);
    return word;
  }
  bool Take(std::string_view word) { return !TakeOneOf({&word, 1}).empty(); }
  ptx::Space TakeSpace(Words among) { return SpaceFromPart(TakeOneOf(among)); }

  bool empty() const { return words_.empty(); }
  std::string Rest() const {  // with its dots
    std::string rest;
    for (const std::string_view word : words_) rest += "." + std::string(word);
    return rest;
  }

 private:
  std::vector<std::string_view> words_;
};

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
