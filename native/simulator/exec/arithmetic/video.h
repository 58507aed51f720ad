#ifndef NODECUDA_SIMULATOR_EXEC_ARITHMETIC_VIDEO_H_
#define NODECUDA_SIMULATOR_EXEC_ARITHMETIC_VIDEO_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <string>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// The video instructions: arithmetic on bytes, halves or words of 32-bit registers, chosen by
// selectors, and a second operation with a third register. Recent GPUs take several steps for each,
// so they are not made for speed here.
namespace nodecuda::simulator {

enum class VideoOperation : std::uint8_t {
  kAdd,
  kSub,
  kAbsDiff,
  kMin,
  kMax,
  kAverage,
  kShl,
  kShr,
  kMad,
  kSet,
};
enum class VideoSecond : std::uint8_t { kNone, kAdd, kMin, kMax };

// What a mnemonic and the selectors say, in the 64 bits of Instruction::offset.
struct VideoForm {
  std::uint64_t operation : 4 = 0;  // a VideoOperation
  std::uint64_t second : 2 = 0;     // a VideoSecond
  std::uint64_t count : 3 = 1;      // of elements: 1, or 2 or 4 of a vector
  std::uint64_t d_signed : 1 = 0, a_signed : 1 = 0, b_signed : 1 = 0;
  std::uint64_t saturates : 1 = 0;
  std::uint64_t wraps : 1 = 0;       // a shift by more than 31
  std::uint64_t comparison : 3 = 0;  // of a vset, which holds for: 1 less, 2 equal, 4 greater
  std::uint64_t shift : 4 = 0;       // of a vmad's result to the right
  // Of a vmad: a + 1 beside, or the product or c negated.
  std::uint64_t plus_one : 1 = 0, negates_product : 1 = 0, negates_c : 1 = 0;
  // Elements as wide as `count` says, or of a scalar a part: for each, lowest first, three bits
  // that number it in b:a.
  std::uint64_t a_elements : 12 = 0, b_elements : 12 = 0;
  std::uint64_t a_bytes : 3 = 4, b_bytes : 3 = 4, d_bytes : 3 = 4;
  // The elements that are written, or of a scalar the number of the part.
  std::uint64_t written : 4 = 0;
  std::uint64_t has_c : 1 = 0;
  std::uint64_t unused : 2 = 0;

  std::int64_t Packed() const { return std::bit_cast<std::int64_t>(*this); }
  static VideoForm Of(const Instruction& in) { return std::bit_cast<VideoForm>(in.offset); }
};
static_assert(sizeof(VideoForm) == sizeof(std::int64_t));

// nullopt: *why tells, or is empty if it is no video instruction. The operands are d, a, b and, if
// has_c, c: registers, parts of registers or numbers.
std::optional<VideoForm> ParseVideo(const ptx::Instruction& instruction, std::string* why);

// slot[0]: d; slot[1] to slot[3]: a, b and c, of 32 bits.
AluHandler VideoHandler();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_ARITHMETIC_VIDEO_H_
