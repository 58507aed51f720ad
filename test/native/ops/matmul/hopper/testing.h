#ifndef NODECUDA_TEST_NATIVE_OPS_MATMUL_HOPPER_TESTING_H_
#define NODECUDA_TEST_NATIVE_OPS_MATMUL_HOPPER_TESTING_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "ops/matmul/hopper.h"
#include "test/native/ops/kernels/builtin_module.h"

namespace nodecuda::test {

// One product on the simulated device of compute capability 9.0, with any of the kernels.
struct HopperCase {
  Dtype dtype = Dtype::kBfloat16;
  MatmulPrecision precision = MatmulPrecision::kIeee;
  std::int64_t tile_n = 256;
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 1, n = 1, k = 1;
  std::uint32_t cluster = 1;
  int multiprocessors = 2;  // few, so that blocks go through several tiles
  std::int64_t batches = 1;
  bool share_a = false, share_b = false;
  int splits = 1;        // leaves raw sums in the workspace, unless `planned`
  bool planned = false;  // through PlanVariant and EnqueueMatmul
  MatmulOutput output = kOutFloat32;
  double alpha = 1, beta = 0;
  MatmulActivation activation = kNoActivation;
  bool bias = false, bias_per_row = false, scales = false;
  std::int64_t padding = 0;  // elements between the rows of a and b, more than alignment asks for
  int misalign = 0;          // elements by which a and b are moved from where they may be fetched
};

// Elements as doubles. Indexed [batch][row][column], the operands as they are multiplied: a (m, k),
// b (k, n).
struct HopperResult {
  std::vector<double> a, b, old_c, bias, row_scale, column_scale;
  // Of c, or of the workspace [split][batch][m][n] if k is split.
  std::vector<double> c;
};

// How elements are chosen: by a seed that differs for each.
using HopperFill = std::function<double(std::uint32_t)>;
double SmallInteger(std::uint32_t seed);  // -3 to 3: sums in float32 are exact
double Uniform(std::uint32_t seed);       // -1 to 1, with the bits of a float32

// Computes it. What surrounds the operands in memory is NaN (or a large integer), and what
// surrounds c is checked to be as it was. `change` may replace elements of a and b before they are
// uploaded.
HopperResult RunHopper(const HopperCase& test, const HopperFill& fill = SmallInteger,
                       const std::function<void(HopperResult&)>& change = {});

// c as it should be, in double: the epilogue's value before it is converted to c's type.
std::vector<double> ExpectedHopper(const HopperCase& test, const HopperResult& result);

// As c's type holds it: rounded to nearest even.
double RoundTo(MatmulOutput output, double value);

// Runs a case on small integers, for which c must be exact.
void CheckExact(const HopperCase& test);

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_MATMUL_HOPPER_TESTING_H_
