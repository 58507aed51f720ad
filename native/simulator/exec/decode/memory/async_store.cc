#include <string_view>
#include <vector>

#include "simulator/exec/decode/body_decoder.h"

// st.async and red.async: a store or reduction in the shared memory of a block of the cluster,
// whose bytes an mbarrier there then counts. Here both are done at once.
namespace nodecuda::simulator {

using ptx::Type;

namespace {

bool IsOrder(std::string_view part) {
  return part == "weak" || part == "relaxed" || part == "cluster";
}

// st.async has these; red.async those of 32 bits that are no floats, and sums of 64 bits.
bool MayBeStored(Type type) {
  switch (type) {
    case Type::kB32:
    case Type::kU32:
    case Type::kS32:
    case Type::kF32:
    case Type::kB64:
    case Type::kU64:
    case Type::kS64:
    case Type::kF64:
      return true;
    default:
      return false;
  }
}

}  // namespace

// {st,red}.async{...}.mbarrier::complete_tx::bytes{.v2,.v4,.op}.type [a], b, [mbar]
bool BodyDecoder::DecodeAsyncStore(const ptx::Instruction& instruction) {
  const auto& parts = instruction.parts;
  const auto& operands = instruction.operands;
  const bool reduces = parts[0] == "red";
  const Type type = ptx::TypeFromName(parts.back());
  ptx::Instruction store = instruction;
  store.parts = {parts[0], "shared::cluster"};
  bool completes = false;
  std::uint64_t count = 1;
  for (std::size_t i = 2; i + 1 < parts.size(); ++i) {
    const std::string_view part = parts[i];
    if (part == "mbarrier::complete_tx::bytes") {
      completes = true;
    } else if (part == "v2" || part == "v4") {
      count = part == "v2" ? 2 : 4;
      store.parts.push_back(part);
    } else if (!IsOrder(part) && part != "shared::cluster") {
      if (!reduces) return Fail("unsupported modifier ." + std::string(part));
      store.parts.push_back(part);
    }
  }
  const bool is_word = type == Type::kU32 || type == Type::kS32 || type == Type::kB32;
  const bool adds = store.parts.size() == 3 && store.parts[2] == "add";
  const bool is_sum = adds && (type == Type::kU64 || type == Type::kS64);
  if (!completes || (reduces ? count > 1 || !(is_word || is_sum) : !MayBeStored(type)))
    return Fail("the simulated device knows no such form of this instruction");
  if (operands.size() != 3) return Fail("wrong number of operands");
  store.parts.push_back(is_sum ? "u64" : parts.back());
  store.operands = {operands[0], operands[1]};
  ptx::Instruction complete = instruction;
  complete.parts = {"mbarrier", "complete_tx", "relaxed", "cluster", "shared::cluster", "b64"};
  complete.operands = {operands[2], IntegerOperand(count * SizeOf(type))};
  return (reduces ? DecodeAtomic(store) : DecodeMemory(store, true)) && DecodeMbarrier(complete);
}

}  // namespace nodecuda::simulator
