#ifndef NODECUDA_TEST_NATIVE_OPS_ELEMENTWISE_TESTING_H_
#define NODECUDA_TEST_NATIVE_OPS_ELEMENTWISE_TESTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ops/elementwise/elementwise.h"

namespace nodecuda::test {

using Bytes = std::vector<std::byte>;

extern const std::string kDtypeNames[kDtypeCount];

constexpr bool IsFloatDtype(Dtype dtype) {
  return dtype <= Dtype::kBfloat16;
}
constexpr bool IsUnsignedDtype(Dtype dtype) {
  return !IsFloatDtype(dtype) && static_cast<int>(dtype) % 2 == 1;
}

// The bits of an element, zero-extended.
std::uint64_t LoadBits(Dtype dtype, const std::byte* from);
void StoreBits(Dtype dtype, std::byte* to, std::uint64_t bits);

// The value of a float's bits, which is always a double; and back, rounded once to nearest even.
double FloatOf(Dtype dtype, std::uint64_t bits);
std::uint64_t BitsOfFloat(Dtype dtype, long double value);
// The value of an integer's bits, and back by its low bits.
__int128 IntegerOf(Dtype dtype, std::uint64_t bits);
std::uint64_t BitsOfInteger(Dtype dtype, __int128 value);
bool IsNanBits(Dtype dtype, std::uint64_t bits);

// Bits worth trying: the edges of the dtype, then random ones until there are `count`.
std::vector<std::uint64_t> InterestingBits(Dtype dtype, std::size_t count, std::uint64_t seed);
Bytes ToBytes(Dtype dtype, const std::vector<std::uint64_t>& bits);

// What the operations are defined to give, computed another way: long double for float64 and
// double for the narrower floats, rounded once.
std::uint64_t ExpectedBinary(Dtype dtype, BinaryOperation operation, std::uint64_t x,
                             std::uint64_t y, std::uint64_t scalar);
std::uint64_t ExpectedUnary(Dtype dtype, UnaryOperation operation, std::uint64_t x,
                            const std::uint64_t (&scalars)[2]);
std::uint64_t ExpectedConversion(Dtype from, Dtype to, std::uint64_t bits);

// How far a result may be from the expected bits, in units in the last place of float32 or float64
// as computed in; a 16-bit float may be the next one then.
double UnitsAllowed(UnaryOperation operation, Dtype dtype, double x);
double UnitsAllowed(BinaryOperation operation, Dtype dtype);

// Whether `got` is `expected` or within so many units in the last place of the type that is
// computed in. NaNs are one.
bool Agrees(Dtype dtype, std::uint64_t got, std::uint64_t expected, double units);

// Runs the problem on the simulated device with copies of the three buffers (out, x, y) and gives
// back what `out` holds. Pointers in the problem are element offsets into the buffers.
struct ElementwiseRun {
  ElementwiseProblem problem;
  Bytes out, x, y;
  std::size_t out_offset = 0, x_offset = 0, y_offset = 0;  // elements
  bool has_x = true, has_y = true;
};
Bytes RunElementwise(const ElementwiseRun& run, int capability);

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_ELEMENTWISE_TESTING_H_
