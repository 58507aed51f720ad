#include "simulator/exec/warp/format.h"

#include <doctest/doctest.h>

#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

// What printf of device code makes of a format, against the host's.
namespace nodecuda::simulator {
namespace {

// Arguments as nvcc lays them out, and texts at made-up addresses.
class Arguments final : public FormatArguments {
 public:
  template <typename... Values>
  explicit Arguments(Values... values) {
    (Put(values), ...);
  }

  bool Next(std::size_t bytes, std::uint64_t* bits) override {
    at_ = (at_ + bytes - 1) / bytes * bytes;
    if (at_ + bytes > bytes_.size()) return false;
    *bits = 0;
    std::memcpy(bits, bytes_.data() + at_, bytes);
    at_ += bytes;
    return true;
  }
  bool Text(std::uint64_t address, std::size_t most, std::string* text) override {
    const auto found = texts_.find(address);
    if (found == texts_.end()) return false;
    *text = found->second.substr(0, most);
    return true;
  }

 private:
  template <typename T>
  void Put(T value) {
    if constexpr (std::is_convertible_v<T, std::string>) {
      const std::uint64_t address = 0x1000 * (texts_.size() + 1);
      texts_[address] = value;
      Put(address);
    } else {
      static_assert(sizeof value == 4 || sizeof value == 8);
      bytes_.resize((bytes_.size() + sizeof value - 1) / sizeof value * sizeof value);
      const auto* begin = reinterpret_cast<const std::byte*>(&value);
      bytes_.insert(bytes_.end(), begin, begin + sizeof value);
    }
  }

  std::vector<std::byte> bytes_;
  std::size_t at_ = 0;
  std::map<std::uint64_t, std::string> texts_;
};

struct Printed {
  std::optional<int> result;
  std::string text;
};

template <typename... Values>
Printed Device(const std::string& format, Values... values) {
  Arguments arguments(values...);
  Printed printed;
  printed.result = Format(format, arguments, &printed.text);
  return printed;
}

template <typename... Values>
std::string Host(const std::string& format, Values... values) {
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, format.c_str(), values...)),
                   ' ');
  std::snprintf(text.data(), text.size() + 1, format.c_str(), values...);
  return text;
}

template <typename... Values>
void Same(const std::string& format, Values... values) {
  CAPTURE(format);
  const Printed printed = Device(format, values...);
  CHECK(printed.text == Host(format, values...));
  CHECK(printed.result == static_cast<int>(sizeof...(values)));
}

const std::vector<double> kDoubles = {0.0,
                                      -0.0,
                                      1.0,
                                      -1.5,
                                      0.1,
                                      2.5,
                                      1e-5,
                                      123456789.0,
                                      1e15,
                                      1e16,
                                      DBL_MAX,
                                      -DBL_MAX,
                                      DBL_MIN,
                                      5e-324,
                                      0.9999999,
                                      99999.95,
                                      INFINITY,
                                      -INFINITY,
                                      NAN,
                                      1.0 / 3.0,
                                      1e100,
                                      -1e-100,
                                      4503599627370497.5};
const std::vector<long long> kIntegers = {
    0,      1,     -1,    7,       -128,    127,      128,       255,       256,
    -32768, 32767, 65535, INT_MIN, INT_MAX, UINT_MAX, LLONG_MIN, LLONG_MAX, 123456789012345LL,
    -42};

std::string FlagsFor(std::mt19937& random, char type) {
  std::string flags;
  const bool is_integer = std::strchr("di", type) != nullptr;
  for (const char flag : std::string("-+ #0")) {
    if (random() % 3 != 0) continue;
    // What C leaves undefined is not compared.
    if (flag == '#' && (is_integer || type == 'u')) continue;
    flags += flag;
  }
  return flags;
}

std::string FieldFor(std::mt19937& random) {
  std::string field;
  if (random() % 2 == 0) field += std::to_string(1 + random() % 40);
  if (random() % 2 == 0) {
    field += '.';
    if (random() % 4 != 0) field += std::to_string(random() % 40);
  }
  return field;
}

TEST_CASE("format: integers of every size, with every flag, as the host has them") {
  std::mt19937 random(1);
  std::mt19937_64 bits(2);
  for (int round = 0; round < 400; ++round) {
    for (const char type : std::string("diouxX")) {
      const std::string start = "<%" + FlagsFor(random, type) + FieldFor(random);
      const std::string end = std::string(1, type) + ">";
      const long long value =
          round < 200 ? kIntegers[random() % kIntegers.size()] : static_cast<long long>(bits());
      const int narrow = static_cast<int>(value);
      Same(start + end, narrow);
      Same(start + "h" + end, narrow);
      Same(start + "hh" + end, narrow);
      Same(start + "l" + end, static_cast<long>(value));
      Same(start + "ll" + end, value);
      Same(start + "z" + end, static_cast<std::size_t>(value));
      Same(start + "j" + end, static_cast<std::intmax_t>(value));
      Same(start + "t" + end, static_cast<std::ptrdiff_t>(value));
    }
  }
}

TEST_CASE("format: floats as the host has them") {
  std::mt19937 random(3);
  std::mt19937_64 bits(4);
  for (int round = 0; round < 400; ++round) {
    for (const char type : std::string("fFeEgGaA")) {
      const std::string start = "<%" + FlagsFor(random, type) + FieldFor(random);
      const std::string end = std::string(1, type) + ">";
      double value = kDoubles[random() % kDoubles.size()];
      if (round >= 200) {
        const std::uint64_t any = bits();
        std::memcpy(&value, &any, sizeof value);
      }
      Same(start + end, value);
      Same(start + "l" + end, value);
      // Devices have no longer ones.
      CHECK(Device(start + "L" + end, value).text == Host(start + end, value));
    }
  }
  Same("%.4000f", DBL_MAX);
  Same("%4095.4095f", -DBL_MAX);
}

TEST_CASE("format: characters, pointers, texts, percent signs") {
  for (int c = 0; c < 256; ++c) {
    Same("<%c>", c);
    Same("<%3c%-3c>", c, c);
  }
  int there = 0;
  for (const void* pointer : {static_cast<const void*>(nullptr), static_cast<const void*>(&there)})
    Same("<%p%20p%-20p>", pointer, pointer, pointer);
  for (const char* text : {"", "a", "hello, world", "100 %d %n"}) {
    Same("%s", text);
    Same("<%5s|%-5s|%20s|%-20s>", text, text, text, text);
    Same("<%.0s|%.s|%.3s|%8.3s|%-8.3s|%.5000s>", text, text, text, text, text, text);
  }
  CHECK(Device("100 %% of %d%%", 5).text == "100 % of 5%");
  CHECK(Device("%%").result == 0);
  CHECK(Device("").result == 0);
  CHECK(Device("no conversion").text == "no conversion");
}

TEST_CASE("format: widths and precisions that are arguments") {
  for (const int width : {0, 1, -1, 12, -12, 4095, -4095}) {
    Same("<%*d>", width, 42);
    Same("<%-*d>", width, 42);
    Same("<%*s>", width, "text");
    Same("<%*.*f>", width, 3, 1.25);
    Same("<%.*f|%.*s>", width, 1.25, width, "text");
  }
}

TEST_CASE("format: arguments are aligned to their size") {
  const Printed printed = Device("%d %f %c %lld %hhd %s", 1, 2.5, int{'x'}, 3LL, 260, "end");
  CHECK(printed.text == "1 2.500000 x 3 4 end");
  CHECK(printed.result == 6);
}

TEST_CASE("format: what is no conversion stays as it is") {
  for (const char* format : {"%", "%5", "%-+ #0", "%.", "%.5", "%l", "%ll", "%y", "%n", "%hhn",
                             "%*y", "%v", "%k %q", "a%", "%5.5", "%hhhd", "%lld%"}) {
    CAPTURE(format);
    const Printed printed = Device(format, 7LL);
    const bool has_one = std::string(format) == "%lld%";
    CHECK(printed.text == (has_one ? "7%" : format));
    CHECK(printed.result == (has_one ? 1 : 0));
  }
  // These have taken their arguments, so that the next is right.
  const int most = INT_MAX, least = INT_MIN;
  for (const char* format : {"%5000d", "%.5000d", "%99999999999999999999d", "%.4294967297d"})
    CHECK(Device(std::string(format) + " %d", 7, 8).text == std::string(format) + " 8");
  CHECK(Device("%ls %lc %d", "wide", 7, 8).text == "%ls %lc 8");
  CHECK(Device("%.4096f %d", 1.0, 8).text == "%.4096f 8");
  CHECK(Device("%*d %d", most, 7, 8).text == "%*d 8");
  CHECK(Device("%*d %d", least, 7, 8).text == "%*d 8");
  CHECK(Device("%.*d %d", most, 7, 8).text == "%.*d 8");
  CHECK(Device("%.*d %d", least, 7, 8).text == "7 8");
  CHECK(Device("%.*s", most, "text").text == "text");
}

TEST_CASE("format: 32 arguments, as in CUDA") {
  std::string format, expected;
  std::vector<int> values;
  for (int i = 0; i < 34; ++i) {
    format += "%d ";
    expected += i < 32 ? "5 " : "%d ";
  }
  const auto print = [](const std::string& text) {
    return Device(text, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
                  5, 5, 5, 5, 5, 5, 5, 5, 5);
  };
  CHECK(print(format).text == expected);
  CHECK(print(format).result == 32);
  // A width counts as one.
  const std::string last = format.substr(0, 31 * 3) + "%*d";
  CHECK(print(last).text == expected.substr(0, 31 * 2) + "%*d");
  CHECK(print(last).result == 31);
}

TEST_CASE("format: an argument that cannot be read ends it, with what comes before") {
  Printed printed = Device("%d and %d", 1);
  CHECK(printed.text == "1 and ");
  CHECK(printed.result == std::nullopt);
  printed = Device("at %s.", std::uint64_t{0x7777});
  CHECK(printed.text == "at ");
  CHECK(printed.result == std::nullopt);
  CHECK(Device("%*d", 3).result == std::nullopt);
  CHECK(Device("%.*d", 3).result == std::nullopt);
}

TEST_CASE("format: text that is too long is cut, and says so") {
  const std::string much(kMostPrintedBytes, 'x');
  CHECK(Device("%s", much).text == much);
  CHECK(Device("%s", much).result == 1);
  CHECK(Device(much).result == 0);
  const std::string note = "[nodecuda: cut, as one call of printf prints 64 KiB at most]\n";
  for (const Printed& printed : {Device("%s!", much), Device(much + "!"), Device("%s", much + "x"),
                                 Device("%s%s%s", much, much, much)}) {
    CHECK(printed.text == much + note);
    CHECK(printed.result == kFormatFailed);
  }
  std::string wide;
  for (int i = 0; i < 20; ++i) wide += "%4095%%4000d";
  CHECK(Device(wide, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1).result ==
        kFormatFailed);
  // Short in the end, but who reads the format stopped there.
  std::string shrinks;
  while (shrinks.size() <= kMostPrintedBytes) shrinks += "%%";
  CHECK(Device(shrinks).result == kFormatFailed);
}

TEST_CASE("format: random bytes and random arguments") {
  std::mt19937 random(5);
  const std::string alphabet = "%%%%%%**..0123456789-+ #hlLzjtdiouxXfFeEgGaAcspn\x01\xff yq";
  int known = 0;
  for (int round = 0; round < 100000; ++round) {
    std::string format;
    for (std::size_t i = random() % 24; i > 0; --i) format += alphabet[random() % alphabet.size()];
    const auto any = [&] { return static_cast<std::uint64_t>(random()) << 32 | random(); };
    const Printed printed = Device(format, any(), any(), any(), "text", any(), any());
    if (!printed.result) continue;
    CHECK(*printed.result >= 0);
    CHECK(*printed.result <= 12);
    if (*printed.result > 0) ++known;
    if (format.find('%') == format.npos) CHECK(printed.text == format);
  }
  CHECK(known > 10000);
}

}  // namespace
}  // namespace nodecuda::simulator
