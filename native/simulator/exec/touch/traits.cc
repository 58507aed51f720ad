#include "simulator/exec/touch/traits.h"

#include <algorithm>
#include <initializer_list>

#include "simulator/exec/matrix/wmma.h"
#include "simulator/exec/warp/async_copy.h"
#include "simulator/exec/warp/bulk_store.h"

namespace nodecuda::simulator {
namespace {

using Parts = std::vector<std::string_view>;

Parts PartsOf(std::string_view mnemonic) {
  Parts parts;
  while (true) {
    const std::size_t dot = mnemonic.find('.');
    parts.push_back(mnemonic.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    mnemonic.remove_prefix(dot + 1);
    while (!mnemonic.empty() && (mnemonic[0] == ' ' || mnemonic[0] == '\t'))
      mnemonic.remove_prefix(1);
  }
}

bool Has(const Parts& parts, std::initializer_list<std::string_view> any) {
  return std::ranges::any_of(parts, [&](std::string_view part) {
    return std::find(any.begin(), any.end(), part) != any.end();
  });
}

Touch TouchOf(const Instruction& in, const Parts& parts) {
  switch (static_cast<Operation>(in.kind)) {
    case Operation::kLoad:
      return Touch::kLoad;
    case Operation::kStore:
      return Touch::kStore;
    case Operation::kHandled:
      if (parts[0] == "atom" || parts[0] == "red") return Touch::kAtomic;
      if (in.warp == BulkStoreHandler()) return Touch::kBulkStore;
      return in.warp == AsyncCopyHandler() ? Touch::kAsyncCopy : Touch::kNothing;
    case Operation::kCollective:
      if (parts[0] == "ldmatrix") return Touch::kMatrixLoad;
      if (parts[0] == "stmatrix") return Touch::kMatrixStore;
      if (in.warp != WmmaMoveHandler()) return Touch::kNothing;
      return WmmaMoveForm::Of(in).is_store ? Touch::kTileStore : Touch::kTileLoad;
    default:
      return Touch::kNothing;
  }
}

}  // namespace

Traits TraitsOf(const Instruction& in, std::string_view mnemonic) {
  const Parts parts = PartsOf(mnemonic);
  const auto operation = static_cast<Operation>(in.kind);
  Traits traits;
  traits.touch = TouchOf(in, parts);
  if (Has(parts, {"cta"}))
    traits.scope = Scope::kBlock;
  else if (Has(parts, {"cluster"}))
    traits.scope = Scope::kCluster;
  const bool is_atomic = traits.touch == Touch::kAtomic;
  traits.is_strong =
      is_atomic || ((traits.touch == Touch::kLoad || traits.touch == Touch::kStore) &&
                    Has(parts, {"volatile", "relaxed", "acquire", "release", "mmio"}));
  // Without a fence after it atom has no order by the letter, but the programming guide itself
  // has the last block read what the others left behind one.
  traits.acquires = is_atomic && parts[0] == "atom";
  traits.releases = is_atomic && Has(parts, {"release", "acq_rel"});
  if (operation == Operation::kFence) {
    traits.is_proxy_fence = Has(parts, {"proxy"});
    traits.is_fence = !traits.is_proxy_fence && parts[0] != "wgmma";
  }
  if (parts[0] == "selp") traits.logic = Logic::kSelect;
  if (parts.back() == "pred" && parts[0] == "and") traits.logic = Logic::kAnd;
  if (parts.back() == "pred" && parts[0] == "or") traits.logic = Logic::kOr;
  const bool is_barrier =
      operation == Operation::kBarrierSync || operation == Operation::kBarrierReduce;
  traits.is_aligned = is_barrier && (parts[0] == "bar" || Has(parts, {"aligned"}));
  if (operation == Operation::kHandled) {
    traits.waits_for_copies = in.warp == WaitGroupHandler();
    traits.commits_copies = in.warp == CommitGroupHandler();
  }
  traits.waits_for_reads = operation == Operation::kAsync && parts.back() == "read";
  if (traits.touch == Touch::kMatrixLoad || traits.touch == Touch::kMatrixStore)
    traits.matrices = Has(parts, {"x4"}) ? 4 : Has(parts, {"x2"}) ? 2 : 1;
  traits.has_bytes = traits.matrices != 0 && Has(parts, {"m16n16"});
  traits.is_transposed = Has(parts, {"trans"});
  return traits;
}

bool MayWait(Operation operation) {
  switch (operation) {
    case Operation::kCall:
    case Operation::kBarrierSync:
    case Operation::kBarrierArrive:
    case Operation::kBarrierReduce:
    case Operation::kWarpSync:
    case Operation::kCollective:
    case Operation::kExchange:
    case Operation::kAsync:
      return true;
    default:
      return false;
  }
}

std::vector<Traits> TraitsOf(const DecodedKernel& kernel) {
  std::vector<Traits> all;
  all.reserve(kernel.code.size());
  for (std::size_t pc = 0; pc < kernel.code.size(); ++pc)
    all.push_back(TraitsOf(kernel.code[pc], kernel.mnemonics[pc]));
  return all;
}

}  // namespace nodecuda::simulator
