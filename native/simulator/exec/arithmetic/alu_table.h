#ifndef NODECUDA_SIMULATOR_EXEC_ARITHMETIC_ALU_TABLE_H_
#define NODECUDA_SIMULATOR_EXEC_ARITHMETIC_ALU_TABLE_H_

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/isa/table.h"

namespace nodecuda::simulator {

// The handlers of one instruction set.
struct AluTable {
  // By mnemonic, optional parts expanded. Rows of one mnemonic differ in their operand count.
  std::unordered_map<std::string, std::vector<const AluRow*>> rows;
  SetpRows comparisons;
  AluCall (*convert)(const Conversion&);
  AluHandler (*pack)(int bytes, int parts);
  AluHandler (*unpack)(int bytes, int parts);
  void (*multiply_tile)(const TensorTile& tile);
  AluRows exchanges;
  MemoryHandler (*access)(const MemoryShape&);
};

const AluTable& TableOf(Isa isa);

// Whether PTX has this conversion and the simulator a handler for it; null if not.
AluCall FindConversion(const AluTable& table, const Conversion& conversion);

// Whether setp of this type writes two predicates, p|q, where one is asked for.
bool HasPair(ptx::Type type);

// Every instruction form there is, for tests: nothing may be executable without being listed here.
// Registers of conversions are as wide as their types.
struct AluForm {
  std::string mnemonic;
  std::vector<ptx::Type> types;
  int destinations;
  bool carry;
  bool pair;  // the first two destinations are written p|q
};
std::vector<AluForm> AllForms(Isa isa);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_ARITHMETIC_ALU_TABLE_H_
