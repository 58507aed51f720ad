// The kernels of cuda/modules/matmul_simt.cu on the simulated device.
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "test/native/ops/kernels/builtin_module.h"
#include "test/native/ops/matmul/simt/testing.h"

namespace nodecuda::test {
namespace {

TEST_CASE("matmul_simt: tiles, random shapes, layouts, gaps and alignments") {
  Random random;
  double largest = 0;
  for (const int capability : {75, 80, 90}) {
    for (const MatmulKernel& kernel : kTiles) {
      for (int i = 0; i < 6; ++i) {
        MatmulCase p = RandomCase(random, kernel.element);
        p.transpose_a = i & 1;
        p.transpose_b = i & 2;
        p.m = random.Extent(kernel.tile_m);
        p.n = random.Extent(kernel.tile_n);
        p.k = random.Of<std::int64_t>({0, 1, 7, 8, 16, 24, 33, 90});
        largest = std::max(largest, CheckMatmulKernel(capability, kernel, p, random.bits()));
      }
    }
  }
  MESSAGE("largest error in units of the bound: ", largest);
}

TEST_CASE("matmul_simt: tiles, aligned operands in all four layouts on every capability") {
  Random random;
  for (const int capability : simulator::SupportedCapabilities()) {
    for (const MatmulKernel& kernel : kTiles) {
      if (kernel.tile_m * kernel.tile_n > 64 * 64 && capability != 120) continue;
      for (int layout = 0; layout < 4; ++layout) {
        MatmulCase p;
        p.transpose_a = layout & 1;
        p.transpose_b = layout & 2;
        p.m = kernel.tile_m + 16;
        p.n = kernel.tile_n;
        p.k = 48;
        p.late_copies = capability >= 90;
        p.output = DefaultOutput(kernel.element);
        CheckMatmulKernel(capability, kernel, p, random.bits());
      }
    }
  }
}

TEST_CASE("matmul_simt: more than one band of tile rows") {
  Random random;
  for (const MatmulKernel& kernel : kTiles) {
    if (kernel.tile_m != 64) continue;
    MatmulCase p = RandomCase(random, kernel.element);
    p.m = 64 * 10 + 3;  // two bands of eight rows of tiles, the second partly filled
    p.n = 64 * 2 + 1;
    p.k = 5;
    CheckMatmulKernel(80, kernel, p, random.bits());
  }
}

TEST_CASE("matmul_simt: batches, shared operands, and more of them than the grid has") {
  Random random;
  for (const MatmulKernel& kernel : kTiles) {
    for (const std::uint32_t grid_z : {3u, 2u}) {
      MatmulCase p = RandomCase(random, kernel.element);
      p.m = kernel.tile_m / 2 + 3;
      p.n = 21;
      p.k = 19;
      p.batches = 3;
      p.grid_z = grid_z;
      p.share_a = grid_z == 3;
      p.share_b = random.Flip();
      CheckMatmulKernel(90, kernel, p, random.bits());
    }
  }
}

TEST_CASE("matmul_simt: splits of k, also more than there are steps") {
  Random random;
  for (const MatmulKernel& kernel : kTiles) {
    for (const int splits : {2, 3, 7}) {
      MatmulCase p = RandomCase(random, kernel.element);
      p.m = 33 + random.UpTo(40);
      p.n = random.Of<std::int64_t>({17, 32, 68});
      p.k = random.Of<std::int64_t>({5, 40, 100});
      p.splits = splits;
      p.batches = splits == 3 ? 2 : 1;
      p.grid_z = 1;
      CheckMatmulKernel(splits == 2 ? 75 : 80, kernel, p, random.bits());
    }
  }
}

TEST_CASE("matmul_simt: skinny kernels, random shapes, layouts, gaps and alignments") {
  Random random;
  for (const MatmulKernel& kernel : kSkinny) {
    for (int i = 0; i < 12; ++i) {
      MatmulCase p = RandomCase(random, kernel.element);
      if (i < 4) p.pad_a = p.pad_b = p.offset_a = p.offset_b = 0;
      p.k = i < 4 ? 64 * (i + 1) : random.Of<std::int64_t>({0, 1, 9, 130, 300});
      p.splits = i % 3 == 2 ? 3 : 1;
      p.batches = i == 5 ? 2 : 1;
      p.grid_z = 1;
      const std::int64_t count = 1 + random.UpTo(kernel.max_count - 1);
      const std::int64_t extent =
          random.Of<std::int64_t>({kernel.tile_m, 2 * kernel.tile_m, kernel.tile_m + 5, count});
      MakeSkinny(kernel, count, std::max(count, extent), i % 4 < 2, &p);
      CheckMatmulKernel(i % 2 == 0 ? 75 : 90, kernel, p, random.bits());
    }
  }
}

TEST_CASE("matmul_simt: skinny kernels, k longer than a step of the block, and split") {
  Random random;
  for (const MatmulKernel& kernel : kSkinny) {
    if (kernel.max_count == 4) continue;
    MatmulCase p;
    p.output = DefaultOutput(kernel.element);
    p.k = 2200;  // more than 128 threads of two loads of eight elements
    p.splits = kernel.max_count == 1 ? 1 : 4;
    MakeSkinny(kernel, kernel.max_count, 18, kernel.max_count == 1, &p);
    CheckMatmulKernel(80, kernel, p, random.bits());
  }
}

TEST_CASE("matmul_simt: epilogues") {
  Random random;
  std::set<Element> outputs;
  const auto check = [&](const MatmulKernel& kernel, Element output) {
    for (const int activation : {kNoActivation, kRelu, kGelu, kGeluTanh}) {
      for (int i = 0; i < 2; ++i) {
        if (output == Element::kInt32 && activation > kRelu) continue;
        MatmulCase p = RandomCase(random, kernel.element);
        p.m = 37;
        p.n = 30 + 6 * i;
        p.k = 12;
        p.output = output;
        p.activation = activation;
        p.bias = activation != kNoActivation || i == 0;
        p.bias_per_row = random.Flip();
        p.row_scale = output != Element::kInt32 && random.Flip();
        p.column_scale = output != Element::kInt32 && random.Flip();
        p.alpha = output == Element::kInt32 ? 3 : 0.75;
        // Sums of bytes are large: back to where activations are curved.
        if (kernel.element == Element::kInt8 && output != Element::kInt32) p.alpha = 1e-4;
        p.splits = i == 1 && activation == kGelu ? 2 : 1;
        CheckMatmulKernel(i == 0 ? 75 : 80, kernel, p, random.bits());
      }
    }
    outputs.insert(output);
  };
  for (const MatmulKernel& kernel : kTiles) {
    if (kernel.tile_m * kernel.tile_n > 64 * 64) continue;
    if (kernel.element == Element::kFloat64) {
      check(kernel, Element::kFloat64);
      continue;
    }
    for (const Element output : {Element::kFloat32, Element::kFloat16, Element::kBfloat16}) {
      check(kernel, output);
    }
    if (kernel.element == Element::kInt8) check(kernel, Element::kInt32);
  }
  CHECK(outputs.size() == 5);
}

MatmulArguments Float32Arguments(std::int64_t m, std::int64_t n, std::int64_t k) {
  MatmulArguments arguments{};
  arguments.m = m;
  arguments.n = n;
  arguments.k = k;
  arguments.lda = k;
  arguments.ldb = n;
  arguments.ldc = n;
  arguments.batches = 1;
  arguments.splits = 1;
  arguments.epilogue.alpha = 1;
  arguments.epilogue.output = kOutFloat32;
  return arguments;
}

TEST_CASE("matmul_simt: NaN and infinity come through, and only to where they belong") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr std::int64_t kM = 66, kN = 68, kK = 37;
  for (const MatmulKernel& kernel : kTiles) {
    if (kernel.element != Element::kFloat32) continue;
    for (const int capability : {75, 80}) {
      CAPTURE(kKernelNames[static_cast<std::size_t>(kernel.kernel)]);
      CAPTURE(capability);
      std::vector<float> a(kM * kK, 1), b(kK * kN, 1), c(kM * kN, kNan);
      a[5 * kK + 36] = kNan;
      a[65 * kK + 0] = kInfinity;
      b[36 * kN + 67] = -kInfinity;
      MatmulArguments arguments = Float32Arguments(kM, kN, kK);
      const std::vector<float> got = RunFloat32(capability, kernel, arguments, a, b, c);
      for (std::int64_t i = 0; i < kM; ++i) {
        for (std::int64_t j = 0; j < kN; ++j) {
          const float value = got[i * kN + j];
          CAPTURE(i);
          CAPTURE(j);
          if (i == 5 || (i == 65 && j == 67)) {
            CHECK(std::isnan(value));
          } else if (i == 65) {
            CHECK(value == kInfinity);
          } else if (j == 67) {
            CHECK(value == -kInfinity);
          } else {
            CHECK(value == kK);
          }
        }
      }
      // ReLU and GELU leave a NaN a NaN; a NaN in c counts as soon as beta does.
      arguments.epilogue.activation = kRelu;
      CHECK(std::isnan(RunFloat32(capability, kernel, arguments, a, b, c)[5 * kN]));
      arguments.epilogue.activation = kGelu;
      CHECK(std::isnan(RunFloat32(capability, kernel, arguments, a, b, c)[5 * kN]));
      arguments.epilogue.activation = kNoActivation;
      arguments.epilogue.beta = 1;
      CHECK(std::isnan(RunFloat32(capability, kernel, arguments, a, b, c)[0]));
    }
  }
}

TEST_CASE("matmul_simt: the same numbers from every capability and every run") {
  constexpr std::int64_t kM = 70, kN = 75, kK = 61;
  std::mt19937 random(20261122);
  std::uniform_real_distribution<float> value(-1, 1);
  std::vector<float> a(kM * kK), b(kK * kN), c(kM * kN);
  for (auto* operand : {&a, &b, &c}) {
    for (float& element : *operand) element = value(random);
  }
  MatmulArguments arguments = Float32Arguments(kM, kN, kK);
  arguments.epilogue.beta = 0.5;
  for (const int splits : {1, 3}) {
    arguments.splits = splits;
    const std::vector<float> first = RunFloat32(75, kTiles[3], arguments, a, b, c);
    for (const MatmulKernel& kernel : {kTiles[0], kTiles[2], kTiles[3]}) {
      for (const int capability : {75, 80, 90}) {
        CAPTURE(capability);
        CAPTURE(kKernelNames[static_cast<std::size_t>(kernel.kernel)]);
        // Without splits each element is one chain over k, in order, whatever the tile.
        if (splits != 1 && kernel.kernel != kTiles[3].kernel) continue;
        CHECK(RunFloat32(capability, kernel, arguments, a, b, c) == first);
      }
    }
  }
}

TEST_CASE("matmul_simt: integers wrap around") {
  // 127 * 127 * 9 * 2^20 overflows 32 bits; so does the sum with beta times c.
  constexpr std::int64_t kM = 3, kN = 5, kK = 9;
  SimulatedKernels& device = SimulatedKernels::Of(80);
  std::int8_t* a = device.Upload(std::vector<std::int8_t>(kM * kK, 127));
  std::int8_t* b = device.Upload(std::vector<std::int8_t>(kK * kN, -128));
  std::int32_t* c = device.Upload(std::vector<std::int32_t>(kM * kN, 0x7ffffff1));
  MatmulArguments arguments = Float32Arguments(kM, kN, kK);
  arguments.a = a;
  arguments.b = b;
  arguments.c = c;
  arguments.epilogue.alpha = -(1 << 20);
  arguments.epilogue.beta = 3;
  arguments.epilogue.output = kOutInt32;
  device.Launch(KernelId::matmul_generic_int8, {1}, {128}, 0, arguments);
  const auto expected = static_cast<std::int32_t>(static_cast<std::uint32_t>(
      std::int64_t{127} * -128 * kK * -(1 << 20) + std::int64_t{3} * 0x7ffffff1));
  for (const std::int32_t value : device.Download(c, kM * kN)) CHECK(value == expected);
  for (void* pointer : {static_cast<void*>(a), static_cast<void*>(b), static_cast<void*>(c)}) {
    device.Free(pointer);
  }
}

}  // namespace
}  // namespace nodecuda::test
