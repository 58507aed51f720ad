#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/exec/matrix/wmma.h"

// Which forms of wmma there are.
namespace nodecuda::simulator {
namespace {

struct Shape {
  std::string_view name;
  std::uint8_t m, n, k;
};
constexpr Shape kShapes[] = {{"m16n16k16", 16, 16, 16}, {"m32n8k16", 32, 8, 16},
                             {"m8n32k16", 8, 32, 16},   {"m16n16k8", 16, 16, 8},
                             {"m8n8k4", 8, 8, 4},       {"m8n8k32", 8, 8, 32},
                             {"m8n8k128", 8, 8, 128}};

const Shape* ShapeNamed(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kShapes), std::end(kShapes), [&](auto& s) { return s.name == name; });
  return found == std::end(kShapes) ? nullptr : found;
}

// Whether matrices of this type are multiplied in this shape.
bool Multiplies(MmaType type, const Shape& shape) {
  switch (type) {
    case MmaType::kF16:
    case MmaType::kBF16:
    case MmaType::kS8:
    case MmaType::kU8:
      return shape.k == 16;
    case MmaType::kTF32:
      return shape.k == 8;
    case MmaType::kS4:
    case MmaType::kU4:
      return shape.k == 32;
    case MmaType::kB1:
      return shape.k == 128;
    case MmaType::kF64:
      return shape.k == 4;
    default:
      return false;
  }
}

// And whether results of this type come of it, of some operands.
bool Accumulates(MmaType type, const Shape& shape) {
  switch (type) {
    case MmaType::kF32:
      return shape.k == 16 || shape.k == 8;
    case MmaType::kF16:
      return shape.k == 16;
    case MmaType::kS32:
      return shape.k >= 16;
    case MmaType::kF64:
      return shape.k == 4;
    default:
      return false;
  }
}

WmmaFragment FragmentOf(int rows, int columns, MmaType type, bool is_accumulator) {
  const int bits = BitsOf(type), elements = rows * columns / kWarpSize;
  const int registers = type == MmaType::kF16 && !is_accumulator ? 8 : elements * bits / 32;
  return {static_cast<std::uint8_t>(rows), static_cast<std::uint8_t>(columns),
          static_cast<std::uint8_t>(bits),
          static_cast<std::uint8_t>(bits == 64 ? elements : registers)};
}

// Elements of less than a byte are moved as words of 32 bits, along k.
WmmaFragment FragmentOfA(const Shape& shape, MmaType type) {
  if (BitsOf(type) >= 8) return FragmentOf(shape.m, shape.k, type, false);
  return {shape.m, static_cast<std::uint8_t>(shape.k * BitsOf(type) / 32), 32, 1};
}
WmmaFragment FragmentOfB(const Shape& shape, MmaType type) {
  if (BitsOf(type) >= 8) return FragmentOf(shape.k, shape.n, type, false);
  return {static_cast<std::uint8_t>(shape.k * BitsOf(type) / 32), shape.n, 32, 1};
}

std::nullopt_t Refuse(std::string* why, std::string reason) {
  *why = std::move(reason);
  return std::nullopt;
}

// All fragments there are, so that two bytes can name one.
constexpr MmaType kOperandTypes[] = {MmaType::kF16, MmaType::kBF16, MmaType::kTF32, MmaType::kS8,
                                     MmaType::kU8,  MmaType::kF64,  MmaType::kS4,   MmaType::kB1};
constexpr MmaType kResultTypes[] = {MmaType::kF16, MmaType::kF32, MmaType::kS32, MmaType::kF64};

const std::vector<WmmaFragment>& Fragments() {
  static const std::vector<WmmaFragment> fragments = [] {
    std::vector<WmmaFragment> all;
    for (const Shape& shape : kShapes) {
      for (const MmaType type : kOperandTypes) {
        if (!Multiplies(type, shape)) continue;
        all.push_back(FragmentOfA(shape, type));
        all.push_back(FragmentOfB(shape, type));
      }
      for (const MmaType type : kResultTypes)
        if (Accumulates(type, shape)) all.push_back(FragmentOf(shape.m, shape.n, type, true));
    }
    return all;
  }();
  return fragments;
}

}  // namespace

void WmmaMoveForm::PackInto(std::uint8_t (&detail)[2]) const {
  const auto& all = Fragments();
  detail[0] = static_cast<std::uint8_t>(std::find(all.begin(), all.end(), fragment) - all.begin());
  detail[1] = static_cast<std::uint8_t>(static_cast<unsigned>(space) | (wide_address ? 8u : 0u) |
                                        (by_columns ? 16u : 0u) | (is_store ? 32u : 0u) |
                                        static_cast<unsigned>(packing) << 6);
}

WmmaMoveForm WmmaMoveForm::Of(const Instruction& in) {
  return {Fragments()[in.detail[0]], (in.detail[1] & 32) != 0,
          (in.detail[1] & 16) != 0,  static_cast<ptx::Space>(in.detail[1] & 7),
          (in.detail[1] & 8) != 0,   static_cast<WmmaPacking>(in.detail[1] >> 6)};
}

// wmma.load.{a,b,c} and wmma.store.d .sync.aligned.{row,col}.m16n16k16{.global}.f16
std::optional<WmmaMoveForm> ParseWmmaMove(const ptx::Instruction& instruction, std::string* why) {
  const auto& parts = instruction.parts;
  if (parts.size() < 8 || parts.size() > 9 || parts[3] != "sync" || parts[4] != "aligned" ||
      (parts[5] != "row" && parts[5] != "col"))
    return Refuse(why, "unsupported form of wmma");
  WmmaMoveForm form;
  form.is_store = parts[1] == "store";
  form.by_columns = parts[5] == "col";
  const Shape* shape = ShapeNamed(parts[6]);
  const std::optional<MmaType> type = MmaTypeNamed(parts.back());
  const std::string_view part = parts[2];
  const bool is_accumulator = part == (form.is_store ? "d" : "c");
  if (!is_accumulator && (form.is_store || (part != "a" && part != "b")))
    return Refuse(why, "unsupported form of wmma");
  if (shape == nullptr || !type ||
      !(is_accumulator ? Accumulates(*type, *shape) : Multiplies(*type, *shape)))
    return Refuse(why, "this shape is not supported for this type");
  form.fragment = is_accumulator ? FragmentOf(shape->m, shape->n, *type, true)
                  : part == "a"  ? FragmentOfA(*shape, *type)
                                 : FragmentOfB(*shape, *type);
  if (!is_accumulator && BitsOf(*type) < 8) {
    form.packing = *type == MmaType::kB1 ? WmmaPacking::kBits : WmmaPacking::kNibbles;
    if (form.by_columns != (part == "b"))
      return Refuse(why, "of such elements A is stored in rows, and B in columns");
  }
  return form;
}

WmmaFragment WmmaForm::FragmentOfA() const {
  return simulator::FragmentOfA({{}, m, n, k}, a);
}
WmmaFragment WmmaForm::FragmentOfB() const {
  return simulator::FragmentOfB({{}, m, n, k}, b);
}
WmmaFragment WmmaForm::FragmentOfC() const {
  return FragmentOf(m, n, c, true);
}
WmmaFragment WmmaForm::FragmentOfD() const {
  return FragmentOf(m, n, d, true);
}

// wmma.mma{.xor,and.popc}.sync.aligned.{row,col}.{row,col}.m16n16k16{.rn}.d.c{.satfinite}, of f16,
// or .d.a.b.c
std::optional<WmmaForm> ParseWmma(const ptx::Instruction& instruction, std::string* why) {
  auto parts = instruction.parts;
  WmmaForm f{};
  if (parts.size() > 4 && parts[3] == "popc") {
    if (parts[2] != "xor" && parts[2] != "and") return Refuse(why, "unsupported form of wmma");
    f.bits = parts[2] == "xor" ? MmaBits::kXor : MmaBits::kAnd;
    parts.erase(parts.begin() + 2, parts.begin() + 4);
  }
  const auto is_layout = [](std::string_view part) { return part == "row" || part == "col"; };
  if (parts.size() < 9 || parts[2] != "sync" || parts[3] != "aligned" || !is_layout(parts[4]) ||
      !is_layout(parts[5]))
    return Refuse(why, "unsupported form of wmma");
  const Shape* shape = ShapeNamed(parts[6]);
  if (shape == nullptr) return Refuse(why, "unsupported shape");
  f.m = shape->m, f.n = shape->n, f.k = shape->k;
  if (parts.back() == "satfinite") {
    f.saturates = true;
    parts.pop_back();
  }
  const bool has_rounding = parts[7] == "rn";
  const std::size_t first = has_rounding ? 8 : 7;
  std::optional<MmaType> types[4] = {};
  if (parts.size() == first + 2) {
    types[0] = MmaTypeNamed(parts[first]);
    types[1] = types[2] = MmaType::kF16;
    types[3] = MmaTypeNamed(parts[first + 1]);
  } else if (parts.size() == first + 4) {
    for (std::size_t i = 0; i < 4; ++i) types[i] = MmaTypeNamed(parts[first + i]);
  }
  for (const auto& type : types)
    if (!type) return Refuse(why, "unsupported types");
  f.d = *types[0], f.a = *types[1], f.b = *types[2], f.c = *types[3];

  const auto is_integer = [](MmaType type) { return type >= MmaType::kS8 && type <= MmaType::kB1; };
  const auto is_real = [](MmaType type) { return type == MmaType::kF32 || type == MmaType::kF16; };
  bool exists = f.a == f.b;
  if (is_integer(f.a)) {
    exists = exists && f.c == MmaType::kS32 && f.d == MmaType::kS32;
  } else if (f.a == MmaType::kF16) {
    exists = exists && is_real(f.c) && is_real(f.d);
  } else {
    const MmaType result = f.a == MmaType::kF64 ? MmaType::kF64 : MmaType::kF32;
    exists = exists && f.c == result && f.d == result;
  }
  const bool by_bits = f.a == MmaType::kB1;
  if (by_bits != (f.bits != MmaBits::kNone) || (by_bits && f.saturates))
    return Refuse(why, "unsupported form of wmma");
  if (BitsOf(f.a) < 8 && (parts[4] != "row" || parts[5] != "col"))
    return Refuse(why, "of such elements A is stored in rows, and B in columns");
  if (!exists || !Multiplies(f.a, *shape) || (f.saturates && !is_integer(f.a)) ||
      (has_rounding && f.a != MmaType::kF64))
    return Refuse(why, "this shape is not supported for these types");
  return f;
}

}  // namespace nodecuda::simulator
