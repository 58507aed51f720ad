#ifndef NODECUDA_SIMULATOR_TRANSFERS_H_
#define NODECUDA_SIMULATOR_TRANSFERS_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/runtime.h"
#include "simulator/memory/pinned_memory.h"
#include "simulator/simulated_device.h"

namespace nodecuda::simulator {

// Copies and fills of a runtime's devices, in the order of streams. All members may be called from
// any thread.
class Transfers {
 public:
  // Both outlive it.
  Transfers(const std::vector<std::unique_ptr<SimulatedDevice>>& devices,
            const PinnedMemory& pinned)
      : devices_(devices), pinned_(pinned) {}

  Status Copy(const std::shared_ptr<StreamState>& queue, void* destination, const void* source,
              std::size_t bytes, MemcpyKind kind) const;
  Status Fill(const std::shared_ptr<StreamState>& queue, void* pointer, int byte_value,
              std::size_t bytes) const;

 private:
  struct Side {
    DeviceMemory* memory = nullptr;
    std::shared_ptr<std::byte[]> block;
  };
  SimulatedDevice* Owner(const void* pointer) const;
  bool DeviceSide(const void* pointer, std::size_t bytes, Side* side) const;
  bool HostSide(const void* pointer, std::size_t bytes, Side* side) const;

  const std::vector<std::unique_ptr<SimulatedDevice>>& devices_;
  const PinnedMemory& pinned_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_TRANSFERS_H_
