#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_WGMMA_REGISTERS_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_WGMMA_REGISTERS_H_

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "simulator/exec/block/block.h"
#include "simulator/exec/check/reporter.h"

namespace nodecuda::simulator {

// The registers of asynchronous matrix products: those that were written since the last
// wgmma.fence, and those that products in flight still use. What mov copies is the same register to
// ptxas: nvcc moves accumulators about wherever it likes.
class WgmmaRegisters {
 public:
  WgmmaRegisters(const BlockRunner& block, Reporter& reporter);

  void Start();
  void Before(const Step& step);  // that some lanes execute

 private:
  enum class State : std::uint8_t { kWritten, kResult, kOperand };
  struct Register {
    State state = State::kWritten;
    std::uint32_t pc = 0;     // of the instruction that made it so
    std::uint64_t group = 0;  // of a product: the one it belongs to
  };
  struct Warp {
    std::unordered_map<std::uint32_t, Register> registers;  // by slot; others are quiet
    std::uint64_t group = 0;                                // that products now join
    bool has_fenced = false;
  };

  void AtProduct(const Step& step, Warp& warp);
  void AtOther(const Step& step, Warp& warp);
  void Report(const Step& step, const Register& before, const char* what);
  // Forgets those for which `over` holds.
  template <typename Over>
  static void Forget(Warp& warp, Over over) {
    std::erase_if(warp.registers, [&](const auto& entry) { return over(entry.second); });
  }

  const BlockRunner& block_;
  Reporter& reporter_;
  const DecodedKernel& kernel_;
  const bool has_products_;
  std::vector<Warp> warps_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_WGMMA_REGISTERS_H_
