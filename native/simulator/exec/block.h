#ifndef NODECUDA_SIMULATOR_EXEC_BLOCK_H_
#define NODECUDA_SIMULATOR_EXEC_BLOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "simulator/exec/grid.h"
#include "simulator/exec/memory_view.h"
#include "simulator/exec/program.h"
#include "simulator/exec/warp.h"

namespace nodecuda::simulator {

// Runs blocks of one grid, one after the other. Belongs to one worker for the time of a launch.
class BlockRunner {
 public:
  explicit BlockRunner(Grid& grid);

  // Runs a block to its end. A fault is told to the grid.
  void Run(std::uint64_t block);

 private:
  enum class Turn { kOver, kAborted };  // kAborted: a fault, or the grid was abandoned

  void StartBlock();
  void FillConstants(bool of_block);
  Turn RunWarp(int index);
  void Arrive(Warp& warp, LaneMask lanes, const Instruction& in, std::uint32_t next_pc,
              LaneMask* rest);
  void ReleaseBarrierIfComplete(std::uint32_t id);
  void ParkAtWarpSync(Warp& warp, LaneMask lanes, const Instruction& in, std::uint32_t next_pc,
                      LaneMask* rest);
  void ExitLanes(Warp& warp, LaneMask lanes);

  Turn Fault(int warp, std::uint32_t pc, int lane, Status status, const std::string& what);
  void ReportDeadlock();
  std::string Where(std::uint32_t pc) const;
  std::string BlockName() const;

  // Registers and local memory need the alignment of the widest vector.
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::byte* FileOf(int warp) {
    return registers_.data()->bytes + static_cast<std::size_t>(warp) * file_bytes_;
  }

  struct Barrier {
    std::uint32_t arrived = 0;   // threads
    std::uint32_t expected = 0;  // threads, in whole warps; 0: all of the block that still run
  };

  Grid& grid_;
  const DecodedKernel& kernel_;
  const std::uint32_t threads_;
  const std::size_t file_bytes_;
  MemoryView view_;
  std::vector<Line> registers_, shared_, local_;
  std::vector<Warp> warps_;
  std::array<Barrier, kBarriers> barriers_;
  std::uint64_t block_ = 0;
  std::uint32_t running_threads_ = 0;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_BLOCK_H_
