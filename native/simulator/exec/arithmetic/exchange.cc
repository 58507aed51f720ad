#include "simulator/exec/arithmetic/exchange.h"

#include <algorithm>
#include <cstddef>

#include "simulator/exec/arithmetic/alu_table.h"

namespace nodecuda::simulator {
namespace {

std::vector<std::string_view> SortedParts(std::string_view mnemonic) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= mnemonic.size();) {
    const std::size_t end = std::min(mnemonic.find('.', begin), mnemonic.size());
    parts.push_back(mnemonic.substr(begin, end - begin));
    begin = end + 1;
  }
  std::sort(parts.begin() + 1, parts.end());  // the name of the instruction stays first
  return parts;
}

// ptxas takes modifiers in any order, and CUB writes vote.ballot.sync.b32.
bool SameInAnyOrder(std::string_view one, std::string_view other) {
  return one == other || (one.size() == other.size() && SortedParts(one) == SortedParts(other));
}

std::span<const AluRow> RowsOf(Isa isa) {
  const AluRows& rows = TableOf(isa).exchanges;
  return {rows.rows, static_cast<std::size_t>(rows.count)};
}

}  // namespace

const AluRow* FindExchange(std::string_view mnemonic, bool pair, Isa isa) {
  for (const AluRow& row : RowsOf(isa))
    if ((row.operands.destinations == 2) == pair && SameInAnyOrder(row.mnemonic, mnemonic))
      return &row;
  return nullptr;
}

bool IsExchange(std::string_view base) {
  return std::ranges::any_of(RowsOf(Isa::kBaseline), [&](const AluRow& row) {
    const std::string_view mnemonic(row.mnemonic);
    return mnemonic.substr(0, mnemonic.find('.')) == base;
  });
}

std::vector<std::string_view> AllExchanges() {
  std::vector<std::string_view> names;
  for (const AluRow& row : RowsOf(Isa::kBaseline)) names.push_back(row.mnemonic);
  return names;
}

}  // namespace nodecuda::simulator
