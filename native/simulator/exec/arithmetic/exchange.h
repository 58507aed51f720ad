#ifndef NODECUDA_SIMULATOR_EXEC_ARITHMETIC_EXCHANGE_H_
#define NODECUDA_SIMULATOR_EXEC_ARITHMETIC_EXCHANGE_H_

#include <string_view>
#include <vector>

#include "simulator/exec/isa/table.h"

// The instructions that look across lanes, at registers only: shuffles, votes and their relatives.
namespace nodecuda::simulator {

// Null if there is none. `pair`: the first operand is d|p. The last source names the members; what
// has no source waits for nobody.
const AluRow* FindExchange(std::string_view mnemonic, bool pair, Isa isa);
// Whether a mnemonic with this first part is found by FindExchange.
bool IsExchange(std::string_view base);

// For tests: every mnemonic there is.
std::vector<std::string_view> AllExchanges();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_ARITHMETIC_EXCHANGE_H_
