#ifndef NODECUDA_TEST_NATIVE_OPS_MATMUL_TESTING_H_
#define NODECUDA_TEST_NATIVE_OPS_MATMUL_TESTING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "ops/kernels/kernel_names.h"
#include "runtime/runtime.h"
#include "test/native/ops/matmul/operands.h"

// Runs matmul kernels on the simulated device and compares what they write with a reference in
// long double.
namespace nodecuda::test {

// A kernel, and what its host side would know about it.
struct MatmulKernel {
  KernelId kernel;
  Element element;  // of a and b
  std::int64_t tile_m, tile_n;
  std::uint32_t threads;
  // Of the skinny kernels: how many vectors the small operand may have. tile_m is then how many of
  // the large operand's a block takes.
  int max_count = 0;
};

// Where a kernel runs: the simulated device of a compute capability (90 for 9.0), or here, as g++
// compiles it, in a differential test (RunOnHost in test/differential).
using MatmulLaunch = std::function<void(KernelId kernel, Dim3 grid, std::uint32_t threads,
                                        const MatmulArguments& arguments)>;

// What the kernel makes of c.
std::vector<std::byte> RunMatmul(int capability, const MatmulKernel& kernel,
                                 const MatmulCase& problem, const MatmulOperands& operands);
// The same by `launch`, in this process' memory.
std::vector<std::byte> RunMatmulHere(const MatmulLaunch& launch, const MatmulKernel& kernel,
                                     const MatmulCase& problem, const MatmulOperands& operands);

// Fails the test in progress if an element is further from the reference than rounding explains, or
// if anything outside c has changed. Gives the largest error in units of the bound.
double CheckMatmulKernel(int capability, const MatmulKernel& kernel, const MatmulCase& problem,
                         std::mt19937& random);

// Without a reference: what the kernel writes for these operands, all float32 and without gaps.
std::vector<float> RunFloat32(int capability, const MatmulKernel& kernel, MatmulArguments arguments,
                              const std::vector<float>& a, const std::vector<float>& b,
                              const std::vector<float>& c);

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_MATMUL_TESTING_H_
