// Generated from abi/elementwise.mjs by `npm run abi`: not to be edited.
#pragma once

#include <cstdint>

namespace nodecuda {

constexpr int kMaxDimensions = 8;

enum class ElementwiseFamily : std::uint8_t {
  kUnary,
  kBinary,
  kConvert,
};

enum BinaryOperation : int {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMaximum,
  kMinimum,
  // scalars[0] * x + y
  kAxpy,
  kPower,
  kBinaryOperations,
};
constexpr BinaryOperation kLastBinaryOfIntegers = kAxpy;

enum UnaryOperation : int {
  kNegate,
  kAbs,
  kSquare,
  kRelu,
  // to scalars[0] .. scalars[1]
  kClamp,
  // scalars[0] * x
  kScale,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kExp,
  kLog,
  kSin,
  kCos,
  kTanh,
  kSigmoid,
  kSilu,
  kGelu,
  kUnaryOperations,
};
constexpr UnaryOperation kLastUnaryOfIntegers = kScale;

}  // namespace nodecuda
