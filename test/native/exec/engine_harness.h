#ifndef NODECUDA_TEST_NATIVE_EXEC_ENGINE_HARNESS_H_
#define NODECUDA_TEST_NATIVE_EXEC_ENGINE_HARNESS_H_

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "runtime/printf_fifo.h"
#include "simulator/engine.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/memory/device_memory.h"

// What the tests of the engine share: a device's memory and one-line loading and launching of
// hand-written PTX.
namespace nodecuda::simulator {

// Loads a module and decodes all its kernels.
inline std::shared_ptr<const Program> LoadWhole(const std::string& text, int capability, Isa isa,
                                                DeviceMemory& memory, LoadFailure* failure) {
  auto program = LoadProgram(text, capability, isa, memory, failure);
  if (program == nullptr) return nullptr;
  const std::string mark = ".entry ";
  for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
    at += mark.size();
    const std::string name = text.substr(at, text.find_first_of("( \n{", at) - at);
    if (program->HasKernel(name) && program->FindKernel(name, false, failure) == nullptr)
      return nullptr;
  }
  return program;
}

inline const KernelInfo* FindKernel(const Program& program, const std::string& name) {
  LoadFailure failure;
  return program.FindKernel(name, false, &failure);
}

struct EngineHarness {
  DeviceMemory memory{std::size_t{64} << 20};
  std::atomic<bool> stop{false};
  std::shared_ptr<const Program> program;
  bool cooperative = false;  // the launches
  std::shared_ptr<PrintfFifo> printf = std::make_shared<PrintfFifo>();

  // A module with one kernel `k`: three u64 parameters a, b, c, and a fair number of registers.
  static std::string Kernel(const std::string& body, const std::string& module_variables = "") {
    return ".version 7.0\n.target sm_75\n.address_size 64\n" + module_variables +
           "\n.visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c)\n{\n"
           ".reg .pred %p<10>;\n.reg .b16 %h<10>;\n.reg .b32 %r<30>;\n.reg .f32 %f<10>;\n"
           ".reg .b64 %d<20>;\n.reg .f64 %g<5>;\n" +
           body + "\n}\n";
  }

  void Load(const std::string& text) {
    LoadFailure failure;
    program = LoadWhole(text, 90, DetectIsa(), memory, &failure);
    INFO(failure.log);
    REQUIRE(program != nullptr);
  }

  LoadFailure LoadFails(const std::string& text, int capability = 90) {
    LoadFailure failure;
    CHECK(LoadWhole(text, capability, DetectIsa(), memory, &failure) == nullptr);
    return failure;
  }

  Outcome Run(Dim3 grid, Dim3 block, std::vector<std::uint64_t> arguments, int workers = 1,
              std::size_t dynamic_shared_bytes = 0) {
    Launch launch;
    launch.program = program;
    launch.kernel = FindKernel(*program, "k");
    REQUIRE(launch.kernel != nullptr);
    launch.grid = grid;
    launch.block = block;
    launch.dynamic_shared_bytes = dynamic_shared_bytes;
    launch.cooperative = cooperative;
    launch.printf = printf;
    arguments.resize(3);
    launch.parameters.resize(launch.kernel->parameter_bytes);
    std::memcpy(launch.parameters.data(), arguments.data(), launch.parameters.size());
    return MakeEngine(workers)->Run(launch, memory, stop);
  }

  void RunOk(Dim3 grid, Dim3 block, std::vector<std::uint64_t> arguments, int workers = 1,
             std::size_t dynamic_shared_bytes = 0) {
    const Outcome outcome = Run(grid, block, std::move(arguments), workers, dynamic_shared_bytes);
    INFO(outcome.report);
    REQUIRE(outcome.status == Status::kSuccess);
  }

  // Device memory that holds `values`.
  template <typename T>
  std::uint64_t Put(const std::vector<T>& values) {
    void* pointer = nullptr;
    REQUIRE(memory.Allocate(values.size() * sizeof(T), &pointer) == Status::kSuccess);
    std::memcpy(pointer, values.data(), values.size() * sizeof(T));
    return reinterpret_cast<std::uintptr_t>(pointer);
  }

  template <typename T>
  static std::vector<T> Get(std::uint64_t address, std::size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(), reinterpret_cast<const void*>(address), count * sizeof(T));
    return values;
  }

  std::uint64_t Zeros(std::size_t words) { return Put(std::vector<std::uint32_t>(words, 0)); }
};

using Words = std::vector<std::uint32_t>;

// The first lines of most kernels here: %r0 = the thread's number in the grid (one-dimensional),
// %d0 = parameter a, %d1 = the address of this thread's word in it.
inline const std::string kPrologue =
    "mov.u32 %r27, %ctaid.x;\nmov.u32 %r28, %ntid.x;\nmov.u32 %r29, %tid.x;\n"
    "mad.lo.s32 %r0, %r27, %r28, %r29;\n"
    "ld.param.u64 %d0, [a];\nmul.wide.u32 %d1, %r0, 4;\nadd.s64 %d1, %d0, %d1;\n";
// Stores %r1 there.
inline const std::string kEpilogue = "st.global.u32 [%d1], %r1;\nret;\n";

}  // namespace nodecuda::simulator

#endif  // NODECUDA_TEST_NATIVE_EXEC_ENGINE_HARNESS_H_
