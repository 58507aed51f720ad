#include "simulator/exec/matrix/wmma.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

constexpr std::size_t kMaxElements = 512;                // 32 x 16
using Matrix = std::array<std::uint64_t, kMaxElements>;  // bits of the elements, in rows

// Where an element is among rows of so many.
std::size_t At(int row, int columns, int column) {
  return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
         static_cast<std::size_t>(column);
}

struct Shape {
  std::string_view name;
  std::uint8_t m, n, k;
};
constexpr Shape kShapes[] = {{"m16n16k16", 16, 16, 16},
                             {"m32n8k16", 32, 8, 16},
                             {"m8n32k16", 8, 32, 16},
                             {"m16n16k8", 16, 16, 8},
                             {"m8n8k4", 8, 8, 4}};

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
    case MmaType::kS32:
      return shape.k == 16;
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

// Visits the room of a fragment: visit(register, lane, bits to the left in it, index into the
// matrix).
template <typename Visit>
void ForEachElement(const WmmaFragment& fragment, Visit visit) {
  const int per = std::max(1, 32 / fragment.bits),
            share = fragment.rows * fragment.columns / kWarpSize;
  for (int i = 0; i < fragment.registers * per; ++i)
    for (int lane = 0; lane < kWarpSize; ++lane)
      visit(i / per, lane, i % per * fragment.bits, At(lane, share, i % share));
}

void Gather(const WarpContext& context, const WmmaFragment& fragment, const std::uint32_t* list,
            Matrix* matrix) {
  const std::uint64_t element = ~std::uint64_t{0} >> (64 - fragment.bits);
  ForEachElement(fragment, [&](int reg, int lane, int shift, std::size_t index) {
    const std::uint64_t bits = fragment.bits == 64 ? context.Slot<std::uint64_t>(list[reg])[lane]
                                                   : context.Slot<std::uint32_t>(list[reg])[lane];
    (*matrix)[index] = bits >> shift & element;
  });
}

void Spread(const WarpContext& context, const WmmaFragment& fragment, const std::uint32_t* list,
            const Matrix& matrix) {
  ForEachElement(fragment, [&](int reg, int lane, int shift, std::size_t index) {
    if (fragment.bits == 64) {
      context.Slot<std::uint64_t>(list[reg])[lane] = matrix[index];
      return;
    }
    std::uint32_t& word = context.Slot<std::uint32_t>(list[reg])[lane];
    const auto bits = static_cast<std::uint32_t>(matrix[index]) << shift;
    word = shift == 0 ? bits : word | bits;
  });
}

// Rows are read and written in pieces of 16 bytes: where they begin has to be a multiple of it.
constexpr std::uint64_t kRowAlignment = 16;

bool RunMove(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const WmmaMoveForm form = WmmaMoveForm::Of(in);
  const WmmaFragment& fragment = form.fragment;
  const int lines = form.by_columns ? fragment.columns : fragment.rows;
  const int length = form.by_columns ? fragment.rows : fragment.columns;
  const std::size_t bytes = fragment.bits / 8;
  const std::uint32_t stride = in.slot[kStrideSlot] == kNoSlot
                                   ? static_cast<std::uint32_t>(length)
                                   : *context.Slot<std::uint32_t>(in.slot[kStrideSlot]);
  const std::uint64_t address =
      LaneAddress(context.file, in.slot[kAddressSlot], in.offset, form.wide_address, 0);

  std::byte* starts[kWarpSize];  // all are there before any is touched
  for (int line = 0; line < lines; ++line) {
    const std::uint64_t from = address + static_cast<std::uint64_t>(line) * stride * bytes;
    const std::uint64_t size = static_cast<std::uint64_t>(length) * bytes;
    starts[line] = context.view.Locate(form.space, from, size, std::min(size, kRowAlignment),
                                       form.is_store, 0);
    if (starts[line] == nullptr) return false;
  }
  Matrix matrix;
  const auto for_each = [&](auto visit) {
    for (int line = 0; line < lines; ++line)
      for (int i = 0; i < length; ++i)
        visit(starts[line] + static_cast<std::size_t>(i) * bytes,
              matrix[form.by_columns ? At(i, lines, line) : At(line, length, i)]);
  };
  const std::uint32_t* list = context.ListOf(in);
  if (form.is_store) {
    Gather(context, fragment, list, &matrix);
    for_each([&](std::byte* at, const std::uint64_t& bits) { std::memcpy(at, &bits, bytes); });
  } else {
    for_each([&](const std::byte* at, std::uint64_t& bits) {
      bits = 0;
      std::memcpy(&bits, at, bytes);
    });
    Spread(context, fragment, list, matrix);
  }
  return true;
}

// The registers and the matrices of a product.
struct Product {
  explicit Product(const Instruction& in, const WarpContext& warp)
      : form(WmmaForm::Of(in)), context(warp), d_list(warp.ListOf(in)) {
    const std::uint32_t* list = d_list + form.FragmentOfD().registers;
    Gather(context, form.FragmentOfA(), list, &a);
    list += form.FragmentOfA().registers;
    Gather(context, form.FragmentOfB(), list, &b);
    list += form.FragmentOfB().registers;
    Gather(context, form.FragmentOfC(), list, &c);
  }
  // f(row, column, index into c and d)
  template <typename F>
  void ForEachResult(F f) {
    for (int row = 0; row < form.m; ++row)
      for (int column = 0; column < form.n; ++column) f(row, column, At(row, form.n, column));
  }
  std::uint64_t A(int row, int k) const { return a[At(row, form.k, k)]; }
  std::uint64_t B(int k, int column) const { return b[At(k, form.n, column)]; }
  void Store() { Spread(context, form.FragmentOfD(), d_list, d); }

  const WmmaForm form;
  const WarpContext& context;
  const std::uint32_t* d_list;
  Matrix a, b, c, d;
};

bool RunTensor(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  Product product(in, context);
  const WmmaForm& f = product.form;
  std::uint32_t a[kMaxElements], b[kMaxElements];
  float sums[kMaxElements];
  const auto narrow = [](std::uint64_t bits) { return static_cast<std::uint32_t>(bits); };
  std::transform(product.a.begin(), product.a.begin() + f.m * f.k, a, narrow);
  std::transform(product.b.begin(), product.b.begin() + f.k * f.n, b, narrow);
  product.ForEachResult([&](int, int, std::size_t i) {
    sums[i] = f.c == MmaType::kF16 ? HalfToFloat(static_cast<std::uint16_t>(product.c[i]))
                                   : std::bit_cast<float>(narrow(product.c[i]));
  });
  const bool half = f.d == MmaType::kF16;
  const TensorType type = TensorTypeOf(f.a);
  const TensorModel model =
      TensorModelOf(context.kernel.capability, TensorUnit::kMma, type, type, f.k, half);
  TensorMultiplyAccumulate(model, type, type, f.m, f.n, f.k, a, b, sums, context.kernel.isa);
  product.ForEachResult([&](int, int, std::size_t i) {
    product.d[i] = half ? FloatToHalf(sums[i]) : std::bit_cast<std::uint32_t>(sums[i]);
  });
  product.Store();
  return true;
}

// Exact; sums wrap, or end at the least and greatest value.
bool RunInteger(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  Product product(in, context);
  const WmmaForm& f = product.form;
  const auto value = [](MmaType type, std::uint64_t bits) {
    return type == MmaType::kS8 ? std::int32_t{static_cast<std::int8_t>(bits)}
                                : std::int32_t{static_cast<std::uint8_t>(bits)};
  };
  product.ForEachResult([&](int row, int column, std::size_t i) {
    std::int64_t sum = static_cast<std::int32_t>(product.c[i]);
    for (int k = 0; k < f.k; ++k)
      sum += value(f.a, product.A(row, k)) * value(f.b, product.B(k, column));
    if (f.saturates) sum = std::clamp<std::int64_t>(sum, INT32_MIN, INT32_MAX);
    product.d[i] = static_cast<std::uint32_t>(sum);
  });
  product.Store();
  return true;
}

// A chain of fused multiply-adds in the order of k.
bool RunDouble(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  Product product(in, context);
  product.ForEachResult([&](int row, int column, std::size_t i) {
    double sum = std::bit_cast<double>(product.c[i]);
    for (int k = 0; k < product.form.k; ++k)
      sum = std::fma(std::bit_cast<double>(product.A(row, k)),
                     std::bit_cast<double>(product.B(k, column)), sum);
    product.d[i] = std::isnan(sum) ? 0xfff8000000000000 : std::bit_cast<std::uint64_t>(sum);
  });
  product.Store();
  return true;
}

std::nullopt_t Refuse(std::string* why, std::string reason) {
  *why = std::move(reason);
  return std::nullopt;
}

// All fragments there are, so that two bytes can name one.
constexpr MmaType kOperandTypes[] = {MmaType::kF16, MmaType::kBF16, MmaType::kTF32,
                                     MmaType::kS8,  MmaType::kU8,   MmaType::kF64};
constexpr MmaType kResultTypes[] = {MmaType::kF16, MmaType::kF32, MmaType::kS32, MmaType::kF64};

const std::vector<WmmaFragment>& Fragments() {
  static const std::vector<WmmaFragment> fragments = [] {
    std::vector<WmmaFragment> all;
    for (const Shape& shape : kShapes) {
      for (const MmaType type : kOperandTypes) {
        if (!Multiplies(type, shape)) continue;
        all.push_back(FragmentOf(shape.m, shape.k, type, false));
        all.push_back(FragmentOf(shape.k, shape.n, type, false));
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
                                        (by_columns ? 16u : 0u) | (is_store ? 32u : 0u));
}

WmmaMoveForm WmmaMoveForm::Of(const Instruction& in) {
  return {Fragments()[in.detail[0]], (in.detail[1] & 32) != 0, (in.detail[1] & 16) != 0,
          static_cast<ptx::Space>(in.detail[1] & 7), (in.detail[1] & 8) != 0};
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
  form.fragment = FragmentOf(part == "b" ? shape->k : shape->m, part == "a" ? shape->k : shape->n,
                             *type, is_accumulator);
  return form;
}

WarpHandler WmmaMoveHandler() {
  return RunMove;
}

WmmaFragment WmmaForm::FragmentOfA() const {
  return FragmentOf(m, k, a, false);
}
WmmaFragment WmmaForm::FragmentOfB() const {
  return FragmentOf(k, n, b, false);
}
WmmaFragment WmmaForm::FragmentOfC() const {
  return FragmentOf(m, n, c, true);
}
WmmaFragment WmmaForm::FragmentOfD() const {
  return FragmentOf(m, n, d, true);
}

// wmma.mma.sync.aligned.{row,col}.{row,col}.m16n16k16{.rn}.d.c{.satfinite}, of f16, or .d.a.b.c
std::optional<WmmaForm> ParseWmma(const ptx::Instruction& instruction, std::string* why) {
  auto parts = instruction.parts;
  const auto is_layout = [](std::string_view part) { return part == "row" || part == "col"; };
  if (parts.size() < 9 || parts[2] != "sync" || parts[3] != "aligned" || !is_layout(parts[4]) ||
      !is_layout(parts[5]))
    return Refuse(why, "unsupported form of wmma");
  const Shape* shape = ShapeNamed(parts[6]);
  if (shape == nullptr) return Refuse(why, "unsupported shape");
  WmmaForm f{};
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

  const auto is_integer = [](MmaType type) { return type == MmaType::kS8 || type == MmaType::kU8; };
  const auto is_real = [](MmaType type) { return type == MmaType::kF32 || type == MmaType::kF16; };
  bool exists = f.a == f.b;
  if (is_integer(f.a)) {
    exists = is_integer(f.b) && f.c == MmaType::kS32 && f.d == MmaType::kS32;
  } else if (f.a == MmaType::kF16) {
    exists = exists && is_real(f.c) && is_real(f.d);
  } else {
    const MmaType result = f.a == MmaType::kF64 ? MmaType::kF64 : MmaType::kF32;
    exists = exists && f.c == result && f.d == result;
  }
  if (!exists || !Multiplies(f.a, *shape) || (f.saturates && !is_integer(f.a)) ||
      (has_rounding && f.a != MmaType::kF64))
    return Refuse(why, "this shape is not supported for these types");
  return f;
}

WarpHandler WmmaHandler(const WmmaForm& form) {
  return form.a == MmaType::kF64                            ? RunDouble
         : form.a == MmaType::kS8 || form.a == MmaType::kU8 ? RunInteger
                                                            : RunTensor;
}

}  // namespace nodecuda::simulator
