#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>

#include "ptx/ast.h"
#include "test/native/exec/arithmetic/alu_reference.h"

namespace nodecuda::simulator::test {
namespace {

Quad PowerOfTwo(int exponent) {
  Quad result = 1;
  const Quad factor = exponent < 0 ? Quad(0.5) : Quad(2);
  for (int i = std::abs(exponent); i > 0; --i) result *= factor;
  return result;
}

// a + b in full, or what rounds like it: a term far below the other only tells on which side of
// it the sum lies.
Quad ExactSum(Quad a, Quad b) {
  const Quad size_a = a < 0 ? -a : a, size_b = b < 0 ? -b : b;
  if (a == 0 || b == 0) return a + b;
  const Quad large = size_a > size_b ? a : b, small = size_a > size_b ? b : a;
  const Quad far = PowerOfTwo(60);
  if ((large < 0 ? -large : large) < (small < 0 ? -small : small) * far) return a + b;
  const Quad nudge = (large < 0 ? -large : large) / PowerOfTwo(64);
  return small < 0 ? large - nudge : large + nudge;
}

int FenvMode(char mode) {
  switch (mode) {
    case 'z':
      return FE_TOWARDZERO;
    case 'm':
      return FE_DOWNWARD;
    case 'p':
      return FE_UPWARD;
    default:
      return FE_TONEAREST;
  }
}
// In the machine's rounding mode; volatile keeps the arithmetic where it stands.
double MachineDouble(const std::string& base, double a, double b, double c, char mode) {
  volatile double x = a, y = b, z = c, result = 0;
  std::fesetround(FenvMode(mode));
  if (base == "add") result = x + y;
  if (base == "sub") result = x - y;
  if (base == "mul") result = x * y;
  if (base == "fma" || base == "mad") result = std::fma(x, y, z);
  if (base == "div") result = x / y;
  if (base == "rcp") result = 1.0 / x;
  if (base == "sqrt") result = std::sqrt(x);
  std::fesetround(FE_TONEAREST);
  return result;
}

// The arithmetic of a format narrower than f64.
std::uint64_t Narrow(const std::string& base, double a, double b, double c, const Format& format,
                     char mode) {
  const double rough = MachineDouble(base, a, b, c, mode);
  if (std::isnan(rough)) return CanonicalNan(format);
  const bool finite = std::isfinite(a) && std::isfinite(b) && std::isfinite(c);
  if (!finite || (std::isinf(rough) && (base == "div" || base == "rcp"))) {
    return EncodeDouble(rough, format, mode);
  }
  Quad exact = 0;
  if (base == "add") exact = ExactSum(a, b);
  if (base == "sub") exact = ExactSum(a, -b);
  if (base == "mul") exact = Quad(a) * Quad(b);
  if (base == "fma" || base == "mad") exact = ExactSum(Quad(a) * Quad(b), c);
  if (base == "div") exact = Quad(a) / Quad(b);
  if (base == "rcp") exact = 1 / Quad(a);
  if (base == "sqrt") exact = std::sqrt(static_cast<long double>(a));
  return Encode(exact, rough, format, mode);
}

// Of the operands, `a` if it wins.
bool Wins(bool max, double a, double b) {
  if (a == b) return std::signbit(a) != max;
  return max ? a > b : a < b;
}

std::optional<Expected> Approximate(const Spelling& f, const std::vector<std::uint64_t>& s,
                                    const Format& format) {
  const bool ftz = f.Has("ftz");
  const double x = Decode(ftz ? FlushSubnormal(s[0], format) : s[0], format);
  double result = 0;
  if (f.base == "rcp")
    result = 1 / x;
  else if (f.base == "sqrt")
    result = std::sqrt(x);
  else if (f.base == "rsqrt")
    result = 1 / std::sqrt(x);
  else if (f.base == "ex2")
    result = static_cast<double>(std::exp2(static_cast<long double>(x)));
  else if (f.base == "lg2")
    result = static_cast<double>(std::log2(static_cast<long double>(x)));
  else if (f.base == "sin")
    result = static_cast<double>(std::sin(static_cast<long double>(x)));
  else if (f.base == "cos")
    result = static_cast<double>(std::cos(static_cast<long double>(x)));
  else if (f.base == "tanh")
    result = static_cast<double>(std::tanh(static_cast<long double>(x)));
  else if (f.base == "div") {
    const double divisor = Decode(ftz ? FlushSubnormal(s[1], format) : s[1], format);
    // The PTX manual, of div.approx: 0, or NaN of infinity, for divisors from 2^126 to 2^128.
    const bool vanishes = f.Has("approx") && std::isfinite(divisor) && std::fabs(divisor) > 0x1p126;
    result = vanishes ? x * std::copysign(0.0, divisor) : x / divisor;
  } else
    return std::nullopt;
  std::uint64_t bits = EncodeDouble(result, format, 'n');
  if (ftz) bits = FlushSubnormal(bits, format);
  return Expected{{bits}, f.base == "div" || f.base == "rcp" || f.base == "sqrt" ? 0 : 1};
}

// The f64 forms that only know the upper halves.
Expected Coarse(const Spelling& f, std::uint64_t bits) {
  const Format format = *FormatNamed("f64");
  const double x = std::bit_cast<double>(bits);
  if (!f.Has("ftz")) return {{EncodeDouble(1 / std::sqrt(x), format, 'n')}, 1};
  std::uint64_t upper = FlushSubnormal(bits & 0xffffffff00000000, format);
  const double input = std::isnan(x) ? x : std::bit_cast<double>(upper);
  const double result = f.base == "rcp" ? 1 / input : 1 / std::sqrt(input);
  upper = FlushSubnormal(EncodeDouble(result, format, 'n'), format);
  return {{upper & 0xffffffff00000000}, 0};
}

std::optional<std::uint64_t> Testp(const Spelling& f, double x, const Format& format) {
  const double least = std::ldexp(1.0, 1 - format.bias), size = std::fabs(x);
  if (f.Has("finite")) return std::isfinite(x);
  if (f.Has("infinite")) return std::isinf(x);
  if (f.Has("number")) return !std::isnan(x);
  if (f.Has("notanumber")) return std::isnan(x);
  if (f.Has("normal")) return std::isfinite(x) && (size >= least || size == 0);
  if (f.Has("subnormal")) return size > 0 && size < least;
  return std::nullopt;
}

std::optional<std::uint64_t> Extreme(const Spelling& f, std::vector<std::uint64_t> s,
                                     const Format& format) {
  const std::uint64_t sign = std::uint64_t{1} << (format.bits - 1);
  const std::uint64_t signs = (s[0] ^ s[1]) & sign;
  std::optional<std::uint64_t> best;
  for (std::uint64_t bits : s) {
    if (f.Has("abs")) bits &= ~sign;
    const double x = Decode(bits, format);
    if (std::isnan(x)) {
      if (f.Has("NaN")) return CanonicalNan(format);
    } else if (!best || !Wins(f.base == "max", Decode(*best, format), x)) {
      best = bits;
    }
  }
  if (!best) return CanonicalNan(format);
  return f.Has("xorsign") ? *best | signs : *best;
}

}  // namespace

bool Spelling::Has(const std::string& modifier) const {
  return std::find(modifiers.begin(), modifiers.end(), modifier) != modifiers.end();
}
Spelling Spell(const std::string& mnemonic) {
  Spelling spelling;
  std::size_t begin = 0;
  while (begin <= mnemonic.size()) {
    const std::size_t end = std::min(mnemonic.find('.', begin), mnemonic.size());
    const std::string part = mnemonic.substr(begin, end - begin);
    if (begin == 0) {
      spelling.base = part;
    } else if (ptx::TypeFromName(part) != ptx::Type::kNone || part.ends_with("x2")) {
      spelling.types.push_back(part);
    } else {
      spelling.modifiers.push_back(part);
    }
    begin = end + 1;
  }
  return spelling;
}

std::optional<Format> FormatNamed(const std::string& type) {
  if (type == "f16") return Format{16, 11, 15};
  if (type == "bf16") return Format{16, 8, 127};
  if (type == "f32") return Format{32, 24, 127};
  if (type == "f64") return Format{64, 53, 1023};
  return std::nullopt;
}
double Decode(std::uint64_t bits, const Format& format) {
  const int fraction = format.precision - 1;
  const bool negative = bits >> (format.bits - 1) & 1;
  const auto exponent =
      static_cast<int>(bits >> fraction & (2 * static_cast<unsigned>(format.bias) + 1));
  const std::uint64_t low = bits & ((std::uint64_t{1} << fraction) - 1);
  double size;
  if (exponent == 2 * format.bias + 1) {
    size = low == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    size = std::ldexp(static_cast<double>(low), 1 - format.bias - fraction);
  } else {
    size = std::ldexp(static_cast<double>(low | std::uint64_t{1} << fraction),
                      exponent - format.bias - fraction);
  }
  return negative ? -size : size;
}
std::uint64_t CanonicalNan(const Format& format) {
  if (format.bits == 64) return 0xfff8000000000000;
  return (std::uint64_t{1} << (format.bits - 1)) - 1;
}
std::uint64_t Encode(Quad x, double sign, const Format& format, char mode) {
  const bool negative = x < 0 || (x == 0 && std::signbit(sign));
  const std::uint64_t sign_bit = std::uint64_t{negative} << (format.bits - 1);
  Quad size = x < 0 ? -x : x;
  if (size == 0) return sign_bit;
  int exponent = std::ilogb(static_cast<double>(size));
  if (size < PowerOfTwo(exponent)) --exponent;  // the conversion to double rounded up
  exponent = std::max(exponent, 1 - format.bias);
  const Quad units = size / PowerOfTwo(exponent - format.precision + 1);
  auto whole = static_cast<std::uint64_t>(units);
  const Quad rest = units - static_cast<Quad>(whole);
  bool up = false;
  if (mode == 'n') up = rest > 0.5 || (rest == 0.5 && (whole & 1));
  if (mode == 'm') up = rest > 0 && negative;
  if (mode == 'p') up = rest > 0 && !negative;
  whole += up;
  // A carry into the exponent is just what the encoding wants.
  const int fraction = format.precision - 1;
  const std::uint64_t infinity = (2 * std::uint64_t(format.bias) + 1) << fraction;
  std::uint64_t code = infinity;
  if (exponent <= format.bias) {
    const bool normal = whole >> fraction != 0;
    code = normal ? (static_cast<std::uint64_t>(exponent + format.bias - 1) << fraction) + whole
                  : whole;
  }
  if (code >= infinity) {
    const bool to_infinity = mode == 'n' || (mode == 'm' && negative) || (mode == 'p' && !negative);
    code = to_infinity ? infinity : infinity - 1;
  }
  return code | sign_bit;
}
std::uint64_t EncodeDouble(double x, const Format& format, char mode) {
  if (std::isnan(x)) return CanonicalNan(format);
  if (format.bits == 64) return std::bit_cast<std::uint64_t>(x);
  if (std::isinf(x)) {
    const std::uint64_t infinity = (2 * std::uint64_t(format.bias) + 1) << (format.precision - 1);
    return infinity | std::uint64_t{std::signbit(x)} << (format.bits - 1);
  }
  return Encode(x, x, format, mode);
}
char RoundingMode(const Spelling& spelling) {
  for (const char mode : {'z', 'm', 'p'}) {
    if (spelling.Has(std::string("r") + mode) || spelling.Has(std::string("r") + mode + "i")) {
      return mode;
    }
  }
  return 'n';
}
std::uint64_t FlushSubnormal(std::uint64_t bits, const Format& format) {
  const double x = Decode(bits, format);
  const bool tiny = std::fabs(x) < std::ldexp(1.0, 1 - format.bias);
  return tiny ? bits & std::uint64_t{1} << (format.bits - 1) : bits;
}

std::optional<Expected> FloatReference(const Spelling& f, const std::vector<std::uint64_t>& s) {
  if (f.type().ends_with("x2")) {
    Spelling half = f;
    half.types = {f.type().substr(0, f.type().size() - 2)};
    const std::optional<Format> format = FormatNamed(half.type());
    if (!format) return std::nullopt;
    Expected both{{0}, 0};
    const std::uint64_t all = (std::uint64_t{1} << format->bits) - 1;
    for (int shift = 0; shift <= format->bits; shift += format->bits) {
      std::vector<std::uint64_t> parts;
      for (const std::uint64_t source : s) parts.push_back(source >> shift & all);
      const std::optional<Expected> part = FloatReference(half, parts);
      if (!part) return std::nullopt;
      both.values[0] |= part->values[0] << shift;
      both.tolerance = std::max(both.tolerance, part->tolerance);
    }
    return both;
  }
  const std::optional<Format> format = FormatNamed(f.type());
  if (!format) return std::nullopt;
  if (f.Has("approx") && format->bits == 64) return Coarse(f, s[0]);
  if (f.Has("approx") || f.Has("full")) return Approximate(f, s, *format);
  const std::uint64_t sign = std::uint64_t{1} << (format->bits - 1);
  if (f.base == "copysign") return Expected{{(s[1] & ~sign) | (s[0] & sign)}, 0};
  std::vector<std::uint64_t> in = s;
  if (f.Has("ftz")) {
    for (std::uint64_t& bits : in) bits = FlushSubnormal(bits, *format);
  }
  if (f.base == "abs") return Expected{{in[0] & ~sign}, 0};
  if (f.base == "neg") return Expected{{in[0] ^ sign}, 0};
  if (f.base == "testp") {
    const auto answer = Testp(f, Decode(in[0], *format), *format);
    if (!answer) return std::nullopt;
    return Expected{{*answer}, 0};
  }
  if (f.base == "min" || f.base == "max") return Expected{{*Extreme(f, in, *format)}, 0};
  static constexpr const char* kKnown[] = {"add", "sub", "mul", "fma", "mad", "div", "rcp", "sqrt"};
  if (std::find(std::begin(kKnown), std::end(kKnown), f.base) == std::end(kKnown)) {
    return std::nullopt;
  }
  double x[3] = {0, 0, 0};
  for (std::size_t i = 0; i < in.size(); ++i) x[i] = Decode(in[i], *format);
  const char mode = RoundingMode(f);
  std::uint64_t bits =
      format->bits == 64
          ? EncodeDouble(MachineDouble(f.base, x[0], x[1], x[2], mode), *format, mode)
          : Narrow(f.base, x[0], x[1], x[2], *format, mode);
  if (f.Has("ftz")) bits = FlushSubnormal(bits, *format);
  const double value = Decode(bits, *format);
  if (f.Has("relu") && !std::isnan(value) && std::signbit(value)) bits = 0;
  if (f.Has("sat")) bits = EncodeDouble(value > 0 ? std::min(value, 1.0) : 0.0, *format, 'n');
  return Expected{{bits}, 0};
}

}  // namespace nodecuda::simulator::test
