#include <algorithm>
#include <cmath>

#include "test/native/exec/arithmetic/alu_reference.h"

// Formats of 8 bits and fewer: their numbers are few enough to be listed, and what is encoded
// becomes the nearest of them.
namespace nodecuda::simulator::test {
namespace {

struct NarrowFormat {
  int bits, fraction, bias;
  bool has_infinity, has_nan;
  // Half of a pair, in its register.
  int stride() const { return bits == 4 ? 4 : 8; }
};

std::optional<NarrowFormat> NarrowNamed(const std::string& type) {
  if (type == "e4m3x2") return NarrowFormat{8, 3, 7, false, true};
  if (type == "e5m2x2") return NarrowFormat{8, 2, 15, true, true};
  if (type == "e2m3x2") return NarrowFormat{6, 3, 1, false, false};
  if (type == "e3m2x2") return NarrowFormat{6, 2, 3, false, false};
  if (type == "e2m1x2") return NarrowFormat{4, 1, 1, false, false};
  return std::nullopt;
}

double ValueOf(std::uint64_t code, const NarrowFormat& f) {
  const int sign = code >> (f.bits - 1) & 1;
  const auto size = static_cast<int>(code & ((1u << (f.bits - 1)) - 1));
  const int greatest_exponent = (1 << (f.bits - 1 - f.fraction)) - 1;
  const int exponent = size >> f.fraction, rest = size & ((1 << f.fraction) - 1);
  if (f.has_infinity && exponent == greatest_exponent)
    return rest != 0 ? NAN : sign ? -INFINITY : INFINITY;
  if (f.has_nan && !f.has_infinity && size == (1 << (f.bits - 1)) - 1) return NAN;
  const double value = exponent == 0
                           ? std::ldexp(rest, 1 - f.bias - f.fraction)
                           : std::ldexp((1 << f.fraction) + rest, exponent - f.bias - f.fraction);
  return sign ? -value : value;
}

std::uint64_t CodeOf(double x, const NarrowFormat& f) {
  const unsigned count = 1u << (f.bits - 1);
  unsigned best = 0;
  if (std::isnan(x)) {
    if (f.has_nan) return count - 1;
    x = INFINITY;  // the greatest number
  }
  double most = 0;
  for (unsigned code = 0; code < count; ++code)
    if (std::isfinite(ValueOf(code, f))) most = std::max(most, ValueOf(code, f));
  x = std::clamp(x, -most, most);  // which says what is nearest to the greatest of doubles
  for (unsigned code = 0; code < count; ++code) {
    const double value = ValueOf(code, f);
    if (!std::isfinite(value)) continue;
    const double distance = std::fabs(std::fabs(x) - value);
    const double least = std::fabs(std::fabs(x) - ValueOf(best, f));
    if (distance < least || (distance == least && (code & 1) == 0)) best = code;
  }
  return best | (std::signbit(x) ? count : 0);
}

// The exponent of the power of two below, or above: 2^(code - 127).
std::uint64_t PowerCode(double x, bool up, bool finite) {
  if (std::isnan(x)) return 0xff;
  const double size = std::fabs(x);
  if (std::isinf(size)) return finite ? 0xfe : 0xff;
  int code = 0;
  while (code < 255 && std::ldexp(1.0, code - 127) < size) ++code;  // the first that is not less
  if (!up && code > 0 && std::ldexp(1.0, code - 127) > size) --code;
  return code == 255 && finite ? 254 : static_cast<std::uint64_t>(code);
}

std::uint64_t RelaxedNan(double x, const Format& format, bool relu) {
  return EncodeDouble(relu && x < 0 ? 0.0 : relu && x == 0 ? 0.0 : x, format, 'n');
}

}  // namespace

std::optional<Expected> NarrowReference(const Spelling& f, const std::vector<std::uint64_t>& s) {
  const bool relu = f.Has("relu");
  const std::string &to = f.types[0], &from = f.types[1];
  const Format source_format = *FormatNamed(from == "f32"     ? "f32"
                                            : from == "f16x2" ? "f16"
                                                              : "bf16");
  const auto source = [&](int half) {  // 1 is the higher
    double x = from == "f32" ? Decode(s[half ? 0 : 1], source_format)
                             : Decode(s[0] >> (16 * half) & 0xffff, source_format);
    return relu && x <= 0 ? 0.0 : x;
  };
  if (const auto format = NarrowNamed(to)) {
    return Expected{{CodeOf(source(1), *format) << format->stride() | CodeOf(source(0), *format)}};
  }
  if (to == "ue8m0x2") {
    const bool up = f.Has("rp"), finite = f.Has("satfinite");
    return Expected{{PowerCode(source(1), up, finite) << 8 | PowerCode(source(0), up, finite)}};
  }
  if (const auto format = NarrowNamed(from)) {
    std::uint64_t result = 0;
    for (int half = 0; half < 2; ++half) {
      const std::uint64_t code = s[0] >> (half * format->stride()) & ((1u << format->bits) - 1);
      result |= RelaxedNan(ValueOf(code, *format), *FormatNamed("f16"), relu) << (16 * half);
    }
    return Expected{{result}};
  }
  if (from == "ue8m0x2") {
    std::uint64_t result = 0;
    for (int half = 0; half < 2; ++half) {
      const auto code = static_cast<int>(s[0] >> (8 * half) & 0xff);
      const double value = code == 0xff ? NAN : std::ldexp(1.0, code - 127);
      result |= EncodeDouble(value, *FormatNamed("bf16"), 'n') << (16 * half);
    }
    return Expected{{result}};
  }
  return std::nullopt;
}

}  // namespace nodecuda::simulator::test
