// What the elementwise operations are defined to give.
#include <cmath>
#include <limits>

#include "test/native/ops/elementwise/testing.h"

namespace nodecuda::test {
namespace {

constexpr long double kSqrtHalf = 0.707106781186547524400844362104849039L;

long double Sigmoid(long double x) {
  return 1 / (1 + std::exp(-x));
}

long double Limited(long double x, long double factor) {
  return factor == 0 ? -0.0L : x * factor;
}

long double ComputeUnary(UnaryOperation operation, long double x, double first, double second) {
  switch (operation) {
    case kNegate:
      return -x;
    case kAbs:
      return std::fabs(x);
    case kSquare:
      return x * x;
    case kRelu:
      return x <= 0 ? 0 : x;
    case kClamp:
      return x < first ? first : x > second ? second : x;
    case kScale:
      return x * first;
    case kSqrt:
      return std::sqrt(x);
    case kRsqrt:
      return 1 / std::sqrt(x);
    case kReciprocal:
      return 1 / x;
    case kExp:
      return std::exp(x);
    case kLog:
      return std::log(x);
    case kSin:
      return std::sin(x);
    case kCos:
      return std::cos(x);
    case kTanh:
      return std::tanh(x);
    case kSigmoid:
      return Sigmoid(x);
    case kSilu:
      return Limited(x, Sigmoid(x));
    case kGelu:
      return Limited(x, std::erfc(-x * kSqrtHalf) / 2);
    default:
      return std::numeric_limits<long double>::quiet_NaN();
  }
}

__int128 ComputeUnary(UnaryOperation operation, __int128 x, __int128 first, __int128 second) {
  switch (operation) {
    case kNegate:
      return -x;
    case kAbs:
      return x < 0 ? -x : x;
    case kSquare:
      return static_cast<__int128>(static_cast<unsigned __int128>(x) *
                                   static_cast<unsigned __int128>(x));
    case kRelu:
      return x < 0 ? 0 : x;
    case kClamp:
      return x < first ? first : x > second ? second : x;
    default:
      return static_cast<__int128>(static_cast<unsigned __int128>(x) *
                                   static_cast<unsigned __int128>(first));
  }
}

// A scalar is in the type that is computed in.
double ScalarOf(Dtype dtype, std::uint64_t bits) {
  return FloatOf(dtype == Dtype::kFloat64 ? dtype : Dtype::kFloat32, bits);
}

// Rounded as the kernels round: to float32 first for the 16-bit floats.
std::uint64_t Round(Dtype dtype, long double value) {
  if (ByteSize(dtype) == 2) {
    value = FloatOf(Dtype::kFloat32, BitsOfFloat(Dtype::kFloat32, value));
  }
  return BitsOfFloat(dtype, value);
}

long double Greater(double x, double y) {
  return x > y || std::isnan(x) ? x : y;
}

}  // namespace

std::uint64_t ExpectedBinary(Dtype dtype, BinaryOperation operation, std::uint64_t x_bits,
                             std::uint64_t y_bits, std::uint64_t scalar) {
  if (!IsFloatDtype(dtype)) {
    const __int128 x = IntegerOf(dtype, x_bits), y = IntegerOf(dtype, y_bits);
    const auto product = [](__int128 a, __int128 b) {
      return static_cast<__int128>(static_cast<unsigned __int128>(a) *
                                   static_cast<unsigned __int128>(b));
    };
    switch (operation) {
      case kAdd:
        return BitsOfInteger(dtype, x + y);
      case kSubtract:
        return BitsOfInteger(dtype, x - y);
      case kMultiply:
        return BitsOfInteger(dtype, product(x, y));
      case kDivide:
        return BitsOfInteger(dtype, y == 0 ? 0 : x / y);
      case kMaximum:
        return BitsOfInteger(dtype, x > y ? x : y);
      case kMinimum:
        return BitsOfInteger(dtype, x < y ? x : y);
      default:
        return BitsOfInteger(dtype, product(IntegerOf(dtype, scalar), x) + y);
    }
  }
  // Sums, products and quotients of two floats are correctly rounded in the next wider type, and so
  // are those of float64 in long double but for a double rounding: there the double operation is
  // it.
  const double x = FloatOf(dtype, x_bits), y = FloatOf(dtype, y_bits);
  const bool is_double = dtype == Dtype::kFloat64;
  const long double a = x, b = y;
  switch (operation) {
    case kAdd:
      return Round(dtype, is_double ? x + y : a + b);
    case kSubtract:
      return Round(dtype, is_double ? x - y : a - b);
    case kMultiply:
      return Round(dtype, is_double ? x * y : a * b);
    case kDivide:
      return Round(dtype, is_double ? x / y : a / b);
    case kMaximum:
      return Round(dtype, Greater(x, y));
    case kMinimum:
      return Round(dtype, -Greater(-x, -y));
    case kAxpy:
      return Round(dtype, is_double ? std::fma(ScalarOf(dtype, scalar), x, y)
                                    : std::fma(static_cast<float>(ScalarOf(dtype, scalar)),
                                               static_cast<float>(x), static_cast<float>(y)));
    default:
      return Round(dtype, std::pow(a, b));
  }
}

std::uint64_t ExpectedUnary(Dtype dtype, UnaryOperation operation, std::uint64_t x,
                            const std::uint64_t (&scalars)[2]) {
  if (!IsFloatDtype(dtype)) {
    return BitsOfInteger(dtype,
                         ComputeUnary(operation, IntegerOf(dtype, x), IntegerOf(dtype, scalars[0]),
                                      IntegerOf(dtype, scalars[1])));
  }
  const double first = ScalarOf(dtype, scalars[0]), second = ScalarOf(dtype, scalars[1]);
  const double value = FloatOf(dtype, x);
  if (dtype == Dtype::kFloat64) {  // not to be rounded twice
    if (operation == kSquare) return BitsOfFloat(dtype, value * value);
    if (operation == kScale) return BitsOfFloat(dtype, value * first);
    if (operation == kSqrt) return BitsOfFloat(dtype, std::sqrt(value));
    if (operation == kReciprocal) return BitsOfFloat(dtype, 1 / value);
  }
  return Round(dtype, ComputeUnary(operation, static_cast<long double>(value), first, second));
}

std::uint64_t ExpectedConversion(Dtype from, Dtype to, std::uint64_t bits) {
  if (!IsFloatDtype(from)) {
    const __int128 value = IntegerOf(from, bits);
    if (!IsFloatDtype(to)) return BitsOfInteger(to, value);
    return BitsOfFloat(to, static_cast<long double>(value));  // of 64 bits: exact
  }
  const double value = FloatOf(from, bits);
  if (IsFloatDtype(to)) return BitsOfFloat(to, value);
  if (std::isnan(value)) return 0;
  const int width = static_cast<int>(8 * ByteSize(to));
  const __int128 one = 1;
  const __int128 most = IsUnsignedDtype(to) ? (one << width) - 1 : (one << (width - 1)) - 1;
  const __int128 least = IsUnsignedDtype(to) ? 0 : -(one << (width - 1));
  const double limited = std::fmin(std::fmax(std::trunc(value), -0x1p64), 0x1p64);
  const auto integer = static_cast<__int128>(limited);
  return BitsOfInteger(to, integer < least ? least : integer > most ? most : integer);
}

// From the table of the CUDA C++ Programming Guide (intrinsic error of the functions, in units in
// the last place), for what is not correctly rounded; gelu by its conditions: erfc(z) amplifies the
// error of its argument 2 z^2 times.
double UnitsAllowed(UnaryOperation operation, Dtype dtype, double x) {
  const bool is_double = dtype == Dtype::kFloat64;
  switch (operation) {
    case kRsqrt:
    case kSin:
    case kCos:
    case kTanh:
      return 2;
    case kExp:
    case kLog:
      return is_double ? 1.5 : 2;
    case kSigmoid:
      return 6;
    case kSilu:
      // Where the sigmoid is subnormal, its last place counts |x| times.
      return x < (is_double ? -708 : -87) ? 7 - 2 * x : 7;
    case kGelu:
      return 8 + 2 * x * x;
    default:
      return 0;
  }
}

double UnitsAllowed(BinaryOperation operation, Dtype dtype) {
  if (operation != kPower) return 0;
  return dtype == Dtype::kFloat64 ? 2 : 8;
}

}  // namespace nodecuda::test
