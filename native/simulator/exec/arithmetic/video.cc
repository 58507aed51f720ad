#include "simulator/exec/arithmetic/video.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace nodecuda::simulator {
namespace {

using ptx::Operand;
using s64 = std::int64_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
__extension__ using s128 = __int128;

// Element `number` of `bytes` bytes of b:a.
s64 ElementOf(u32 a, u32 b, unsigned number, unsigned bytes, bool is_signed) {
  const u64 both = u64{b} << 32 | a;
  const unsigned bits = 8 * bytes, unused = 64 - bits;
  const u64 up = (both >> (number * bits)) << unused;
  return is_signed ? static_cast<s64>(up) >> unused : static_cast<s64>(up >> unused);
}

s64 Widen(u32 c, bool is_signed) {
  return is_signed ? static_cast<std::int32_t>(c) : static_cast<s64>(c);
}

s64 Clamp(s128 x, unsigned bytes, bool is_signed) {
  const s64 most = (s64{1} << (8 * bytes - is_signed)) - 1, least = is_signed ? -most - 1 : 0;
  return static_cast<s64>(std::clamp<s128>(x, least, most));
}

s64 Shifted(const VideoForm& form, s64 a, s64 b) {
  // b counts as unsigned, however it was widened.
  const u32 count = static_cast<u32>(b);
  const unsigned by = form.wraps ? count & 31 : std::min(count, 32u);
  if (VideoOperation(form.operation) == VideoOperation::kShr) return a >> by;
  // What s64 cannot hold was shifted by 32: any great number with as many zeros will do.
  constexpr s64 kGreat = 0x7fffffff00000000;
  const s128 shifted = s128{a} << by;
  return shifted > INT64_MAX ? kGreat : static_cast<s64>(shifted);
}

s64 Operate(const VideoForm& form, s64 a, s64 b) {
  switch (VideoOperation(form.operation)) {
    case VideoOperation::kAdd:
      return a + b;
    case VideoOperation::kSub:
      return a - b;
    case VideoOperation::kAbsDiff:
      return a > b ? a - b : b - a;
    case VideoOperation::kMin:
      return std::min(a, b);
    case VideoOperation::kMax:
      return std::max(a, b);
    case VideoOperation::kAverage:
      return a + b >= 0 ? (a + b + 1) >> 1 : (a + b) >> 1;
    case VideoOperation::kShl:
    case VideoOperation::kShr:
      return Shifted(form, a, b);
    case VideoOperation::kSet:
      return (form.comparison & (a < b ? 1 : a == b ? 2 : 4)) != 0;
    case VideoOperation::kMad:
      break;
  }
  return 0;
}

u32 MultiplyAdd(const VideoForm& form, s64 a, s64 b, u32 c) {
  const bool is_signed = form.a_signed || form.b_signed || form.negates_product || form.negates_c;
  s128 sum = s128{a} * b;
  s128 addend = Widen(c, is_signed);
  if (form.plus_one) {
    sum += 1;
  } else if (form.negates_product) {
    sum = -sum;
  } else if (form.negates_c) {
    addend = -addend;
  }
  sum = (sum + addend) >> form.shift;
  return static_cast<u32>(form.saturates ? Clamp(sum, 4, is_signed) : static_cast<s64>(sum));
}

u32 Scalar(const VideoForm& form, u32 a, u32 b, u32 c) {
  const s64 x = ElementOf(a, 0, form.a_elements, form.a_bytes, form.a_signed);
  const s64 y = ElementOf(b, 0, form.b_elements, form.b_bytes, form.b_signed);
  if (VideoOperation(form.operation) == VideoOperation::kMad) return MultiplyAdd(form, x, y, c);
  s64 result = Operate(form, x, y);
  if (form.saturates) result = Clamp(result, form.d_bytes, form.d_signed);
  const s64 other = Widen(c, form.d_signed);
  switch (VideoSecond(form.second)) {
    case VideoSecond::kAdd:
      // Of a value shifted far to the left; the low bits are what counts.
      result =
          static_cast<s64>(static_cast<std::uint64_t>(result) + static_cast<std::uint64_t>(other));
      break;
    case VideoSecond::kMin:
      result = std::min(result, other);
      break;
    case VideoSecond::kMax:
      result = std::max(result, other);
      break;
    case VideoSecond::kNone:
      break;
  }
  if (form.d_bytes == 4) return static_cast<u32>(result);
  const unsigned bits = 8 * form.d_bytes, begin = form.written * bits;
  const u32 field = ((u32{1} << bits) - 1) << begin;
  return (static_cast<u32>(result) << begin & field) | (c & ~field);
}

u32 Vector(const VideoForm& form, u32 a, u32 b, u32 c) {
  const unsigned bytes = 4 / form.count, bits = 8 * bytes;
  const bool accumulates = VideoSecond(form.second) == VideoSecond::kAdd;
  u32 result = c;
  for (unsigned i = 0; i < form.count; ++i) {
    if ((form.written >> i & 1) == 0) continue;
    s64 t = Operate(form, ElementOf(a, b, form.a_elements >> (3 * i) & 7, bytes, form.a_signed),
                    ElementOf(a, b, form.b_elements >> (3 * i) & 7, bytes, form.b_signed));
    if (form.saturates) t = Clamp(t, bytes, form.d_signed);
    const u32 field = ((u32{1} << bits) - 1) << (i * bits);
    result = accumulates ? result + static_cast<u32>(t)
                         : (result & ~field) | (static_cast<u32>(t) << (i * bits) & field);
  }
  return result;
}

void Run(std::byte* file, const Instruction& in, LaneMask mask) {
  const VideoForm form = VideoForm::Of(in);
  const auto lanes = [&](int i) { return reinterpret_cast<u32*>(file + in.slot[i]); };
  u32 *d = lanes(0), *a = lanes(1), *b = lanes(2), *c = form.has_c ? lanes(3) : lanes(1);
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    d[lane] = (form.count == 1 ? Scalar : Vector)(form, a[lane], b[lane], c[lane]);
  }
}

struct Name {
  std::string_view name;
  unsigned value;
};

template <std::size_t kCount>
std::optional<unsigned> Find(const Name (&names)[kCount], std::string_view name) {
  for (const Name& entry : names)
    if (entry.name == name) return entry.value;
  return std::nullopt;
}

constexpr Name kOperations[] = {
    {"vadd", unsigned(VideoOperation::kAdd)},         {"vsub", unsigned(VideoOperation::kSub)},
    {"vabsdiff", unsigned(VideoOperation::kAbsDiff)}, {"vmin", unsigned(VideoOperation::kMin)},
    {"vmax", unsigned(VideoOperation::kMax)},         {"vavrg", unsigned(VideoOperation::kAverage)},
    {"vshl", unsigned(VideoOperation::kShl)},         {"vshr", unsigned(VideoOperation::kShr)},
    {"vmad", unsigned(VideoOperation::kMad)},         {"vset", unsigned(VideoOperation::kSet)}};
constexpr Name kComparisons[] = {{"lt", 1}, {"eq", 2}, {"le", 3}, {"gt", 4}, {"ne", 5}, {"ge", 6}};
constexpr Name kSeconds[] = {{"add", unsigned(VideoSecond::kAdd)},
                             {"min", unsigned(VideoSecond::kMin)},
                             {"max", unsigned(VideoSecond::kMax)}};
constexpr Name kTypes[] = {{"u32", 0}, {"s32", 1}};

class Parser {
 public:
  Parser(const ptx::Instruction& instruction, std::string* why)
      : parts_(instruction.parts), operands_(instruction.operands), why_(*why) {}

  std::optional<VideoForm> Parse() {
    why_.clear();
    std::string_view name = parts_[0];
    if (name.ends_with('2') || name.ends_with('4')) {
      form_.count = static_cast<unsigned>(name.back() - '0');
      name.remove_suffix(1);
    }
    const std::optional<unsigned> found = Find(kOperations, name);
    if (!found || !Exists(VideoOperation(*found))) return std::nullopt;
    form_.operation = *found;
    if (!ReadTypes() || !ReadModifiers() || !ReadOperands()) return std::nullopt;
    return form_;
  }

 private:
  bool is_vector() const { return form_.count > 1; }
  VideoOperation operation() const { return VideoOperation(form_.operation); }
  bool Exists(VideoOperation operation) const {
    if (operation == VideoOperation::kAverage) return is_vector();
    return !is_vector() || operation < VideoOperation::kShl || operation == VideoOperation::kSet;
  }

  bool Fail(const char* reason) {
    why_ = reason;
    return false;
  }
  bool Accept(std::string_view part) {
    if (next_ == parts_.size() || parts_[next_] != part) return false;
    ++next_;
    return true;
  }
  template <std::size_t kCount>
  std::optional<unsigned> AcceptAny(const Name (&names)[kCount]) {
    if (next_ == parts_.size()) return std::nullopt;
    const std::optional<unsigned> found = Find(names, parts_[next_]);
    if (found) ++next_;
    return found;
  }

  bool ReadTypes() {
    bool is_signed[3] = {};
    for (int i = operation() == VideoOperation::kSet ? 1 : 0; i < 3; ++i) {
      const std::optional<unsigned> type = AcceptAny(kTypes);
      if (!type) return Fail("three types, .u32 or .s32, are needed (of vset two)");
      is_signed[i] = *type != 0;
    }
    form_.d_signed = is_signed[0], form_.a_signed = is_signed[1], form_.b_signed = is_signed[2];
    const bool shifts = operation() == VideoOperation::kShl || operation() == VideoOperation::kShr;
    return !shifts || !form_.b_signed || Fail("a shift is by .u32");
  }

  bool ReadModifiers() {
    const VideoOperation kind = operation();
    if (kind == VideoOperation::kSet) {
      const std::optional<unsigned> comparison = AcceptAny(kComparisons);
      if (!comparison) return Fail("a comparison is missing");
      form_.comparison = *comparison;
    } else {
      if (kind == VideoOperation::kMad) form_.plus_one = Accept("po");
      form_.saturates = Accept("sat");
    }
    if (kind == VideoOperation::kShl || kind == VideoOperation::kShr) {
      form_.wraps = Accept("wrap");
      if (!form_.wraps && !Accept("clamp")) return Fail("a shift has .clamp or .wrap");
    }
    if (kind == VideoOperation::kMad) {
      form_.shift = Accept("shr7") ? 7 : Accept("shr15") ? 15 : 0;
    } else if (const std::optional<unsigned> second = AcceptAny(kSeconds)) {
      form_.second = *second;
    }
    if (is_vector() && VideoSecond(form_.second) > VideoSecond::kAdd)
      return Fail("a vector can only be accumulated");
    if (is_vector() && form_.saturates && VideoSecond(form_.second) != VideoSecond::kNone)
      return Fail(".sat and .add exclude each other");
    return next_ == parts_.size() || Fail("unknown modifier");
  }

  static std::string_view SelectorOf(const Operand& operand) {
    return operand.kind == Operand::Kind::kPart ? operand.name : std::string_view();
  }

  // One part of a scalar: b0 to b3, h0 or h1. Empty: all of it.
  static bool ReadPart(std::string_view selector, unsigned* number, unsigned* bytes) {
    if (selector.empty()) return true;
    *bytes = selector[0] == 'b' ? 1 : 2;
    *number = static_cast<unsigned>(selector.back() - '0');
    return selector.size() == 2 && *number < 4 / *bytes;
  }
  // An element each, the highest first.
  bool ReadElements(std::string_view selector, unsigned first, unsigned* elements) const {
    const unsigned count = form_.count;
    *elements = 0;
    for (unsigned i = 0; i < count; ++i) {
      unsigned number = first + i;
      if (!selector.empty()) {
        if (selector.size() != count + 1 || selector[0] != (count == 2 ? 'h' : 'b')) return false;
        number = static_cast<unsigned>(selector[count - i] - '0');
        if (number >= 2 * count) return false;
      }
      *elements |= number << (3 * i);
    }
    return true;
  }
  bool ReadMask(std::string_view selector, unsigned* mask) const {
    const unsigned count = form_.count;
    *mask = (1u << count) - 1;
    if (selector.empty()) return true;
    *mask = 0;
    if (selector[0] != (count == 2 ? 'h' : 'b')) return false;
    for (const char digit : selector.substr(1)) {  // falling
      const unsigned bit = 1u << (digit - '0');
      if (bit >= 1u << count || (*mask != 0 && bit >= (*mask & -*mask))) return false;
      *mask |= bit;
    }
    return true;
  }

  bool ReadOperands() {
    if (operands_.size() < 3) return Fail("wrong number of operands");
    const std::string_view d = SelectorOf(operands_[0]), a = SelectorOf(operands_[1]),
                           b = SelectorOf(operands_[2]);
    unsigned numbers[3] = {}, bytes[3] = {4, 4, 4};
    bool fits = true;
    if (is_vector()) {
      fits = ReadMask(d, &numbers[0]) && ReadElements(a, 0, &numbers[1]) &&
             ReadElements(b, form_.count, &numbers[2]);
    } else {
      fits = ReadPart(d, &numbers[0], &bytes[0]) && ReadPart(a, &numbers[1], &bytes[1]) &&
             ReadPart(b, &numbers[2], &bytes[2]);
    }
    const bool is_mad = operation() == VideoOperation::kMad;
    const bool second = VideoSecond(form_.second) != VideoSecond::kNone;
    if (!fits || (!d.empty() && (is_mad || (!is_vector() && second))))
      return Fail("no such selector here");
    form_.written = numbers[0], form_.a_elements = numbers[1], form_.b_elements = numbers[2];
    form_.d_bytes = bytes[0], form_.a_bytes = bytes[1], form_.b_bytes = bytes[2];
    form_.has_c = is_vector() || is_mad || second || form_.d_bytes < 4;
    if (operands_.size() != (form_.has_c ? 4 : 3)) return Fail("wrong number of operands");
    return ReadSigns();
  }

  bool ReadSigns() {
    const auto negated = [this](std::size_t i) {
      return operands_[i].kind == Operand::Kind::kPart && operands_[i].negated;
    };
    if (form_.has_c && !SelectorOf(operands_[3]).empty()) return Fail("no such selector here");
    if (operation() != VideoOperation::kMad) {
      for (std::size_t i = 0; i < operands_.size(); ++i)
        if (negated(i)) return Fail("only vmad negates its operands");
      return true;
    }
    if (negated(0)) return Fail("only sources are negated");
    form_.negates_product = negated(1) != negated(2);
    form_.negates_c = negated(3);
    return !(form_.plus_one && (negated(1) || negated(2) || negated(3))) ||
           Fail(".po and negation exclude each other");
  }

  const std::vector<std::string_view>& parts_;
  const std::vector<Operand>& operands_;
  std::string& why_;
  std::size_t next_ = 1;
  VideoForm form_;
};

}  // namespace

std::optional<VideoForm> ParseVideo(const ptx::Instruction& instruction, std::string* why) {
  return Parser(instruction, why).Parse();
}

AluHandler VideoHandler() {
  return &Run;
}

}  // namespace nodecuda::simulator
