// Generated from abi/matmul.mjs by `npm run abi`: not to be edited.
#pragma once

#include <cstdint>

enum class MatmulPrecision : std::uint8_t {
  // nothing: float32 products and sums
  kIeee,
  // inputs are rounded to 11 significant bits
  kTf32,
  // each input is the sum of two of those
  kFp32Fast,
};

enum MatmulActivation : int {
  kNoActivation,
  kRelu,
  // x Phi(x), with the error function
  kGelu,
  // its approximation with tanh
  kGeluTanh,
};
