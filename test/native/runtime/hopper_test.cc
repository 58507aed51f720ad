// What sm_90a needs of SimulatedRuntime: which image is taken, launch and kernel attributes, tensor
// maps; and matrix products that use all of it, end to end.
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;

namespace {

std::string ReadFixture(const std::string& name) {
  std::ifstream file(std::string(NODECUDA_TEST_FIXTURES) + "/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "no fixture " << name);
  return {std::istreambuf_iterator<char>(file), {}};
}

simulator::SimulatedOptions Hopper(int workers = 1) {
  simulator::SimulatedOptions options;
  options.memory_bytes = 64 * kMiB;
  options.major = 9;
  options.minor = 0;
  options.workers = workers;
  return options;
}

std::string Module(const char* target, const std::string& kernel, const std::string& rest = "") {
  return std::string(".version 9.0\n.target sm_") + target +
         "\n.address_size 64\n.visible .entry " + kernel + "()" + rest + "\n";
}

TEST_CASE("images: an `a` target is taken on its own capability only, and preferred there") {
  const std::string plain80 = Module("80", "plain80", "{ ret; }"),
                    plain90 = Module("90", "plain90", "{ ret; }"),
                    special90 = Module("90a", "special90", "{ ret; }");
  const std::vector<PtxImage> images = {
      {.target = 90, .text = special90, .architecture_specific = true},
      {.target = 80, .text = plain80},
      {.target = 90, .text = plain90}};
  struct Case {
    int major, minor;
    const char* kernel;
  };
  for (const Case& c : {Case{8, 9, "plain80"}, Case{9, 0, "special90"}, Case{10, 0, "plain90"},
                        Case{12, 0, "plain90"}}) {
    CAPTURE(c.major);
    Fixture fixture({.memory_bytes = kMiB, .major = c.major, .minor = c.minor});
    for (const bool reversed : {false, true}) {
      std::vector<PtxImage> order = images;
      if (reversed) std::swap(order.front(), order.back());
      Library library = nullptr;
      std::string log;
      MUST(fixture.runtime->LibraryLoadData(&library, {{}, order}, &log));
      fixture.Find(library, c.kernel);
    }
    Library library = nullptr;
    std::string log;
    const Status only_special =
        fixture.runtime->LibraryLoadData(&library, {{}, {images.data(), 1}}, &log);
    CHECK(only_special == (c.major == 9 ? Status::kSuccess : Status::kNoKernelImageForDevice));
  }
}

struct Loaded : Fixture {
  explicit Loaded(const std::string& ptx, bool special = true, int workers = 1)
      : Fixture(Hopper(workers)), text(ptx), stream(NewStream()) {
    const PtxImage image{.target = 90, .text = text, .architecture_specific = special};
    std::string log;
    const Status status = runtime->LibraryLoadData(&library, {{}, {&image, 1}}, &log);
    INFO(log);
    MUST(status);
  }
  const std::string text;
  Library library = nullptr;
  Stream stream = nullptr;
};

TEST_CASE("kernels: more dynamic shared memory has to be asked for, up to the device's limit") {
  Loaded device(Module("90", "k",
                       "{ .shared .align 4 .b8 x[1024]; .reg .b32 %r<2>;\n"
                       "mov.u32 %r1, x; ret; }"),
                false);
  Runtime& runtime = *device.runtime;
  const Kernel kernel = device.Find(device.library, "k");
  const auto launch = [&](std::size_t bytes) {
    LaunchConfig config;
    config.dynamic_shared_bytes = bytes;
    config.stream = device.stream;
    return runtime.LaunchKernelExC(config, kernel, nullptr);
  };
  constexpr auto kMost = KernelAttribute::kMaxDynamicSharedMemorySize;
  CHECK_STATUS(launch(47 << 10), kSuccess);
  CHECK_STATUS(launch((47 << 10) + 1), kInvalidValue);
  CHECK_STATUS(runtime.KernelSetAttributeForDevice(kernel, kMost, (226 << 10) + 1, 0),
               kInvalidValue);
  CHECK_STATUS(runtime.KernelSetAttributeForDevice(kernel, kMost, -1, 0), kInvalidValue);
  CHECK_STATUS(runtime.KernelSetAttributeForDevice(kernel, static_cast<KernelAttribute>(9), 1, 0),
               kInvalidValue);
  CHECK_STATUS(runtime.KernelSetAttributeForDevice(kernel, kMost, 1, 1), kInvalidDevice);
  CHECK_STATUS(runtime.KernelSetAttributeForDevice(nullptr, kMost, 1, 0), kInvalidResourceHandle);
  CHECK_STATUS(launch((47 << 10) + 1), kInvalidValue);
  MUST(runtime.KernelSetAttributeForDevice(kernel, kMost, 226 << 10, 0));
  CHECK_STATUS(launch(226 << 10), kSuccess);
  CHECK_STATUS(launch((226 << 10) + 1), kInvalidValue);
  MUST(runtime.StreamSynchronize(device.stream));
}

TEST_CASE("launches: clusters are checked against kernel, grid and device") {
  const std::string body = "{ barrier.cluster.arrive; barrier.cluster.wait; ret; }";
  Loaded device(Module("90", "any", body) + ".visible .entry pair() .explicitcluster " +
                    ".reqnctapercluster 2 " + body + "\n",
                false);
  const auto launch = [&](const char* name, std::uint32_t grid, std::uint32_t cluster) {
    LaunchConfig config;
    config.grid = {grid, 2, 1};
    config.block = {64, 1, 1};
    config.cluster = {static_cast<std::uint32_t>(cluster), 1, 1};
    config.programmatic_stream_serialization = true;
    config.stream = device.stream;
    return device.runtime->LaunchKernelExC(config, device.Find(device.library, name), nullptr);
  };
  for (const std::uint32_t cluster : {0u, 1u, 2u, 8u})
    CHECK_STATUS(launch("any", 8, cluster), kSuccess);
  CHECK_STATUS(launch("any", 16, 16), kInvalidClusterSize);
  CHECK_STATUS(launch("any", 7, 2), kInvalidConfiguration);
  CHECK_STATUS(launch("pair", 8, 0), kSuccess);
  CHECK_STATUS(launch("pair", 8, 2), kSuccess);
  CHECK_STATUS(launch("pair", 8, 4), kInvalidClusterSize);
  CHECK_STATUS(launch("pair", 7, 0), kInvalidConfiguration);
  MUST(device.runtime->StreamSynchronize(device.stream));

  Fixture ampere({.memory_bytes = kMiB, .major = 8, .minor = 0});
  LaunchConfig config;
  config.cluster = {2, 1, 1};
  config.grid = {2, 1, 1};
  config.stream = ampere.NewStream();
  const Library library =
      ampere.Load(".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry k() { ret; }\n");
  CHECK_STATUS(ampere.runtime->LaunchKernelExC(config, ampere.Find(library, "k"), nullptr),
               kNotSupported);
  TensorMap map;
  CHECK_STATUS(ampere.runtime->TensorMapEncodeTiled(&map, {}), kNotSupported);
}

// bfloat16 as its bits.
std::uint16_t Bits(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}
float Value(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

struct Gemm {
  int m, n, k;
  std::vector<std::uint16_t> a, b;  // (m, k), (n, k)

  template <typename Draw>
  Gemm(int rows, int columns, int depth, Draw draw) : m(rows), n(columns), k(depth) {
    for (int i = 0; i < m * k; ++i) a.push_back(Bits(draw()));
    for (int i = 0; i < n * k; ++i) b.push_back(Bits(draw()));
  }

  TensorMap Map(Loaded& device, const std::vector<std::uint16_t>& matrix, int rows,
                std::uint32_t box_rows) const {
    const std::size_t bytes = matrix.size() * sizeof matrix[0];
    std::byte* memory = device.NewMemory(bytes, device.stream);
    MUST(device.runtime->MemcpyAsync(memory, matrix.data(), bytes, MemcpyKind::kHostToDevice,
                                     device.stream));
    TensorMapTiled tiled;
    tiled.data_type = TensorMapDataType::kBfloat16;
    tiled.rank = 2;
    tiled.global_address = memory;
    tiled.global_dim[0] = static_cast<std::uint64_t>(k);
    tiled.global_dim[1] = static_cast<std::uint64_t>(rows);
    tiled.global_strides[0] = static_cast<std::uint64_t>(k) * 2;
    tiled.box_dim[0] = 64;
    tiled.box_dim[1] = box_rows;
    tiled.swizzle = TensorMapSwizzle::k128B;
    tiled.l2_promotion = TensorMapL2Promotion::k256B;
    TensorMap map;
    MUST(device.runtime->TensorMapEncodeTiled(&map, tiled));
    tiled.box_dim[0] = 65;
    CHECK_STATUS(device.runtime->TensorMapEncodeTiled(&map, tiled), kInvalidValue);
    return map;
  }

  std::vector<float> Run(Loaded& device, bool multicast) {
    TensorMap a_map = Map(device, a, m, 64), b_map = Map(device, b, n, multicast ? 32 : 64);
    const auto count = static_cast<std::size_t>(m * n);
    void* c = device.NewMemory(count * sizeof(float), device.stream);
    LaunchConfig config;
    config.grid = {static_cast<std::uint32_t>(m / 64), static_cast<std::uint32_t>(n / 64), 1};
    config.block = {256, 1, 1};
    config.stream = device.stream;
    void* arguments[] = {&a_map, &b_map, &c, &n, &k};
    MUST(device.runtime->LaunchKernelExC(
        config, device.Find(device.library, multicast ? "gemm_multicast" : "gemm"), arguments));
    std::vector<float> out(count);
    MUST(device.runtime->MemcpyAsync(out.data(), c, count * sizeof(float),
                                     MemcpyKind::kDeviceToHost, device.stream));
    const Status status = device.runtime->StreamSynchronize(device.stream);
    INFO(device.runtime->FaultReport(0));
    MUST(status);
    return out;
  }

  // The sum of element i of C, and that of its products' sizes, which bounds every rounding.
  double Sum(std::size_t i, double* sizes) const {
    const auto depth = static_cast<std::size_t>(k), columns = static_cast<std::size_t>(n);
    double sum = *sizes = 0;
    for (std::size_t j = 0; j < depth; ++j) {
      const double product =
          double{Value(a[i / columns * depth + j])} * Value(b[i % columns * depth + j]);
      sum += product;
      *sizes += std::abs(product);
    }
    return sum;
  }
};

TEST_CASE("launches: the blocks of a cooperative one have to be there at one time") {
  Loaded device(Module("90", "k", "{ ret; }"), false);
  const auto launch = [&](Dim3 grid, std::uint32_t threads, std::size_t shared) {
    LaunchConfig config;
    config.grid = grid;
    config.block = {threads, 1, 1};
    config.dynamic_shared_bytes = shared;
    config.cooperative = true;
    config.stream = device.stream;
    return device.runtime->LaunchKernelExC(config, device.Find(device.library, "k"), nullptr);
  };
  // Four multiprocessors with room for 2048 threads, 32 blocks and 228 KiB of shared memory.
  CHECK_STATUS(launch({8, 1, 1}, 1024, 0), kSuccess);
  CHECK_STATUS(launch({3, 3, 1}, 1024, 0), kCooperativeLaunchTooLarge);
  CHECK_STATUS(launch({128, 1, 1}, 1, 0), kSuccess);
  CHECK_STATUS(launch({129, 1, 1}, 1, 0), kCooperativeLaunchTooLarge);
  CHECK_STATUS(launch({16, 1, 1}, 1, 48 << 10), kSuccess);
  CHECK_STATUS(launch({17, 1, 1}, 1, 48 << 10), kCooperativeLaunchTooLarge);
  CHECK_STATUS(launch({1u << 31, 65535, 65535}, 1, 0), kInvalidConfiguration);
  MUST(device.runtime->StreamSynchronize(device.stream));
}

TEST_CASE("hopper: a matrix product by TMA, mbarriers and wgmma, alone and in clusters of two") {
  const std::string ptx = ReadFixture("hopper_gemm_sm90a.ptx");
  std::mt19937 random(1);
  for (const bool multicast : {false, true})
    for (const int depth : {64, 320}) {
      CAPTURE(multicast);
      CAPTURE(depth);
      Loaded device(ptx, true, multicast ? 2 : 1);
      const int rows = multicast ? 256 : 64, columns = depth == 64 ? 64 : 128;

      // Small integers: every sum is a number that every step of the accumulation holds exactly.
      std::uniform_int_distribution<int> integers(-8, 8);
      Gemm exact(rows, columns, depth, [&] { return static_cast<float>(integers(random)); });
      const std::vector<float> got = exact.Run(device, multicast);
      int wrong = 0;
      double sizes = 0;
      for (std::size_t i = 0; i < got.size(); ++i) wrong += got[i] != exact.Sum(i, &sizes);
      CHECK(wrong == 0);

      // Any numbers: a step of 16 cuts each of 17 terms below 2^-25 of the largest one, and the
      // result below 2^-23 of itself; no partial sum is larger than all products' sizes.
      std::uniform_real_distribution<float> reals(-1, 1);
      Gemm real(rows, columns, depth, [&] { return reals(random); });
      const std::vector<float> near = real.Run(device, multicast);
      const double per_step = 17 * std::ldexp(1, -25) + std::ldexp(1, -23);
      for (std::size_t i = 0; i < near.size(); ++i) {
        const double sum = real.Sum(i, &sizes);
        wrong += !(std::abs(near[i] - sum) <= depth / 16 * per_step * sizes);
      }
      CHECK(wrong == 0);
    }
}

// The same kernel, which gives its tiles back before its products have read them.
TEST_CASE("hopper: a missing wgmma.wait_group is found") {
  std::string ptx = ReadFixture("hopper_gemm_sm90a.ptx");
  const std::string wait = "wgmma.wait_group.sync.aligned 0;";
  for (std::size_t at = ptx.find(wait); at != std::string::npos; at = ptx.find(wait))
    ptx.replace(at, wait.size(), "");
  Loaded device(ptx);
  Gemm gemm(64, 64, 320, [] { return 1.0f; });
  TensorMap a_map = gemm.Map(device, gemm.a, 64, 64), b_map = gemm.Map(device, gemm.b, 64, 64);
  void* c = device.NewMemory(64 * 64 * 4, device.stream);
  void* arguments[] = {&a_map, &b_map, &c, &gemm.n, &gemm.k};
  LaunchConfig config;
  config.block = {256, 1, 1};
  config.stream = device.stream;
  MUST(device.runtime->LaunchKernelExC(config, device.Find(device.library, "gemm"), arguments));
  CHECK_STATUS(device.runtime->StreamSynchronize(device.stream), kLaunchFailure);
  CHECK(device.runtime->FaultReport(0).find("has not been waited for") != std::string::npos);
}

}  // namespace
