#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_VALUES_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/check/reporter.h"
#include "simulator/exec/touch/access.h"

namespace nodecuda::simulator {

// Which registers and bytes of a block have a value. Arithmetic passes on that a register was never
// set, or was loaded from bytes that were never written, as compilers compute with what they know
// to be of no matter, and load ahead of the end of a loop. It is told where it takes effect: in an
// address, a jump, what is stored to device memory; of what was loaded also in any other store, and
// where lanes come together.
class Values {
 public:
  Values(BlockRunner& block, Reporter& reporter, const std::vector<Traits>& traits);

  // Nothing has a value, and what is there is a pattern that shows.
  void Start();
  void Registers(const Step& step);
  // `shared` is that of the block of the access.
  void Memory(const Access& access, const Actor& actor, Values& shared);
  void SetSharedWritten(std::uint64_t offset, std::uint64_t bytes);
  // A place in local memory: relative to `base`, 64 bits a lane, where that is not null.
  void SetLocalWritten(int warp, LaneMask lanes, const FrameVariable& variable,
                       const std::uint64_t* base);

 private:
  LaneMask& Defined(int warp, std::uint32_t slot) {
    return defined_[static_cast<std::size_t>(warp) * words_ + slot / sizeof(LaneMask)];
  }
  // A load of bytes without a value, which a register holds something of.
  struct Origin {
    Access access;
    std::uint32_t pc = 0;
    std::uint64_t first = 0;  // of the bytes
  };

  void Arithmetic(const Step& step, LaneMask guarded);
  LaneMask WithoutValue(const Step& step, bool with_data);
  // Tells of the loads whose registers are read by these lanes.
  void UseLoaded(const Step& step, LaneMask lanes);
  void UseLoaded(int warp, std::uint32_t slot, LaneMask lanes);
  void UseStored(const Access& access, const Actor& actor);
  void ReportBytes(const Access& access, const Actor& actor, std::uint64_t first);
  bool LocalWritten(int warp, int lane, std::uint64_t address) const;
  std::uint64_t FirstUnwritten(const Access& access, int warp) const;
  void SetWritten(const Access& access, int warp);

  BlockRunner& block_;
  Reporter& reporter_;
  const DecodedKernel& kernel_;
  const std::vector<Traits>& traits_;
  const std::size_t words_;  // of a warp's register file
  std::vector<LaneMask> defined_;
  using Origins = std::map<int, Origin>;                   // by lane
  std::vector<std::map<std::uint32_t, Origins>> origins_;  // by warp and slot
  std::vector<bool> shared_;                               // by byte
  std::vector<std::vector<LaneMask>> local_;               // by warp and byte
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_VALUES_H_
