#include "simulator/exec/warp/format.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace nodecuda::simulator {
namespace {

constexpr std::string_view kSigned = "di", kUnsigned = "ouxX", kFloats = "fFeEgGaA";

// Widths and precisions stop here: more than any that is possible.
constexpr int kMostNumber = kMostPrintedBytes + 1;

bool Has(std::string_view set, char c) {
  return c != 0 && set.find(c) != set.npos;
}

// %[flags][width][.precision][size]type, taken apart.
struct Conversion {
  std::string_view spelling;
  std::string flags;
  int width = 0;
  int precision = -1;                                     // none
  bool width_follows = false, precision_follows = false;  // `*`: it is an argument
  // Bytes of an integer. Of other types there is one size only.
  unsigned integer_bytes = 4;
  bool wide = false;  // `l`: wide characters, which are not supported
  char type = 0;      // 0: none that is known

  int argument_count() const {
    return (width_follows ? 1 : 0) + (precision_follows ? 1 : 0) + (type == '%' ? 0 : 1);
  }
  bool supported() const {
    return width <= kMostFieldWidth && (precision <= kMostFieldWidth || type == 's') &&
           !(wide && Has("cs", type));
  }
};

class ConversionParser {
 public:
  // `rest` begins with the percent sign.
  explicit ConversionParser(std::string_view rest) : rest_(rest), at_(1) {}

  Conversion Parse() {
    Conversion c;
    for (; Has("-+ #0", Peek()); ++at_)
      if (!Has(c.flags, Peek())) c.flags += Peek();
    ParseNumber(&c.width, &c.width_follows);
    if (Accept('.')) {
      c.precision = 0;
      ParseNumber(&c.precision, &c.precision_follows);
    }
    ParseSize(&c);
    if (Has("%csp", Peek()) || Has(kSigned, Peek()) || Has(kUnsigned, Peek()) ||
        Has(kFloats, Peek()))
      c.type = rest_[at_++];
    c.spelling = rest_.substr(0, at_);
    return c;
  }

 private:
  char Peek() const { return at_ < rest_.size() ? rest_[at_] : 0; }
  bool Accept(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  void ParseNumber(int* number, bool* follows) {
    *follows = Accept('*');
    for (; !*follows && Has("0123456789", Peek()); ++at_)
      *number = std::min(*number * 10 + (Peek() - '0'), kMostNumber);
  }
  void ParseSize(Conversion* c) {
    if (Accept('h')) {
      c->integer_bytes = Accept('h') ? 1 : 2;
    } else if (Accept('l')) {
      c->wide = !Accept('l');
      c->integer_bytes = 8;
    } else if (Has("Lzjt", Peek())) {
      ++at_;
      c->integer_bytes = 8;
    }
  }

  std::string_view rest_;
  std::size_t at_;
};

// One value by the host's printf. What it gets is made here of a conversion that was checked;
// nothing of the device's text reaches it.
template <typename T>
void Print(const Conversion& c, const char* size, T value, std::string* out) {
  std::string format = "%";
  for (const char flag : c.flags) {
    // Elsewhere C leaves them undefined.
    const bool defined = flag == '#'   ? Has("oxX", c.type) || Has(kFloats, c.type)
                         : flag == '0' ? !Has("cp", c.type)
                                       : true;
    if (defined) format += flag;
  }
  format += "*.*";
  format += size;
  format += c.type;
  char text[kMostFieldWidth + 512];  // a double has up to 309 digits before its point
  const int length = std::snprintf(text, sizeof text, format.c_str(), c.width, c.precision, value);
  out->append(text, static_cast<std::size_t>(std::clamp<int>(length, 0, sizeof text - 1)));
}

// The low `bytes` bytes of an integer, with or without a sign.
std::uint64_t Narrow(std::uint64_t bits, unsigned bytes, bool is_signed) {
  const unsigned unused = 64 - 8 * bytes;
  const std::uint64_t high = bits << unused;
  return is_signed ? static_cast<std::uint64_t>(static_cast<std::int64_t>(high) >> unused)
                   : high >> unused;
}

bool PrintText(const Conversion& c, std::uint64_t address, FormatArguments& arguments,
               std::string* out) {
  const auto most =
      static_cast<std::size_t>(c.precision < 0 ? kMostNumber : std::min(c.precision, kMostNumber));
  std::string text;
  if (!arguments.Text(address, most, &text)) return false;
  const auto width = static_cast<std::size_t>(c.width);
  const std::string padding(width > text.size() ? width - text.size() : 0, ' ');
  const bool left = Has(c.flags, '-');
  *out += left ? text + padding : padding + text;
  return true;
}

// A width or precision that is an argument.
bool ReadNumber(FormatArguments& arguments, int* number) {
  std::uint64_t bits = 0;
  if (!arguments.Next(4, &bits)) return false;
  *number = static_cast<int>(static_cast<std::uint32_t>(bits));
  return true;
}

// False where an argument could not be read.
bool Convert(Conversion c, FormatArguments& arguments, std::string* out) {
  if (c.width_follows) {
    if (!ReadNumber(arguments, &c.width)) return false;
    if (c.width < 0) {
      c.flags += '-';
      c.width = -std::max(c.width, -kMostNumber);
    }
  }
  if (c.precision_follows && !ReadNumber(arguments, &c.precision)) return false;
  if (c.type == '%') {
    *out += '%';
    return true;
  }
  const bool is_integer = Has(kSigned, c.type) || Has(kUnsigned, c.type);
  const std::size_t bytes = is_integer ? std::max(c.integer_bytes, 4u) : c.type == 'c' ? 4 : 8;
  std::uint64_t bits = 0;
  if (!arguments.Next(bytes, &bits)) return false;
  if (!c.supported()) {
    *out += c.spelling;
  } else if (c.type == 's') {
    return PrintText(c, bits, arguments, out);
  } else if (Has(kSigned, c.type)) {
    Print(c, "ll", static_cast<long long>(Narrow(bits, c.integer_bytes, true)), out);
  } else if (Has(kUnsigned, c.type)) {
    Print(c, "ll", static_cast<unsigned long long>(Narrow(bits, c.integer_bytes, false)), out);
  } else if (c.type == 'c') {
    Print(c, "", static_cast<int>(static_cast<unsigned char>(bits)), out);
  } else if (c.type == 'p') {
    Print(c, "", reinterpret_cast<const void*>(bits), out);
  } else {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    Print(c, "", value, out);
  }
  return true;
}

}  // namespace

std::optional<int> Format(std::string_view format, FormatArguments& arguments, std::string* out) {
  const bool whole = format.size() <= kMostPrintedBytes;
  int count = 0;
  out->clear();
  while (!format.empty() && out->size() <= kMostPrintedBytes) {
    if (format[0] != '%') {
      const std::string_view plain = format.substr(0, format.find('%'));
      *out += plain;
      format.remove_prefix(plain.size());
      continue;
    }
    const Conversion c = ConversionParser(format).Parse();
    format.remove_prefix(c.spelling.size());
    if (c.type == 0 || count + c.argument_count() > kMostFormatArguments) {
      *out += c.spelling;
    } else if (Convert(c, arguments, out)) {
      count += c.argument_count();
    } else {
      return std::nullopt;
    }
  }
  if (whole && out->size() <= kMostPrintedBytes) return count;
  if (out->size() > kMostPrintedBytes) out->resize(kMostPrintedBytes);
  *out += "[nodecuda: cut, as one call of printf prints " +
          std::to_string(kMostPrintedBytes >> 10) + " KiB at most]\n";
  return kFormatFailed;
}

}  // namespace nodecuda::simulator
