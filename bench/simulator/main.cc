// nodecuda_simulator_bench <corpus.ptx>: how long kernels take in the simulator, on one thread,
// beside plain C++ for the same, in turns; and what single instructions cost a warp. Prints a
// table, and fails where a result is wrong.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "bench/simulator/host.h"
#include "bench/simulator/instructions.h"
#include "simulator/engine.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/decode/module/load_program.h"
#include "simulator/memory/device_memory.h"

namespace {

using namespace nodecuda;
using namespace nodecuda::simulator;

enum class Kind { kFloat, kInteger };

struct Buffer {
  std::size_t elements = 0;
  std::function<std::uint32_t(std::size_t)> fill;  // bits of an element
  bool is_result = false;
};

struct Entry {
  const char* name;
  Dim3 grid, block;
  std::vector<Buffer> buffers;  // the kernel's pointers
  unsigned n;                   // behind them, if the kernel takes it
  Kind kind;
  void (*host)(void* const*, unsigned);
};

std::mt19937 random_bits(1);

std::uint32_t RandomFloat(std::size_t) {
  const float value = std::uniform_real_distribution<float>(0.5f, 2.0f)(random_bits);
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
std::uint32_t RandomWord(std::size_t) {
  return static_cast<std::uint32_t>(random_bits());
}
std::uint32_t Zero(std::size_t) {
  return 0;
}
Buffer In(std::size_t elements, std::uint32_t (*fill)(std::size_t)) {
  return {elements, fill, false};
}
Buffer Out(std::size_t elements, std::uint32_t (*fill)(std::size_t) = Zero) {
  return {elements, fill, true};
}

// Rows of 0 to 30 entries, the same in every run.
std::uint32_t FirstOfRow(std::size_t row) {
  return static_cast<std::uint32_t>(row / 16 * 240 + row % 16 * (row % 16 - 1));
}

std::vector<Entry> Corpus() {
  constexpr unsigned kMany = 1u << 20, kSide = 1024, kSquare = kSide * kSide;
  constexpr unsigned kRows = 1u << 16, kBodies = 2048;
  const auto column = [](std::size_t i) {
    return static_cast<std::uint32_t>(i * 2654435761u % kRows);
  };
  return {
      {"saxpy",
       {4096, 1, 1},
       {256, 1, 1},
       {In(kMany, RandomFloat), Out(kMany, RandomFloat)},
       kMany,
       Kind::kFloat,
       HostSaxpy},
      {"mandelbrot",
       {1024, 1, 1},
       {256, 1, 1},
       {Out(512 * 512)},
       512,
       Kind::kInteger,
       HostMandelbrot},
      {"nbody",
       {16, 1, 1},
       {128, 1, 1},
       {In(4 * kBodies, RandomFloat), Out(4 * kBodies)},
       kBodies,
       Kind::kFloat,
       HostNbody},
      {"matmul16",
       {16, 16, 1},
       {16, 16, 1},
       {In(65536, RandomFloat), In(65536, RandomFloat), Out(65536)},
       256,
       Kind::kFloat,
       HostMatmul},
      {"matmul64",
       {4, 4, 1},
       {16, 16, 1},
       {In(65536, RandomFloat), In(65536, RandomFloat), Out(65536)},
       256,
       Kind::kFloat,
       HostMatmul},
      {"histogram",
       {64, 1, 1},
       {256, 1, 1},
       {In(kMany, RandomWord), Out(256)},
       kMany,
       Kind::kInteger,
       HostHistogram},
      {"reduce",
       {64, 1, 1},
       {256, 1, 1},
       {In(kMany, RandomWord), Out(1)},
       kMany,
       Kind::kInteger,
       HostReduce},
      {"scan",
       {1024, 1, 1},
       {256, 1, 1},
       {In(kMany, RandomWord), Out(kMany)},
       kMany,
       Kind::kInteger,
       HostScan},
      {"transpose",
       {32, 32, 1},
       {32, 8, 1},
       {In(kSquare, RandomFloat), Out(kSquare)},
       kSide,
       Kind::kFloat,
       HostTranspose},
      {"stencil",
       {32, 128, 1},
       {32, 8, 1},
       {In(kSquare, RandomFloat), Out(kSquare)},
       kSide,
       Kind::kFloat,
       HostStencil},
      {"bitonic",
       {256, 1, 1},
       {256, 1, 1},
       {Out(1u << 17, RandomWord)},
       1u << 17,
       Kind::kInteger,
       HostSort},
      {"blackscholes",
       {1024, 1, 1},
       {256, 1, 1},
       {In(1u << 18, RandomFloat), In(1u << 18, RandomFloat), Out(1u << 18)},
       1u << 18,
       Kind::kFloat,
       HostBlackScholes},
      {"spmv",
       {256, 1, 1},
       {256, 1, 1},
       {In(kRows + 1, FirstOfRow),
        {kRows * 15, column, false},
        In(kRows * 15, RandomFloat),
        In(kRows, RandomFloat),
        Out(kRows)},
       kRows,
       Kind::kFloat,
       HostSpmv},
      {"collatz", {256, 1, 1}, {256, 1, 1}, {Out(1u << 16)}, 1u << 16, Kind::kInteger, HostCollatz},
      {"hash",
       {1024, 1, 1},
       {256, 1, 1},
       {In(1u << 19, RandomWord), Out(1u << 19)},
       1u << 18,
       Kind::kInteger,
       HostHash},
      {"convolve",
       {1024, 1, 1},
       {256, 1, 1},
       {In((1u << 18) + 32, RandomFloat), In(33, RandomFloat), Out(1u << 18)},
       1u << 18,
       Kind::kFloat,
       HostConvolve},
  };
}

// The processor's time of this thread, which runs all there is: whatever else the machine does.
double Now() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double Seconds(const std::function<void()>& work) {
  const double start = Now();
  work();
  return Now() - start;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

bool Same(const Buffer& buffer, Kind kind, const void* one, const void* other) {
  if (kind == Kind::kInteger) return std::memcmp(one, other, buffer.elements * 4) == 0;
  for (std::size_t i = 0; i < buffer.elements; ++i) {
    const float a = static_cast<const float*>(one)[i], b = static_cast<const float*>(other)[i];
    if (!(std::abs(a - b) <= 1e-3f * std::max(1.0f, std::abs(b)))) return false;
  }
  return true;
}

class Simulator {
 public:
  explicit Simulator(const std::string& ptx) {
    LoadFailure failure;
    program_ = LoadProgram(ptx, 80, DetectIsa(), memory_, &failure);
    if (program_ == nullptr) throw std::runtime_error(failure.log);
  }
  void* Allocate(std::size_t bytes) {
    void* pointer = nullptr;
    if (memory_.Allocate(bytes, &pointer) != Status::kSuccess) throw std::bad_alloc();
    return pointer;
  }
  void Release(void* pointer) { memory_.Release(pointer); }
  void Run(const char* kernel, Dim3 grid, Dim3 block, const std::vector<void*>& pointers,
           unsigned n) {
    LoadFailure failure;
    Launch launch;
    launch.program = program_;
    launch.kernel = program_->FindKernel(kernel, false, &failure);
    if (launch.kernel == nullptr) throw std::runtime_error(failure.log);
    launch.grid = grid;
    launch.block = block;
    launch.cluster = {1, 1, 1};
    launch.parameters.resize(launch.kernel->parameter_bytes);
    for (std::size_t i = 0; i < launch.kernel->parameters.size(); ++i) {
      std::byte* to = launch.parameters.data() + launch.kernel->parameters[i].offset;
      i < pointers.size() ? std::memcpy(to, &pointers[i], 8) : std::memcpy(to, &n, 4);
    }
    const Outcome outcome = engine_->Run(launch, memory_, stop_);
    if (outcome.status != Status::kSuccess) throw std::runtime_error(outcome.report);
  }

 private:
  DeviceMemory memory_{std::size_t{256} << 20};
  std::unique_ptr<Engine> engine_ = MakeEngine(1);
  std::atomic<bool> stop_{false};
  std::shared_ptr<const Program> program_;
};

// False: a wrong result.
bool Measure(Simulator& simulator, const Entry& entry, std::vector<double>* ratios) {
  constexpr int kSamples = 7;
  std::vector<void*> device;
  std::vector<std::vector<std::uint32_t>> host, begin;
  std::vector<void*> pointers;
  for (const Buffer& buffer : entry.buffers) {
    begin.emplace_back(buffer.elements);
    for (std::size_t i = 0; i < buffer.elements; ++i) begin.back()[i] = buffer.fill(i);
    host.push_back(begin.back());
    device.push_back(simulator.Allocate(buffer.elements * 4));
  }
  for (auto& values : host) pointers.push_back(values.data());
  const auto reset = [&] {
    for (std::size_t i = 0; i < device.size(); ++i) {
      std::memcpy(device[i], begin[i].data(), begin[i].size() * 4);
      std::memcpy(pointers[i], begin[i].data(), begin[i].size() * 4);
    }
  };
  std::vector<double> simulated, compiled;
  bool right = true;
  for (int sample = 0; sample < kSamples; ++sample) {
    reset();
    simulated.push_back(
        Seconds([&] { simulator.Run(entry.name, entry.grid, entry.block, device, entry.n); }));
    compiled.push_back(Seconds([&] { entry.host(pointers.data(), entry.n); }));
    for (std::size_t i = 0; i < device.size(); ++i)
      right &=
          !entry.buffers[i].is_result || Same(entry.buffers[i], entry.kind, device[i], pointers[i]);
  }
  for (void* pointer : device) simulator.Release(pointer);
  ratios->push_back(Median(simulated) / Median(compiled));
  std::printf("%-14s %10.2f %10.2f %8.1f%s\n", entry.name, Median(simulated) * 1e3,
              Median(compiled) * 1e3, ratios->back(), right ? "" : "   WRONG");
  return right;
}

// What one of `instruction` costs a warp, from the slope between few and many turns of a loop.
double NsPerInstruction(const bench::InstructionCase& instruction) {
  constexpr unsigned kFew = 200, kMany = 2200;
  Simulator simulator(bench::LoopOf(instruction));
  const std::vector<void*> pointers = {simulator.Allocate(1u << 20)};
  const auto time = [&](unsigned turns) {
    std::vector<double> times;
    for (int i = 0; i < 7; ++i)
      times.push_back(Seconds([&] { simulator.Run("k", {1, 1, 1}, {32, 1, 1}, pointers, turns); }));
    return Median(times);
  };
  return (time(kMany) - time(kFew)) * 1e9 / ((kMany - kFew) * bench::kUnrolled);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return std::fprintf(stderr, "usage: %s corpus.ptx [only]\n", arguments[0]), 2;
  const std::string only = count > 2 ? arguments[2] : "";
  std::stringstream text;
  text << std::ifstream(arguments[1]).rdbuf();
  Simulator simulator(text.str());
  std::printf("%s, one thread\n\n%-14s %10s %10s %8s\n", IsaName(DetectIsa()), "kernel",
              "simulator", "C++", "ratio");
  std::vector<double> ratios;
  bool right = true;
  for (const Entry& entry : Corpus())
    if (std::string(entry.name).find(only) != std::string::npos)
      right &= Measure(simulator, entry, &ratios);
  if (!ratios.empty()) std::printf("median %41.1f\n", Median(ratios));
  std::printf("\nms; below: ns for an instruction of a whole warp\n\n");
  for (const bench::InstructionCase& instruction : bench::Instructions())
    if (std::string(instruction.name).find(only) != std::string::npos)
      std::printf("%-34s %8.1f\n", instruction.name, NsPerInstruction(instruction));
  return right ? 0 : 1;
}
