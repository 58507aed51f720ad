// matmul_simt: the PTX on the simulator and the source by g++ agree to the bit. (What is right is
// tested in test/native/ops/matmul/simt/kernels.cc.)
#include <doctest/doctest.h>

#include "simulator/capabilities.h"
#include "test/differential/host_kernels.h"
#include "test/native/ops/matmul/simt/testing.h"

namespace nodecuda::test {
namespace {

void LaunchOnHost(KernelId kernel, Dim3 grid, std::uint32_t threads,
                  const MatmulArguments& arguments) {
  MatmulArguments copy = arguments;
  void* pointers[] = {&copy};
  CHECK_MESSAGE(RunOnHost(kernel, grid, threads, pointers),
                "the threads of a block disagree about barriers");
}

void CheckSame(const MatmulKernel& kernel, const MatmulCase& p, Random& random) {
  INFO(kKernelNames[static_cast<std::size_t>(kernel.kernel)], ": m ", p.m, " n ", p.n, " k ", p.k,
       " ta ", p.transpose_a, " tb ", p.transpose_b, " splits ", p.splits);
  const MatmulOperands operands(kernel.element, p, random.bits());
  const std::vector<std::byte> here = RunMatmulHere(LaunchOnHost, kernel, p, operands);
  CHECK(here != operands.c.bytes);
  for (const int capability : {75, 80, 100}) {
    CAPTURE(capability);
    CHECK(RunMatmul(capability, kernel, p, operands) == here);
  }
}

// Without GELU: the exponential of a GPU is not the host's.
MatmulCase RandomSums(Random& random, Element element) {
  MatmulCase p = RandomCase(random, element);
  p.alpha = random.Of({1.0, -2.0});
  p.bias = random.Flip();
  p.bias_per_row = random.Flip();
  p.activation = random.Flip() ? kRelu : kNoActivation;
  return p;
}

TEST_CASE("differential: matmul_simt, tiles") {
  Random random;
  for (const MatmulKernel& kernel : kTiles) {
    for (int i = 0; i < 4; ++i) {
      MatmulCase p = RandomSums(random, kernel.element);
      p.transpose_a = i & 1;
      p.transpose_b = i & 2;
      p.m = random.Extent(kernel.tile_m) + 1;
      p.n = random.Extent(kernel.tile_n) + 1;
      p.k = 1 + random.UpTo(40);
      p.splits = i == 3 ? 2 : 1;
      CheckSame(kernel, p, random);
    }
  }
}

TEST_CASE("differential: matmul_simt, skinny kernels") {
  Random random;
  for (const MatmulKernel& kernel : kSkinny) {
    for (int i = 0; i < 3; ++i) {
      MatmulCase p = RandomSums(random, kernel.element);
      if (i == 0) p.pad_a = p.pad_b = p.offset_a = p.offset_b = 0;
      p.k = i == 0 ? 512 : 1 + random.UpTo(300);
      p.splits = i == 2 ? 3 : 1;
      MakeSkinny(kernel, kernel.max_count, kernel.max_count + kernel.tile_m, random.Flip(), &p);
      CheckSame(kernel, p, random);
    }
  }
}

}  // namespace
}  // namespace nodecuda::test
