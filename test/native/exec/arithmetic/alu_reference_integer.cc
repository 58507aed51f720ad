#include <algorithm>
#include <cstdlib>

#include "test/native/exec/arithmetic/alu_reference.h"

namespace nodecuda::simulator::test {
namespace {

struct Kind {
  int bits;
  bool is_signed;
};
std::optional<Kind> KindOf(const std::string& type) {
  if (type == "pred") return Kind{1, false};
  if (type.find('x') != std::string::npos || type.find('f') != std::string::npos) {
    return std::nullopt;
  }
  return Kind{std::atoi(type.c_str() + 1), type[0] == 's'};
}
Int128 Read(std::uint64_t bits, Kind kind) {
  const auto all = (Int128{1} << kind.bits) - 1;
  const Int128 value = bits & all;
  return kind.is_signed && (value >> (kind.bits - 1)) != 0 ? value - all - 1 : value;
}
std::uint64_t Cut(Int128 value, int bits) {
  return static_cast<std::uint64_t>(static_cast<Uint128>(value) & ((Uint128{1} << bits) - 1));
}
std::uint64_t Bit(std::uint64_t value, int i) {
  return i >= 0 && i < 64 ? value >> i & 1 : 0;
}
std::int64_t ByteOf(std::uint64_t value, int i, bool is_signed) {
  return static_cast<std::int64_t>(Read(value >> (8 * i), {8, is_signed}));
}
Int128 ClampTo(Int128 value, Kind kind) {
  const Int128 top = (Int128{1} << (kind.bits - kind.is_signed)) - 1;
  return std::clamp(value, kind.is_signed ? -top - 1 : Int128{0}, top);
}

// The manual's pseudo-code, bit by bit.
std::uint64_t Bfe(std::uint64_t a, std::int64_t position, std::int64_t length, Kind kind) {
  const int top = kind.bits - 1;
  std::uint64_t sign = 0, result = 0;
  if (kind.is_signed && length != 0) {
    sign = Bit(a, static_cast<int>(std::min<std::int64_t>(position + length - 1, top)));
  }
  for (int i = 0; i <= top; ++i) {
    const bool inside = i < length && position + i <= top;
    result |= (inside ? Bit(a, static_cast<int>(position) + i) : sign) << i;
  }
  return result;
}
std::uint64_t Bfi(std::uint64_t a, std::uint64_t b, std::int64_t position, std::int64_t length,
                  Kind kind) {
  for (int i = 0; i < length && position + i < kind.bits; ++i) {
    const int at = static_cast<int>(position) + i;
    b &= ~(std::uint64_t{1} << at);
    b |= Bit(a, i) << at;
  }
  return b;
}
std::uint64_t Bfind(std::uint64_t a, Kind kind, bool shift) {
  if (Read(a, kind) < 0) a = Cut(~Int128{a}, kind.bits);
  for (int i = kind.bits - 1; i >= 0; --i) {
    if (Bit(a, i)) return static_cast<std::uint64_t>(shift ? kind.bits - 1 - i : i);
  }
  return 0xffffffff;
}
std::uint64_t Fns(std::uint64_t mask, std::uint64_t base, std::int64_t offset) {
  if (offset == 0) return base < 32 && Bit(mask, static_cast<int>(base)) ? base : 0xffffffff;
  std::int64_t count = std::llabs(offset) - 1;
  for (auto at = static_cast<std::int64_t>(base); at >= 0 && at<32; at += offset> 0 ? 1 : -1) {
    if (Bit(mask, static_cast<int>(at)) && count-- == 0) return static_cast<std::uint64_t>(at);
  }
  return 0xffffffff;
}
std::uint64_t Prmt(std::uint64_t a, std::uint64_t b, std::uint64_t c, const Spelling& spelling) {
  static constexpr int kF4e[4][4] = {{0, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 6}};
  static constexpr int kB4e[4][4] = {{0, 7, 6, 5}, {1, 0, 7, 6}, {2, 1, 0, 7}, {3, 2, 1, 0}};
  static constexpr int kRc8[4][4] = {{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}};
  static constexpr int kEcl[4][4] = {{0, 1, 2, 3}, {1, 1, 2, 3}, {2, 2, 2, 3}, {3, 3, 3, 3}};
  static constexpr int kEcr[4][4] = {{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}};
  static constexpr int kRc16[4][4] = {{0, 1, 0, 1}, {2, 3, 2, 3}, {0, 1, 0, 1}, {2, 3, 2, 3}};
  const int(*table)[4] = nullptr;
  if (spelling.Has("f4e")) table = kF4e;
  if (spelling.Has("b4e")) table = kB4e;
  if (spelling.Has("rc8")) table = kRc8;
  if (spelling.Has("ecl")) table = kEcl;
  if (spelling.Has("ecr")) table = kEcr;
  if (spelling.Has("rc16")) table = kRc16;
  const std::uint64_t both = b << 32 | a;
  std::uint64_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const int pick = table != nullptr ? table[c & 3][i] : static_cast<int>(c >> (4 * i) & 15);
    std::uint64_t byte = both >> (8 * (pick & 7)) & 0xff;
    if (pick & 8) byte = byte & 0x80 ? 0xff : 0;
    result |= byte << (8 * i);
  }
  return result;
}

std::optional<Int128> Bits(const Spelling& f, const std::vector<std::uint64_t>& s, Kind kind) {
  const auto at = [&](std::size_t i) {
    return static_cast<int>(std::min<std::uint64_t>(s[i], 999));
  };
  if (f.base == "and") return s[0] & s[1];
  if (f.base == "or") return s[0] | s[1];
  if (f.base == "xor") return s[0] ^ s[1];
  if (f.base == "not") return ~Int128{s[0]};
  if (f.base == "cnot") return s[0] == 0;
  if (f.base == "shl") return at(1) >= kind.bits ? 0 : Int128{s[0]} << at(1);
  if (f.base == "shr") return Read(s[0], kind) >> std::min(at(1), kind.bits);
  if (f.base == "lop3") {
    Int128 result = 0;
    for (int i = 0; i < 32; ++i) {
      const auto row = Bit(s[0], i) << 2 | Bit(s[1], i) << 1 | Bit(s[2], i);
      result |= Int128{Bit(s[3], static_cast<int>(row))} << i;
    }
    return result;
  }
  if (f.base == "shf") {
    const int n = f.Has("wrap") ? static_cast<int>(s[2] & 31) : std::min(at(2), 32);
    const Uint128 both = Uint128{s[1]} << 32 | s[0];
    return static_cast<Int128>(f.Has("l") ? both << n >> 32 : both >> n);
  }
  // Only the forms of 32 bits look at no more than 8 bits of position and length.
  const auto limited = [&](std::uint64_t count) {
    return static_cast<std::int64_t>(kind.bits == 32 ? count & 0xff : count);
  };
  if (f.base == "bfe") return Bfe(s[0], limited(s[1]), limited(s[2]), kind);
  if (f.base == "bfi") return Bfi(s[0], s[1], limited(s[2]), limited(s[3]), kind);
  if (f.base == "bmsk") {
    const bool wrap = f.Has("wrap");
    const Int128 first = wrap ? s[0] & 31 : s[0], length = wrap ? s[1] & 31 : s[1];
    Int128 result = 0;
    for (int i = 0; i < 32; ++i) result |= Int128{i >= first && i < first + length} << i;
    return result;
  }
  if (f.base == "szext") {
    if (f.Has("clamp") && s[1] >= 32) return s[0];
    const int length = s[1] & 31;
    return length == 0 ? 0 : Read(s[0], {length, kind.is_signed});
  }
  if (f.base == "clz") {
    const auto top = Bfind(s[0], {kind.bits, false}, true);
    return top == 0xffffffff ? kind.bits : static_cast<Int128>(top);
  }
  if (f.base == "popc" || f.base == "brev") {
    Int128 count = 0, reversed = 0;
    for (int i = 0; i < kind.bits; ++i) {
      count += Bit(s[0], i);
      reversed |= Int128{Bit(s[0], i)} << (kind.bits - 1 - i);
    }
    return f.base == "popc" ? count : reversed;
  }
  if (f.base == "bfind") return Bfind(s[0], kind, f.Has("shiftamt"));
  if (f.base == "fns") return Fns(s[0], s[1], static_cast<std::int32_t>(s[2]));
  if (f.base == "prmt") return Prmt(s[0], s[1], s[2], f);
  if (f.base == "mov") return s[0];
  if (f.base == "selp") return s[2] ? s[0] : s[1];
  return std::nullopt;
}

std::optional<Int128> Arithmetic(const Spelling& f, const std::vector<std::uint64_t>& s,
                                 Kind kind) {
  const Int128 a = Read(s[0], kind);
  const Int128 b = s.size() > 1 ? Read(s[1], kind) : 0;
  const bool wide = f.Has("wide");
  const Int128 c = s.size() > 2 ? Read(s[2], {kind.bits << wide, kind.is_signed}) : 0;
  const auto product = [&](int bits) {
    const Int128 x = Read(s[0], {bits, kind.is_signed}), y = Read(s[1], {bits, kind.is_signed});
    const auto full = static_cast<Uint128>(x) * static_cast<Uint128>(y);
    const int down = f.Has("hi") ? (bits == 24 ? 16 : bits) : 0;
    return kind.is_signed ? static_cast<Int128>(full) >> down : static_cast<Int128>(full >> down);
  };
  const auto saturated = [&](Int128 x) { return f.Has("sat") ? ClampTo(x, kind) : x; };
  const auto relu = [&](Int128 x) { return f.Has("relu") ? std::max<Int128>(x, 0) : x; };
  // What stays of a value in the type of the result, before an addition that may saturate.
  const auto kept = [&](Int128 x) {
    return Read(Cut(x, kind.bits << wide), {kind.bits << wide, kind.is_signed});
  };
  if (f.base == "add") return saturated(a + b);
  if (f.base == "sub") return saturated(a - b);
  if (f.base == "mul") return product(kind.bits);
  if (f.base == "mad") {
    return saturated(static_cast<Int128>(static_cast<Uint128>(kept(product(kind.bits))) +
                                         static_cast<Uint128>(c)));
  }
  if (f.base == "mul24") return product(24);
  if (f.base == "mad24") return saturated(kept(product(24)) + c);
  // Left open by PTX; the simulator's choice.
  if (f.base == "div") return b == 0 ? Int128{-1} : a / b;
  if (f.base == "rem") return b == 0 ? a : a % b;
  if (f.base == "neg") return -a;
  if (f.base == "abs") return a < 0 ? -a : a;
  if (f.base == "min") return relu(std::min(a, b));
  if (f.base == "max") return relu(std::max(a, b));
  if (f.base == "sad") return c + (a < b ? b - a : a - b);
  return std::nullopt;
}

// dp4a and dp2a: the types are those of a and of b.
Int128 DotProduct(const Spelling& f, const std::vector<std::uint64_t>& s) {
  const bool a_signed = f.types[0] == "s32", b_signed = f.types[1] == "s32";
  Int128 sum = s[2];
  if (f.base == "dp4a") {
    for (int i = 0; i < 4; ++i) sum += ByteOf(s[0], i, a_signed) * ByteOf(s[1], i, b_signed);
    return sum;
  }
  for (int i = 0; i < 2; ++i) {
    sum +=
        Read(s[0] >> (16 * i), {16, a_signed}) * ByteOf(s[1], i + (f.Has("hi") ? 2 : 0), b_signed);
  }
  return sum;
}

// The last source is the carry.
std::optional<Expected> WithCarry(const Spelling& f, const std::vector<std::uint64_t>& s,
                                  Kind kind) {
  const bool reads = f.base.back() == 'c';
  const std::uint64_t carry = s.back();
  const Uint128 in = reads ? carry : 0;
  const Uint128 modulus = Uint128{1} << kind.bits;
  const std::uint64_t kept = f.Has("cc") ? 0 : carry;
  const auto result = [&](Uint128 sum, bool out) {
    return Expected{{static_cast<std::uint64_t>(sum % modulus), f.Has("cc") ? out : kept}, 0};
  };
  if (f.base.starts_with("sub")) {
    // The flag is that nothing was borrowed: what a processor does which adds the complement.
    const Uint128 borrow = reads ? 1 - carry : 0, taken = Uint128{s[1]} + borrow;
    return result(Uint128{s[0]} + 2 * modulus - taken, s[0] >= taken);
  }
  Uint128 sum = Uint128{s[0]} + s[1] + in;
  if (f.base.starts_with("mad")) {
    const Uint128 full =
        static_cast<Uint128>(Read(s[0], kind)) * static_cast<Uint128>(Read(s[1], kind));
    sum = (f.Has("hi") ? full >> kind.bits : full) % modulus + s[2] + in;
  }
  return result(sum, sum >= modulus);
}

}  // namespace

std::optional<Expected> IntegerReference(const Spelling& f, const std::vector<std::uint64_t>& s) {
  if (f.base == "dp4a" || f.base == "dp2a") return Expected{{Cut(DotProduct(f, s), 32)}, 0};
  if (f.base == "slct") {
    const bool ftz = f.Has("ftz");
    bool first = static_cast<std::int32_t>(s[2]) >= 0;
    if (f.type() == "f32") {
      const Format single = *FormatNamed("f32");
      first = Decode(ftz ? FlushSubnormal(s[2], single) : s[2], single) >= 0;
    }
    return Expected{{first ? s[0] : s[1]}, 0};
  }
  if (f.type() == "u16x2" || f.type() == "s16x2") {
    Spelling half = f;
    half.types = {f.type().substr(0, 3)};
    std::uint64_t result = 0;
    for (int i = 0; i < 2; ++i) {
      const auto part = Arithmetic(half, {s[0] >> (16 * i) & 0xffff, s[1] >> (16 * i) & 0xffff},
                                   *KindOf(half.type()));
      if (!part) return std::nullopt;
      result |= Cut(*part, 16) << (16 * i);
    }
    return Expected{{result}, 0};
  }
  if (f.base == "mov" || f.base == "selp")
    return Expected{{static_cast<std::uint64_t>(*Bits(f, s, {64, false}))}, 0};
  const std::optional<Kind> kind = KindOf(f.type());
  if (!kind) return std::nullopt;
  if (f.Has("cc") || f.base == "addc" || f.base == "subc" || f.base == "madc") {
    return WithCarry(f, s, *kind);
  }
  std::optional<Int128> result = Bits(f, s, *kind);
  if (!result) result = Arithmetic(f, s, *kind);
  if (!result) return std::nullopt;
  const bool counts = f.base == "popc" || f.base == "clz" || f.base == "bfind";
  return Expected{{Cut(*result, counts ? 32 : kind->bits << f.Has("wide"))}, 0};
}

}  // namespace nodecuda::simulator::test
