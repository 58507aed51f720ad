#ifndef NODECUDA_TEST_NATIVE_OPS_MATMUL_OPERANDS_H_
#define NODECUDA_TEST_NATIVE_OPS_MATMUL_OPERANDS_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "cuda/matmul/arguments.h"

namespace nodecuda::test {

enum class Element { kFloat32, kFloat64, kFloat16, kBfloat16, kInt8, kInt32 };

std::size_t SizeOf(Element element);
bool IsInteger(Element element);
double Decode(Element element, const std::byte* from);
// The MatmulOutput of c's element type.
int OutputOf(Element element);
// The accumulator's type for products of this type.
Element AccumulatorOf(Element element);

struct MatmulCase {
  std::int64_t m = 1, n = 1, k = 1;
  bool transpose_a = false, transpose_b = false;
  double alpha = 1, beta = 0;
  // In elements: between rows, and from an aligned address to the matrix.
  std::int64_t pad_a = 0, pad_b = 0, pad_c = 0;
  std::int64_t offset_a = 0, offset_b = 0, offset_c = 0;
  std::int64_t batches = 1;
  bool share_a = false, share_b = false;  // batch stride 0
  std::uint32_t grid_z = 0;               // 0: one for each batch
  int splits = 1;
  bool bias = false, bias_per_row = false, row_scale = false, column_scale = false;
  int activation = kNoActivation;
  Element output = Element::kFloat32;
  bool late_copies = false;  // SimulatedOptions
};

// Matrices of a batch in memory. What is not an element has all bits set: NaN in every float type.
struct StoredMatrices {
  Element element;
  std::int64_t rows, columns, stride, batch_stride, offset;
  std::vector<std::byte> bytes;

  // `guard`: elements that follow the last matrix.
  StoredMatrices(Element element, std::int64_t rows, std::int64_t columns, std::int64_t pad,
                 std::int64_t offset, std::int64_t batches, bool shared, std::int64_t guard);
  std::byte* At(std::int64_t batch, std::int64_t row, std::int64_t column);
  double Value(std::int64_t batch, std::int64_t row, std::int64_t column) {
    return Decode(element, At(batch, row, column));
  }
  // Numbers between -1 and 1, or -127 and 127.
  void Fill(std::int64_t batches, std::mt19937& random);
};

// Everything a case needs in memory. a and b end where their last element does; c is followed by
// memory that must not change, and is NaN if beta is 0: then it must not be read.
struct MatmulOperands {
  MatmulOperands(Element element, const MatmulCase& problem, std::mt19937& random);
  StoredMatrices a, b, c, bias, row_scale, column_scale;
};

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_MATMUL_OPERANDS_H_
