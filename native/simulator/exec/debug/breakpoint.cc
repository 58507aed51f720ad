#include "simulator/exec/debug/breakpoint.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string_view>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/debug/registers.h"

namespace nodecuda::simulator {
namespace {

// As written, or as the compiler has mangled a function of no namespace: _Z5scalePf.
bool IsNamed(std::string_view symbol, const std::string& name) {
  return symbol == name || symbol.starts_with("_Z" + std::to_string(name.size()) + name);
}

bool EndsInPath(std::string_view path, std::string_view end) {
  if (!path.ends_with(end)) return false;
  return path.size() == end.size() || path[path.size() - end.size() - 1] == '/';
}

std::vector<std::uint32_t> Entries(const Breakpoint& breakpoint, const DecodedKernel& kernel) {
  std::vector<std::uint32_t> places;
  if (IsNamed(kernel.name, breakpoint.name)) places.push_back(0);
  for (const CalledFunction& function : kernel.functions)
    if (function.begin != kNoCode && IsNamed(function.name, breakpoint.name))
      places.push_back(function.begin);
  return places;
}

constexpr std::uint32_t kNoLine = std::numeric_limits<std::uint32_t>::max();

// Those at which a stretch of code of the line begins: it may be there several times, inlined.
template <typename LineOf>
std::vector<std::uint32_t> Stretches(std::uint32_t line, std::size_t count, LineOf line_of) {
  std::vector<std::uint32_t> places;
  for (std::uint32_t pc = 0; pc < count; ++pc)
    if (line_of(pc) == line && (pc == 0 || line_of(pc - 1) != line)) places.push_back(pc);
  return places;
}

std::vector<std::uint32_t> OfSource(const Breakpoint& breakpoint, const DecodedKernel& kernel) {
  std::uint32_t line = kNoLine;
  for (const SourceLine& each : kernel.sources->source_lines())
    if (each.line >= breakpoint.line && each.line < line && EndsInPath(each.file, breakpoint.name))
      line = each.line;
  return Stretches(line, kernel.notes.size(), [&](std::uint32_t pc) {
    const InstructionNotes& notes = kernel.notes[pc];
    return EndsInPath(notes.file, breakpoint.name) ? notes.line : 0;
  });
}

std::vector<std::uint32_t> OfPtx(std::uint32_t wanted, const DecodedKernel& kernel) {
  std::uint32_t line = kNoLine;
  bool begins_before = false;  // else the line is of another kernel
  for (const Instruction& instruction : kernel.code) {
    const auto here = static_cast<std::uint32_t>(instruction.line);
    if (here == 0) continue;
    begins_before |= here <= wanted;
    if (here >= wanted && here < line) line = here;
  }
  if (!begins_before) return {};
  return Stretches(line, kernel.code.size(), [&](std::uint32_t pc) {
    return static_cast<std::uint32_t>(kernel.code[pc].line);
  });
}

template <typename T>
bool Compare(Condition::Operator compare, T left, T right) {
  switch (compare) {
    case Condition::Operator::kEqual:
      return left == right;
    case Condition::Operator::kUnequal:
      return left != right;
    case Condition::Operator::kLess:
      return left < right;
    case Condition::Operator::kLessEqual:
      return left <= right;
    case Condition::Operator::kGreater:
      return left > right;
    case Condition::Operator::kAtLeast:
      return left >= right;
  }
  return false;
}

double FloatToDouble(std::uint64_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
}

// A value of the type as a float; of bits, of the float that has as many.
std::optional<double> AsFloat(ptx::Type type, std::uint64_t bits) {
  switch (type) {
    case ptx::Type::kF16:
    case ptx::Type::kB16:
      return HalfToFloat(static_cast<std::uint16_t>(bits));
    case ptx::Type::kBF16:
      return FloatToDouble(bits << 16);
    case ptx::Type::kF32:
    case ptx::Type::kTF32:
    case ptx::Type::kB32:
      return FloatToDouble(bits);
    case ptx::Type::kF64:
    case ptx::Type::kB64:
      return std::bit_cast<double>(bits);
    default:
      return std::nullopt;
  }
}

bool IsFloat(ptx::Type type) {
  return type == ptx::Type::kF16 || type == ptx::Type::kBF16 || type == ptx::Type::kF32 ||
         type == ptx::Type::kTF32 || type == ptx::Type::kF64;
}

bool IsUnsigned(ptx::Type type) {
  return type == ptx::Type::kU8 || type == ptx::Type::kU16 || type == ptx::Type::kU32 ||
         type == ptx::Type::kU64 || type == ptx::Type::kPred;
}

bool IsSigned(ptx::Type type) {
  return type == ptx::Type::kS8 || type == ptx::Type::kS16 || type == ptx::Type::kS32 ||
         type == ptx::Type::kS64;
}

// Bits of no type are a signed number, unless the other one is beyond those.
bool HoldsOfIntegers(const Condition& condition, ptx::Type type, std::uint64_t bits) {
  // Of 128 bits the lower half counts.
  const std::size_t width =
      type == ptx::Type::kPred ? 64 : std::min<std::size_t>(64, 8 * SizeOf(type));
  const bool fits = condition.magnitude >> (width - 1) == 0;
  const bool is_signed = IsSigned(type) || (!IsUnsigned(type) && (condition.is_negative || fits));
  // One bit more than any of them needs.
  __extension__ using Wide = __int128;
  Wide value = bits;
  if (is_signed && (bits >> (width - 1) & 1) != 0) value -= Wide{1} << width;
  const Wide other = condition.is_negative ? -Wide{condition.magnitude} : Wide{condition.magnitude};
  return Compare(condition.compare, value, other);
}

}  // namespace

std::vector<std::uint32_t> PlacesOf(const Breakpoint& breakpoint, const DecodedKernel& kernel) {
  switch (breakpoint.kind) {
    case Breakpoint::Kind::kName:
      return Entries(breakpoint, kernel);
    case Breakpoint::Kind::kSource:
      return OfSource(breakpoint, kernel);
    case Breakpoint::Kind::kPtx:
      return OfPtx(breakpoint.line, kernel);
  }
  return {};
}

FunctionCode FunctionAt(const DecodedKernel& kernel, std::uint32_t pc) {
  FunctionCode found{kernel.name, 0, static_cast<std::uint32_t>(kernel.code.size())};
  for (const CalledFunction& function : kernel.functions) {
    if (function.begin == kNoCode) continue;
    if (pc >= function.begin && pc < function.end)
      return {function.name, function.begin, function.end};
    found.end = std::min(found.end, function.begin);
  }
  return found;
}

bool Holds(const Condition& condition, BlockRunner& block, std::uint32_t pc, int warp, int lane) {
  const auto found = ReadNamed(block, pc, warp, lane, condition.name);
  if (!found) return false;
  const auto [type, bits] = *found;
  if (condition.is_integer && !IsFloat(type)) return HoldsOfIntegers(condition, type, bits.low);
  const std::optional<double> value = AsFloat(type, bits.low);
  return value && Compare(condition.compare, *value, condition.number);
}

}  // namespace nodecuda::simulator
