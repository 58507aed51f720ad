#ifndef NODECUDA_SIMULATOR_EXEC_ARITHMETIC_TENSOR_MATH_H_
#define NODECUDA_SIMULATOR_EXEC_ARITHMETIC_TENSOR_MATH_H_

#include <cstdint>
#include <span>

#include "simulator/exec/arithmetic/alu.h"

// What the matrix units of GPUs compute, to the bit, as arXiv 2511.10909 found it: products are
// exact; all terms of a sum, the accumulator among them, are cut to a number of fraction bits
// relative to the largest exponent; the rest is added up exactly and rounded once. Shared by mma
// and wgmma; it knows nothing of fragments or registers.
namespace nodecuda::simulator {

enum class TensorType : std::uint8_t { kF16, kBF16, kTF32, kE4M3, kE5M2 };

enum class TensorUnit : std::uint8_t { kMma, kWgmma };

struct TensorModel {
  int fraction_bits = 0;     // kept of each term, relative to the largest exponent
  int products = 0;          // of one sum; longer ones are chained through the accumulator
  int result_bits = 23;      // fraction bits of a result, cut toward zero
  bool half_result = false;  // accumulators are f16 instead, rounded to the nearest, ties to even
};

// The model of a device, 90 for capability 9.0. `k`: the length of the instruction's sums.
TensorModel TensorModelOf(int capability, TensorUnit unit, TensorType a, TensorType b, int k,
                          bool half_result);

inline constexpr int kMaxTensorDepth = 64;   // k of one product
inline constexpr int kTensorColumnStep = 8;  // n is a multiple of it

// c += a * b, for a (m, k) and b (k, n), row-major, each number in the low bits of a word (a tf32
// in all of them), and c (m, n), whose numbers are f16 values if the model says half_result.
// A NaN comes out as 0x7fffffff. 0 < k <= kMaxTensorDepth.
void TensorMultiplyAccumulate(const TensorModel& model, TensorType a_type, TensorType b_type, int m,
                              int n, int k, std::span<const std::uint32_t> a,
                              std::span<const std::uint32_t> b, std::span<float> c, Isa isa);

// The bits of f16 accumulators, and their values.
float HalfToFloat(std::uint16_t bits);
std::uint16_t FloatToHalf(float value);  // to the nearest, ties to even; exact for the above

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_ARITHMETIC_TENSOR_MATH_H_
