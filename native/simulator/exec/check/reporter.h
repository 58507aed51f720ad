#ifndef NODECUDA_SIMULATOR_EXEC_CHECK_REPORTER_H_
#define NODECUDA_SIMULATOR_EXEC_CHECK_REPORTER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/check_log.h"
#include "simulator/exec/block/grid.h"

namespace nodecuda::simulator {

// A thread at an instruction.
struct Actor {
  std::uint64_t block = 0;
  int warp = 0, lane = 0;
  std::uint32_t pc = 0;
};

// What is found in one launch, on its way to the log.
class Reporter {
 public:
  Reporter(const Grid& grid, CheckLog& log);

  struct Details {
    bool is_advice = false;
    std::optional<Actor> other = std::nullopt;
    std::optional<std::uint64_t> address = std::nullopt;
    bool in_device_memory = false;  // the address
  };
  // `detail` tells findings of one kind and instruction apart. `message` is called for the first.
  template <typename Message>
  void Report(CheckKind kind, std::uint8_t detail, const Actor& at, const Details& details,
              Message message) {
    if (!log_.Checks(kind)) return;
    const CheckSite site{identity_, at.pc, details.other ? details.other->pc : 0, kind, detail};
    log_.Add(site, [&] { return Make(kind, at, details, message()); });
  }
  bool Checks(CheckKind kind) const { return log_.Checks(kind); }
  CheckPlace PlaceOf(const Actor& actor) const;

 private:
  CheckFinding Make(CheckKind kind, const Actor& at, const Details& details,
                    std::string message) const;

  const Grid& grid_;
  const DecodedKernel& kernel_;
  const std::uint64_t identity_;  // by what the kernel is called and does
  CheckLog& log_;
};

std::string Hex(std::uint64_t value);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CHECK_REPORTER_H_
