#ifndef NODECUDA_BENCH_SIMULATOR_INSTRUCTIONS_H_
#define NODECUDA_BENCH_SIMULATOR_INSTRUCTIONS_H_

#include <string>
#include <vector>

namespace bench {

// One kind of instruction, written so that it may stand behind itself many times.
struct InstructionCase {
  const char* name;
  const char* before;  // what sets its operands up
  const char* text;
};

inline constexpr int kUnrolled = 64;  // in the body of the loop

std::vector<InstructionCase> Instructions();
// A kernel `k` of (pointer, turns) that loops over it.
std::string LoopOf(const InstructionCase& instruction);

}  // namespace bench

#endif  // NODECUDA_BENCH_SIMULATOR_INSTRUCTIONS_H_
