// The mma.sync kernels of cuda/modules/matmul_mma*.cu on simulated devices of several
// architectures: every kernel in every layout, and each kind of epilogue, batch and split at least
// once for each format.
#include "test/native/ops/matmul/mma/testing.h"

namespace nodecuda::test {

KernelId FindKernel(const std::string& name) {
  for (std::size_t i = 0; i < kKernelCount; ++i) {
    if (kKernelNames[i] == name) return static_cast<KernelId>(i);
  }
  FAIL("no kernel " << name);
  return {};
}

namespace {

// A copy that arrives at once shows where it replaces what is still being read, one that arrives
// late where nobody waits for it.
SimulatedKernels& DeviceOf(int capability) {
  return SimulatedKernels::Of(capability, capability == 89);
}

constexpr MmaKernel Wide(const char* name) {
  return {name, 128, 256, 256, 98304};
}
constexpr MmaKernel Large(const char* name) {
  return {name, 128, 128, 128};
}
constexpr MmaKernel Small(const char* name) {
  return {name, 64, 64, 128};
}

template <typename F>
std::vector<MmaKernel> KernelsOf(int capability);
template <>
std::vector<MmaKernel> KernelsOf<Float16Format>(int capability) {
  std::vector<MmaKernel> kernels{Small("matmul_float16_64x64"), Large("matmul_float16_128x128")};
  if (capability >= 80) kernels.push_back(Wide("matmul_float16_128x256"));
  return kernels;
}
template <>
std::vector<MmaKernel> KernelsOf<Bfloat16Format>(int) {
  return {Small("matmul_bfloat16_64x64"), Large("matmul_bfloat16_128x128"),
          Wide("matmul_bfloat16_128x256")};
}
template <>
std::vector<MmaKernel> KernelsOf<Tf32Format>(int) {
  return {Small("matmul_tf32_64x64"), Large("matmul_tf32_128x128"), Wide("matmul_tf32_128x256")};
}
template <>
std::vector<MmaKernel> KernelsOf<Float32Format>(int) {
  return {Small("matmul_fp32fast_64x64"), {"matmul_fp32fast_128x128", 128, 128, 256}};
}
template <>
std::vector<MmaKernel> KernelsOf<Float64Format>(int) {
  return {Small("matmul_float64_mma_64x64"), {"matmul_float64_mma_128x128", 128, 128, 256, 98304}};
}
template <>
std::vector<MmaKernel> KernelsOf<Int8Format>(int) {
  return {Small("matmul_int8_64x64"), Large("matmul_int8_128x128")};
}

template <typename F>
MatmulEpilogue PlainEpilogue() {
  MatmulEpilogue epilogue{};
  epilogue.alpha = 1;
  epilogue.output = F::kOutput;
  return epilogue;
}

// Sums of such products have no rounding error.
template <typename F>
auto Integers() {
  constexpr int kLimit = std::is_same_v<F, Int8Format> ? 127 : 4;
  return std::uniform_int_distribution<int>(-kLimit, kLimit);
}

// Everything that `test` has computed must be the exact sum.
template <typename F>
void CheckExact(MmaTest<F>& test, const MmaCase& size) {
  std::int64_t wrong = 0;
  for (std::int64_t batch = 0; batch < size.batches; ++batch) {
    for (std::int64_t i = 0; i < size.m; ++i) {
      for (std::int64_t j = 0; j < size.n; ++j) {
        wrong += test.c.At(batch, i, j) != test.Reference(batch, i, j).value;
      }
    }
  }
  CHECK(wrong == 0);
  test.CheckSurroundings();
}

// ... and here within the bound of its format.
template <typename F>
void CheckClose(MmaTest<F>& test, const MmaCase& size) {
  double worst = 0;
  for (std::int64_t batch = 0; batch < size.batches; ++batch) {
    for (std::int64_t i = 0; i < size.m; ++i) {
      for (std::int64_t j = 0; j < size.n; ++j) {
        const auto expected = test.Reference(batch, i, j);
        const double error = std::fabs(test.c.At(batch, i, j) - expected.value);
        worst = std::max(worst, error / (ErrorBound<F>(size.k) * expected.absolute));
      }
    }
  }
  CHECK(worst <= 1);
  test.CheckSurroundings();
}

template <typename F>
void TestShapes(int capability) {
  SimulatedKernels& device = DeviceOf(capability);
  for (const MmaKernel& kernel : KernelsOf<F>(capability)) {
    const std::int64_t m = kernel.tile_m, n = kernel.tile_n;
    for (const std::string layout : kLayouts) {
      CAPTURE(capability);
      CAPTURE(std::string(kernel.name));
      CAPTURE(layout);
      // One whole tile; more tiles than one in each direction, none whole; parts of one. Of k more
      // stages than the ring has, as many, fewer, less than one.
      for (const MmaCase& size :
           {MmaCase{m, n, 64}, MmaCase{m + 9, n + 1, 87}, MmaCase{m - 7, 8, 200},
            MmaCase{2, n - 1, 33}, MmaCase{3, 5, 1}}) {
        CAPTURE(size.m);
        MmaTest<F> test(size, layout);
        test.Fill(Integers<F>());
        test.Launch(device, kernel, layout, PlainEpilogue<F>());
        CheckExact<F>(test, size);
      }
      if constexpr (!std::is_same_v<F, Int8Format>) {
        const MmaCase size{m - 1, n - 3, 141};
        MmaTest<F> test(size, layout);
        test.Fill(std::uniform_real_distribution<double>(-1, 1));
        test.Launch(device, kernel, layout, PlainEpilogue<F>());
        CheckClose<F>(test, size);
      }
    }
  }
}

// Batches that are more than the grid has, splits of k of which some are empty, no k at all.
template <typename F>
void TestLaunches(int capability) {
  SimulatedKernels& device = DeviceOf(capability);
  for (const MmaKernel& kernel : KernelsOf<F>(capability)) {
    const std::string layout = kernel.tile_m == 64 ? "nt" : "tn";
    CAPTURE(capability);
    CAPTURE(std::string(kernel.name));
    for (const bool same_b : {false, true}) {
      const MmaCase size{
          .m = 17, .n = 30, .k = 70, .batches = 3, .same_b = same_b, .grid_batches = 2};
      MmaTest<F> test(size, layout);
      test.Fill(Integers<F>());
      test.Launch(device, kernel, layout, PlainEpilogue<F>());
      CheckExact<F>(test, size);
    }

    const MmaCase split{.m = 35, .n = 21, .k = 170, .batches = 2, .splits = 14};
    MmaTest<F> test(split, layout);
    test.Fill(Integers<F>());
    test.Launch(device, kernel, layout, PlainEpilogue<F>());
    std::int64_t wrong = 0;
    for (std::int64_t batch = 0; batch < split.batches; ++batch) {
      for (std::int64_t i = 0; i < split.m; ++i) {
        for (std::int64_t j = 0; j < split.n; ++j) {
          double sum = 0;
          for (std::int64_t part = 0; part < split.splits; ++part) {
            sum += test.workspace[static_cast<std::size_t>(
                ((part * split.batches + batch) * split.m + i) * split.n + j)];
          }
          wrong += sum != test.Reference(batch, i, j).value;
        }
      }
    }
    CHECK(wrong == 0);
    test.CheckSurroundings();

    MatmulEpilogue epilogue = PlainEpilogue<F>();
    epilogue.beta = 2;
    const MmaCase nothing{.m = 5, .n = 7, .k = 0};
    MmaTest<F> empty(nothing, layout);
    empty.Launch(device, kernel, layout, epilogue);
    for (std::int64_t i = 0; i < nothing.m; ++i) {
      for (std::int64_t j = 0; j < nothing.n; ++j) CHECK(empty.c.At(0, i, j) == -154);
    }
    empty.CheckSurroundings();
  }
}

// alpha, beta, bias, scales, activation and another element type of c, all at once and exact.
template <typename F, typename T>
void TestEpilogue(int capability, int output) {
  SimulatedKernels& device = DeviceOf(capability);
  const MmaCase size{.m = 70, .n = 66, .k = 40};
  const auto vector = [](std::int64_t count, auto one) {
    std::vector<decltype(one)> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<decltype(one)>(i % 3);
    return values;
  };
  const std::vector<T> bias = vector(size.n, T{});
  const std::vector<float> scale = vector(size.m, float{});
  T* device_bias = device.Upload(bias);
  float* device_scale = device.Upload(scale);
  for (const MmaKernel& kernel : KernelsOf<F>(capability)) {
    for (const bool plain : {true, false}) {
      CAPTURE(std::string(kernel.name));
      CAPTURE(plain);
      MatmulEpilogue epilogue{};
      epilogue.output = output;
      epilogue.alpha = plain ? 1 : -2;
      if (!plain) {
        epilogue.beta = 3;
        epilogue.bias = device_bias;
        epilogue.row_scale = device_scale;
        epilogue.activation = kRelu;
      }
      MmaTest<F, T> test(size, "nn");
      test.Fill(std::uniform_int_distribution<int>(-2, 2));
      test.Launch(device, kernel, "nn", epilogue);
      std::int64_t wrong = 0;
      for (std::int64_t i = 0; i < size.m; ++i) {
        for (std::int64_t j = 0; j < size.n; ++j) {
          double expected = test.Reference(0, i, j).value;
          if (!plain) {
            expected = -2 * scale[static_cast<std::size_t>(i)] * expected +
                       static_cast<double>(bias[static_cast<std::size_t>(j)]) - 3 * 77;
            expected = std::max(expected, 0.0);
          }
          wrong += test.c.At(0, i, j) != static_cast<T>(expected);
        }
      }
      CHECK(wrong == 0);
      test.CheckSurroundings();
    }
  }
  device.Free(device_bias);
  device.Free(device_scale);
}

// Infinity and NaN go where IEEE arithmetic takes them, and nowhere else.
template <typename F>
void TestSpecialValues(int capability) {
  using Storage = typename F::Storage;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  SimulatedKernels& device = DeviceOf(capability);
  const MmaCase size{.m = 20, .n = 20, .k = 24};
  for (const MmaKernel& kernel : KernelsOf<F>(capability)) {
    for (const std::string layout : kLayouts) {
      CAPTURE(capability);
      CAPTURE(std::string(kernel.name));
      CAPTURE(layout);
      MmaTest<F> test(size, layout);
      test.Fill(std::uniform_real_distribution<double>(0.5, 1));
      test.A(0, 1, 3) = F::Encode(kInfinity);
      test.A(0, 2, 4) = F::Encode(-kInfinity);
      test.A(0, 7, 5) = F::Encode(std::numeric_limits<double>::quiet_NaN());
      test.A(0, 9, 3) = F::Encode(kInfinity);
      test.A(0, 9, 4) = F::Encode(-kInfinity);
      if constexpr (std::is_same_v<Storage, float>) {
        test.A(0, 8, 6) = std::bit_cast<float>(0x7f800001);  // a NaN by its lowest bit alone
        test.A(0, 11, 7) = test.A(0, 12, 8) = std::numeric_limits<float>::max();
        for (std::int64_t j = 0; j < size.n; ++j) test.B(0, 7, j) = 0.5f;
      }
      // Representable in tf32, with a remainder of the other sign, negative, zero, infinite.
      test.B(0, 3, 0) = F::Encode(0.75);
      test.B(0, 3, 1) = F::Encode(1 - 0x1p-13);
      test.B(0, 3, 2) = F::Encode(-1);
      test.B(0, 3, 3) = F::Encode(0);
      test.B(0, 3, 4) = F::Encode(kInfinity);
      test.B(0, 3, 5) = F::Encode(-kInfinity);
      test.Launch(device, kernel, layout, PlainEpilogue<F>());
      for (std::int64_t i = 0; i < size.m; ++i) {
        for (std::int64_t j = 0; j < size.n; ++j) {
          CAPTURE(i);
          CAPTURE(j);
          const auto expected = test.Reference(0, i, j);
          const double actual = test.c.At(0, i, j);
          if (std::isnan(expected.value)) {
            CHECK(std::isnan(actual));
          } else if (std::isinf(expected.value)) {
            CHECK(actual == expected.value);
          } else {
            CHECK(std::fabs(actual - expected.value) <= ErrorBound<F>(size.k) * expected.absolute);
          }
        }
      }
    }
  }
}

template <typename F>
void TestAll(int capability) {
  TestShapes<F>(capability);
  TestLaunches<F>(capability);
  if constexpr (!std::is_same_v<F, Int8Format>) TestSpecialValues<F>(capability);
}

}  // namespace

// 8.9 runs the code of 8.0, on another tensor core.
TEST_CASE("mma: float16") {
  for (const int capability : {75, 80, 89, 120}) TestAll<Float16Format>(capability);
}
TEST_CASE("mma: bfloat16") {
  for (const int capability : {80, 89, 120}) TestAll<Bfloat16Format>(capability);
}
TEST_CASE("mma: tf32") {
  for (const int capability : {80, 89, 120}) TestAll<Tf32Format>(capability);
}
TEST_CASE("mma: 3xTF32") {
  for (const int capability : {80, 89, 120}) TestAll<Float32Format>(capability);
}
TEST_CASE("mma: float64") {
  for (const int capability : {80, 89, 90, 120}) TestAll<Float64Format>(capability);
}
TEST_CASE("mma: int8") {
  for (const int capability : {75, 80, 89, 120}) TestAll<Int8Format>(capability);
}

TEST_CASE("mma: epilogues") {
  for (const int capability : {75, 89}) {
    CAPTURE(capability);
    TestEpilogue<Float16Format, float>(capability, kOutFloat32);
    TestEpilogue<Float16Format, _Float16>(capability, kOutFloat16);
    TestEpilogue<Int8Format, float>(capability, kOutFloat32);
  }
  TestEpilogue<Tf32Format, _Float16>(80, kOutFloat16);
  TestEpilogue<Float32Format, float>(80, kOutFloat32);
}

// 3xTF32 promises at most twice the error of float32 arithmetic.
TEST_CASE("mma: 3xTF32 is about as precise as float32") {
  SimulatedKernels& device = SimulatedKernels::Of(80);
  const MmaKernel kernel = KernelsOf<Float32Format>(80)[0];
  for (const std::int64_t k : {8, 64, 1000}) {
    for (const double low : {-1.0, 0.0}) {
      CAPTURE(k);
      CAPTURE(low);
      const MmaCase size{.m = 64, .n = 64, .k = k};
      MmaTest<Float32Format> test(size, "nt");
      test.Fill(std::uniform_real_distribution<double>(low, 1));
      test.Launch(device, kernel, "nt", PlainEpilogue<Float32Format>());
      double squares = 0, worst = 0, float32_squares = 0, float32_worst = 0;
      for (std::int64_t i = 0; i < size.m; ++i) {
        for (std::int64_t j = 0; j < size.n; ++j) {
          const double exact = test.Reference(0, i, j).value;
          float sum = 0;
          for (std::int64_t p = 0; p < k; ++p) {
            sum = std::fma(test.A(0, i, p), test.B(0, p, j), sum);
          }
          const double error = std::fabs(test.c.At(0, i, j) - exact);
          const double float32_error = std::fabs(sum - exact);
          squares += error * error;
          float32_squares += float32_error * float32_error;
          worst = std::max(worst, error);
          float32_worst = std::max(float32_worst, float32_error);
        }
      }
      MESSAGE("k " << k << ", from " << low << ": rms error "
                   << std::sqrt(squares / float32_squares) << " of float32's, largest "
                   << worst / float32_worst);
      CHECK(squares <= 4 * float32_squares);
      CHECK(worst <= 2 * float32_worst);
    }
  }
}

}  // namespace nodecuda::test
