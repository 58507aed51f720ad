#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "test/native/exec/arithmetic/alu_reference.h"

namespace nodecuda::simulator::test {
namespace {

bool IsSigned(const std::string& type) {
  return type[0] == 's';
}
int BitsOf(const std::string& type) {
  return std::atoi(type.c_str() + 1);
}

Int128 ReadInteger(std::uint64_t bits, const std::string& type) {
  const int width = BitsOf(type);
  const Int128 value = bits & ((Uint128{1} << width) - 1);
  return IsSigned(type) && value >> (width - 1) ? value - (Int128{1} << width) : value;
}
std::uint64_t WriteInteger(Int128 value, const std::string& type) {
  return static_cast<std::uint64_t>(value) &
         static_cast<std::uint64_t>((Uint128{1} << BitsOf(type)) - 1);
}
Int128 Greatest(const std::string& type) {
  return (Int128{1} << (BitsOf(type) - IsSigned(type))) - 1;
}
Int128 Least(const std::string& type) {
  return IsSigned(type) ? -Greatest(type) - 1 : 0;
}

double Integral(double x, char mode) {
  if (mode == 'z') return std::trunc(x);
  if (mode == 'm') return std::floor(x);
  if (mode == 'p') return std::ceil(x);
  return std::nearbyint(x);
}

std::uint64_t RealToInteger(double x, bool from_double, const std::string& to, char mode) {
  if (std::isnan(x)) {
    return from_double || BitsOf(to) == 64 ? std::uint64_t{1} << (BitsOf(to) - 1) : 0;
  }
  const double whole = Integral(x, mode);
  if (whole >= 0x1p100) return WriteInteger(Greatest(to), to);
  if (whole <= -0x1p100) return WriteInteger(Least(to), to);
  return WriteInteger(std::clamp(static_cast<Int128>(whole), Least(to), Greatest(to)), to);
}

double MostOf(const Format& format) {
  return std::ldexp(2 - std::ldexp(1.0, 1 - format.precision), format.bias);
}

// cvt.pack: c above a above b, of which the latter are clamped to the type that is named first.
Expected Pack(const Spelling& f, const std::vector<std::uint64_t>& s) {
  std::string type = f.types[0];
  for (const char* narrow : {"u2", "s2", "u4", "s4"})
    if (f.Has(narrow)) type = narrow;
  const auto clamped = [&](std::uint64_t bits) {
    return WriteInteger(std::clamp(ReadInteger(bits, "s32"), Least(type), Greatest(type)), type);
  };
  const int width = BitsOf(type);
  std::uint64_t result = clamped(s[0]) << width | clamped(s[1]);
  if (s.size() > 2) result |= s[2] << (2 * width);
  return {{result & 0xffffffff}};
}

std::uint64_t Tf32(const Spelling& f, std::uint64_t bits) {
  const Format single = *FormatNamed("f32");
  double x = Decode(bits, single);
  if (f.Has("relu") && x <= 0) x = 0;
  constexpr double kMost = 0x1.ffcp127;
  if (f.Has("satfinite") && std::fabs(x) > kMost) x = std::copysign(kMost, x);
  if (std::isnan(x) || std::isinf(x)) return EncodeDouble(x, single, 'n');
  // tf32 is f32 with 13 fewer digits: scaled, an integral number of units.
  const int exponent = x == 0 ? -126 : std::max(std::ilogb(x), -126);
  const double units = std::ldexp(x, 10 - exponent);
  const double whole = f.Has("rna") ? std::round(units) : Integral(units, RoundingMode(f));
  return EncodeDouble(std::copysign(std::ldexp(whole, exponent - 10), x), single, 'n');
}

}  // namespace

std::optional<Expected> ConvertReference(const Spelling& f, const std::vector<std::uint64_t>& s) {
  const std::string& to = f.types[0];
  const std::string& from = f.types[1];
  const char mode = RoundingMode(f);
  if (f.Has("pack")) return Pack(f, s);
  if (to == "tf32") return Expected{{Tf32(f, s[0])}, 0};
  if (from.ends_with("x2") || (to.ends_with("x2") && to != "f16x2" && to != "bf16x2")) {
    return NarrowReference(f, s);
  }
  if (to.ends_with("x2")) {
    Spelling half = f;
    half.types[0] = to.substr(0, to.size() - 2);
    const auto high = ConvertReference(half, {s[0]}), low = ConvertReference(half, {s[1]});
    if (!high || !low) return std::nullopt;
    return Expected{{high->values[0] << 16 | low->values[0]}, 0};
  }
  const std::optional<Format> to_format = FormatNamed(to), from_format = FormatNamed(from);
  if (!from_format) {
    const Int128 value = ReadInteger(s[0], from);
    if (!to_format) {
      return Expected{
          {WriteInteger(f.Has("sat") ? std::clamp(value, Least(to), Greatest(to)) : value, to)}, 0};
    }
    const Int128 real = f.Has("sat") ? std::clamp<Int128>(value, 0, 1) : value;
    return Expected{{Encode(static_cast<Quad>(real), 0.0, *to_format, mode)}, 0};
  }
  const bool flush_source = f.Has("ftz") && from == "f32" && to != "f16";
  double x = Decode(flush_source ? FlushSubnormal(s[0], *from_format) : s[0], *from_format);
  if (!to_format) return Expected{{RealToInteger(x, from == "f64", to, mode)}, 0};
  for (const char* integral : {"rni", "rzi", "rmi", "rpi"}) {
    if (f.Has(integral)) x = Integral(x, mode);
  }
  if (f.Has("satfinite") && !std::isnan(x))
    x = std::clamp(x, -MostOf(*to_format), MostOf(*to_format));
  if (f.Has("sat")) x = x > 0 ? std::min(x, 1.0) : 0.0;
  if (f.Has("relu") && x <= 0) x = 0.0;
  std::uint64_t bits = EncodeDouble(x, *to_format, mode);
  if (f.Has("ftz") && to == "f32") bits = FlushSubnormal(bits, *to_format);
  return Expected{{bits}, 0};
}

std::optional<Expected> CompareReference(const Spelling& f, bool pair,
                                         const std::vector<std::uint64_t>& s) {
  const std::optional<Format> format = FormatNamed(f.type());
  int order = 2;  // -1, 0, 1; 2 for unordered
  if (format) {
    const bool ftz = f.Has("ftz");
    const double a = Decode(ftz ? FlushSubnormal(s[0], *format) : s[0], *format);
    const double b = Decode(ftz ? FlushSubnormal(s[1], *format) : s[1], *format);
    if (!std::isnan(a) && !std::isnan(b)) order = a < b ? -1 : a > b;
  } else {
    const Int128 a = ReadInteger(s[0], f.type()), b = ReadInteger(s[1], f.type());
    order = a < b ? -1 : a > b;
  }
  std::string name = f.modifiers[0];
  if (name == "lo") name = "lt";
  if (name == "ls") name = "le";
  if (name == "hi") name = "gt";
  if (name == "hs") name = "ge";
  bool holds;
  if (name == "num" || name == "nan") {
    holds = (order == 2) == (name == "nan");
  } else if (order == 2) {
    holds = name.size() == 3;  // equ, neu, ltu, ...
  } else {
    name = name.substr(0, 2);
    if (name == "eq")
      holds = order == 0;
    else if (name == "ne")
      holds = order != 0;
    else if (name == "lt")
      holds = order < 0;
    else if (name == "le")
      holds = order <= 0;
    else if (name == "gt")
      holds = order > 0;
    else if (name == "ge")
      holds = order >= 0;
    else
      return std::nullopt;
  }
  const auto combined = [&](bool value) -> std::uint64_t {
    if (f.Has("and")) return value && s[2];
    if (f.Has("or")) return value || s[2];
    if (f.Has("xor")) return value != (s[2] != 0);
    return value;
  };
  Expected expected{{combined(holds)}, 0};
  if (pair) expected.values.push_back(combined(!holds));
  return expected;
}

}  // namespace nodecuda::simulator::test
