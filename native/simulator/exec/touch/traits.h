#ifndef NODECUDA_SIMULATOR_EXEC_TOUCH_TRAITS_H_
#define NODECUDA_SIMULATOR_EXEC_TOUCH_TRAITS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "simulator/exec/code/program.h"

// What those who watch have to know of an instruction and running it does not need. It is read off
// the mnemonic, so that nothing of it is in the code that runs.
namespace nodecuda::simulator {

enum class Touch : std::uint8_t {
  kNothing,
  kLoad,
  kStore,
  kAtomic,
  kMatrixLoad,   // ldmatrix
  kMatrixStore,  // stmatrix
  kTileLoad,     // wmma.load
  kTileStore,    // wmma.store
  kAsyncCopy,    // cp.async
  kBulkStore,    // st.bulk
};

// The threads that a fence or a strong access is for.
enum class Scope : std::uint8_t { kBlock, kCluster, kDevice };

// Arithmetic that does not need all of its operands.
enum class Logic : std::uint8_t { kNone, kSelect, kAnd, kOr };

struct Traits {
  Touch touch = Touch::kNothing;
  // An atomic, volatile, relaxed, acquire or release access: two such do not race.
  bool is_strong = false;
  Scope scope = Scope::kDevice;
  bool acquires = false, releases = false;  // of a strong access, without a fence beside it
  bool is_fence = false, is_proxy_fence = false;
  Logic logic = Logic::kNone;
  bool is_aligned = false;  // a barrier that all lanes of a warp must come to together
  bool waits_for_copies = false, commits_copies = false;  // cp.async
  bool waits_for_reads = false;  // of cp.async.bulk.wait_group: only until the sources are read
  std::uint8_t matrices = 0;     // of ldmatrix and stmatrix
  bool has_bytes = false;        // whose 16 rows have 16 bytes each
  bool is_transposed = false;    // likewise
};

Traits TraitsOf(const Instruction& in, std::string_view mnemonic);
// Lanes may have to wait there, and come to it again.
bool MayWait(Operation operation);
std::vector<Traits> TraitsOf(const DecodedKernel& kernel);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TOUCH_TRAITS_H_
