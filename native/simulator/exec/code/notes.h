#ifndef NODECUDA_SIMULATOR_EXEC_CODE_NOTES_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_NOTES_H_

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

namespace nodecuda::simulator {

// What is known of an instruction besides what running it takes, for whoever watches it run.
struct InstructionNotes {
  std::string_view file;   // of the source, as .file says; empty where .loc does not tell
  std::uint32_t line = 0;  // in it
  std::uint8_t defined = 0, used = 0;  // bit i: slot[i] is written, is read
  std::uint32_t listed = 0;            // operands in DecodedKernel::operand_lists
  bool continues = false;              // the PTX instruction of the one before
};

// A line of a source file that has code.
struct SourceLine {
  std::string_view file;
  std::uint32_t line = 0;
  bool operator<(const SourceLine& other) const {
    return std::tie(file, line) < std::tie(other.file, other.line);
  }
};

// All of a module, with the functions that nobody calls.
class SourceLines {
 public:
  // May be called from any thread, and takes its time once. Sorted.
  virtual const std::vector<SourceLine>& source_lines() const = 0;
  // Of the code at a line of the PTX; none where .loc does not tell.
  virtual SourceLine LineAt(int ptx_line) const = 0;

 protected:
  ~SourceLines() = default;
};

// Of an operand in DecodedKernel::operand_lists.
struct ListedNote {
  bool defined = false, used = false;
};

// A register that PTX names, in the code from `begin` to `end`, a function.
struct RegisterNote {
  std::string_view name;
  ptx::Type type = ptx::Type::kNone;
  std::uint32_t slot = kNoSlot, high = kNoSlot;  // high: the upper half of 128 bits
  std::uint32_t begin = 0, end = 0;
  // The instructions that use it lie from the one to the other. Another register may have the same
  // name elsewhere.
  std::uint32_t first_use = 0, last_use = 0;
};

// A variable of a function, or of the module in shared memory, that PTX names in the code from
// `begin` to `end`, with its place in its space.
struct VariableNote {
  std::string_view name;
  ptx::Space space = ptx::Space::kNone;  // kShared, kLocal or, of a kernel's parameters, kParam
  std::uint64_t address = 0;
  std::uint32_t frame = kNoSlot;  // what that is relative to, by lane
  std::uint32_t begin = 0, end = 0;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_NOTES_H_
