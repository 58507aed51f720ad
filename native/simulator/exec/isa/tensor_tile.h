#ifndef NODECUDA_SIMULATOR_EXEC_ISA_TENSOR_TILE_H_
#define NODECUDA_SIMULATOR_EXEC_ISA_TENSOR_TILE_H_

#include <cstdint>

// Between tensor_math.cc and isa/tensor.cc, which is compiled once per instruction set: plain data.
namespace nodecuda::simulator {

// How a format keeps its numbers in the low bits of a word, after a shift to the right.
struct TensorFormat {
  int unused_bits;  // below the number
  int fraction_bits;
  int exponent_bits;
  int bias;
  bool has_infinity;  // else only all ones is a NaN (e4m3)
};

// The arguments of TensorMultiplyAccumulate.
struct TensorTile {
  TensorFormat a_format, b_format;
  int fraction_bits, products, result_bits;
  bool half_result;
  int m, n, k;
  const std::uint32_t* a;
  const std::uint32_t* b;
  float* c;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_ISA_TENSOR_TILE_H_
