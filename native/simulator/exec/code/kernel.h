#ifndef NODECUDA_SIMULATOR_EXEC_CODE_KERNEL_H_
#define NODECUDA_SIMULATOR_EXEC_CODE_KERNEL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/check_log.h"
#include "runtime/meter_log.h"
#include "runtime/runtime.h"
#include "simulator/exec/code/schedule.h"

// What the engine shows of a loaded module, and what goes into a launch and comes out of it.
namespace nodecuda::simulator {

// Of a simulated device that is no model: few, to keep grids that fill it small.
inline constexpr int kMultiprocessors = 4;

struct ParameterInfo {
  std::size_t offset = 0, bytes = 0, alignment = 1;
};

struct KernelInfo {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::size_t parameter_bytes = 0;
  std::size_t static_shared_bytes = 0;
  std::size_t local_bytes = 0;             // per thread
  std::uint32_t max_threads = 0;           // .maxntid, 0 if absent
  std::uint32_t max_registers = 0;         // .maxnreg, 0 if absent
  std::uint32_t required_threads[3] = {};  // .reqntid, 0 if absent
  std::uint32_t required_cluster[3] = {};  // .reqnctapercluster, 0 if absent
};

struct LoadFailure {
  Status status = Status::kSuccess;
  std::string log;  // for people; names line and mnemonic
};

struct GlobalVariable {
  std::uint64_t address = 0;
  std::size_t bytes = 0;
};

// A module on one device: its code, and the device memory that holds its global variables. Any
// thread may call.
class Program {
 public:
  virtual ~Program() = default;
  virtual bool HasKernel(std::string_view name) const = 0;
  // Null unless the kernel is decoded, as it is when it is first found.
  virtual const KernelInfo* FindDecoded(std::string_view name) const = 0;
  // Null, with *failure filled, if there is no such kernel, or if it was to be decoded now and
  // could not be. The pointer lives as long as the program. `watched`: decoded for a launch that
  // somebody watches, which is another form of the same.
  virtual const KernelInfo* FindKernel(std::string_view name, bool watched,
                                       LoadFailure* failure) const = 0;
  // The addresses of the module's .global and .const variables, by ptx::Module::variables.
  virtual std::span<const std::uint64_t> variables() const = 0;
  // One of them by name; address 0 if there is none.
  virtual GlobalVariable FindVariable(std::string_view name) const = 0;
};

class DebugSession;
struct Footprint;

struct Launch {
  std::shared_ptr<const Program> program;
  const KernelInfo* kernel = nullptr;
  Dim3 grid, block;
  Dim3 cluster;                   // blocks; the grid is a multiple of it
  bool explicit_cluster = false;  // it was asked for, by the launch or by the kernel
  // All blocks take turns, and may wait for each other: how many they are has been checked.
  bool cooperative = false;
  std::size_t dynamic_shared_bytes = 0;
  std::vector<std::byte> parameters;  // laid out as KernelInfo says
  // cp.async copies when a wait demands it, not when it is issued: results that differ show that a
  // wait is missing.
  bool late_copies = false;
  Schedule schedule;
  int multiprocessors = kMultiprocessors;   // of the device
  std::uint64_t resident_blocks = 1;        // that it holds at one time
  std::chrono::milliseconds time_limit{0};  // for all of it; 0: none
  std::shared_ptr<PrintfFifo> printf;       // where the kernel prints to; null: nowhere
  // Where what it does to device memory is told, if it is checked and ends well; null: nowhere.
  std::shared_ptr<Footprint> footprint;
  // Who watches it; then its kernel was decoded for that.
  std::shared_ptr<CheckLog> checks;  // what it is checked for; the device's memory keeps a record
  std::shared_ptr<MeterLog> meter;   // where what it does is counted, and its place there
  std::size_t metered = 0;
  std::shared_ptr<DebugSession> debug;  // the debugger that is open
  bool is_watched() const { return checks != nullptr || meter != nullptr || debug != nullptr; }
};

struct Outcome {
  Status status = Status::kSuccess;
  std::string report;  // on a fault: kernel, PTX line, block, thread, address; for people
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_CODE_KERNEL_H_
