#ifndef NODECUDA_SIMULATOR_EXEC_WARP_BULK_STORE_H_
#define NODECUDA_SIMULATOR_EXEC_WARP_BULK_STORE_H_

#include <cstdint>

#include "simulator/exec/code/program.h"

namespace nodecuda::simulator {

inline constexpr int kBulkSizeSlot = 0;  // bytes, 64 bits; the address is in its usual place
inline constexpr std::uint64_t kBulkUnit = 8;

// st.bulk: each lane fills some of shared memory with zeros.
WarpHandler BulkStoreHandler();

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_WARP_BULK_STORE_H_
