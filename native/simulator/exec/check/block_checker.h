#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_BLOCK_CHECKER_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_BLOCK_CHECKER_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/check/launch_checker.h"
#include "simulator/exec/check/meetings.h"
#include "simulator/exec/check/pending_copies.h"
#include "simulator/exec/check/races.h"
#include "simulator/exec/check/values.h"
#include "simulator/exec/check/wgmma_registers.h"

namespace nodecuda::simulator {

inline constexpr std::uint32_t kNoPc = 0xffffffffu;

// Checks the blocks of one runner.
class BlockChecker final : public BlockObserver {
 public:
  BlockChecker(BlockRunner& block, LaunchChecker& launch);
  ~BlockChecker() override { Withdraw(); }

  void Start() override;
  void Before(const Step& step) override;
  void Released(std::uint32_t barrier) override;
  void Exited(int, LaneMask) override {}
  void Entered(int warp, LaneMask lanes, const CalledFunction& callee) override;
  void Returned(int warp, LaneMask lanes, std::uint32_t call) override;
  void Finished(const BulkCopy& copy) override;
  void Faulted(int warp, std::uint32_t pc, const MemoryFault& fault) override;

 private:
  Actor ActorAt(const Step& step, int lane) const {
    return {block_.index(), step.warp, lane, step.pc};
  }
  // The part of an access that lies in one word.
  struct Piece {
    std::uint64_t word = 0;
    const Access* access = nullptr;
    std::uint8_t bytes = 0;  // of the word: bit i for byte i
    bool IsBeside(const Piece& other) const {
      return word == other.word && bytes == other.bytes && access->space == other.access->space &&
             access->rank == other.access->rank && access->is_write == other.access->is_write;
    }
  };
  // Memory (block_checker.cc).
  void CheckAccesses(const Step& step);
  void CheckRaces(const Step& step);
  void CheckPending(const Actor& at, const BlockChecker& owner, std::uint64_t offset,
                    std::uint64_t bytes);
  void AddPieces(const Access& access);
  // `leaves`: what is written is so by then; else, by a cp.async, it is from then on.
  void TouchPieces(const Step& step, bool leaves);
  void TouchWord(const Step& step, std::span<const Piece> pieces, bool leaves);
  void CheckWithinWarp(const Step& step, std::span<const Piece> pieces);
  struct Touched {
    ptx::Space space = ptx::Space::kGlobal;
    std::uint64_t address = 0, bytes = 0;
    bool same_value = false;  // both sides write what is there then
  };
  void ReportRace(const Trace& now, const Trace& earlier, const Touched& touched);
  void WriteCopies(const Step& step);
  bool WritesWhatIsThere(const Access& access, int warp);
  // Waits and fences (block_checker_sync.cc).
  void CheckSync(const Step& step);
  void AtBarrier(const Step& step);
  void AtCollective(const Step& step, std::uint32_t member_slot);
  void AtAsync(const Step& step);
  void AtMbarrier(const Step& step);
  BlockChecker* PeerOf(int rank);
  // What goes on beside the threads (block_checker_async.cc).
  struct Beside;
  struct Begun {
    Knowledge known;
    std::uint32_t group = 0;  // of its thread's, that it will be in, if any
  };
  void AtCopy(const Step& step);
  void AtBulkGroup(const Step& step);
  void AtProduct(const Step& step);
  void AtProductGroup(const Step& step);
  void TouchCopy(const BulkCopy& copy);
  void TouchSource(const BulkCopy& copy, Beside* reads);
  void TouchBeside(Beside* beside, std::uint64_t address, std::uint64_t bytes);
  void Compare(Beside* beside, const Trace& earlier, std::uint64_t address);
  void CheckProxy(const Beside& beside, const Trace& earlier, std::uint64_t address);
  void Withdraw();  // what it has begun is over
  bool MayTouchBetween(std::uint32_t from, std::uint32_t to) const;

  struct Arrivals {
    std::uint32_t count = 0;  // of threads; 0: all of the block
    bool reduces = false;
    std::vector<std::uint32_t> pcs;  // by warp; kNoPc: nobody of it has come
  };

  BlockRunner& block_;
  LaunchChecker& launch_;
  Reporter& reporter_;
  const DecodedKernel& kernel_;
  const std::vector<Traits>& traits_;
  const bool checks_races_, checks_values_, checks_sync_;
  Values values_;
  Meetings meetings_;
  PendingCopies pending_;
  WgmmaRegisters wgmma_;
  std::uint64_t started_ = 0;  // the block that is known to the launch
  std::vector<Word> shared_words_;
  MeetingWords shared_meetings_;
  std::map<std::uint64_t, Meetings::Phased> mbarriers_;  // by offset in shared memory
  std::vector<std::uint32_t> proxy_fences_;              // by thread: when
  // The copies that are under way, by thread and instruction, the first first.
  std::map<std::pair<int, std::uint32_t>, std::deque<Begun>> copies_;
  struct BulkGroups {
    std::uint32_t committed = 0;
    unsigned reads = 0, writes = 0;  // channels, which take groups for times
  };
  std::map<int, BulkGroups> bulk_groups_;  // by thread
  BulkGroups& GroupsOf(int thread);
  struct Product {
    std::uint64_t descriptor = 0;  // of B
    std::vector<std::pair<Trace, std::uint64_t>> after;
    int warps = 0;  // that have come to it
  };
  struct Warpgroup {
    unsigned channel = 0;                       // 0: none yet; takes groups of products for times
    std::map<std::uint64_t, Product> products;  // by number, until all warps have come to it
  };
  struct Products {
    std::uint64_t issued = 0;
    std::uint32_t committed = 0;  // groups
  };
  std::vector<Warpgroup> warpgroups_;
  std::vector<Products> products_;  // by warp
  std::array<Arrivals, kBarriers> arrivals_;
  std::vector<std::uint32_t> last_barrier_;  // by warp: of all threads; kNoPc before the first
  std::vector<Access> accesses_;
  std::vector<Piece> pieces_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_BLOCK_CHECKER_H_
