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
  const std::uint32_t stride =
      in.slot[kStrideSlot] == kNoSlot
          ? static_cast<std::uint32_t>(length)
          : form.Stride(*context.Slot<std::uint32_t>(in.slot[kStrideSlot]));
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

// The same for elements of less than a byte, of which words hold some along k.
bool RunPacked(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  Product product(in, context);
  const WmmaForm& f = product.form;
  const int bits = BitsOf(f.a), words = f.k * bits / 32;
  const auto element = [bits](MmaType type, std::uint32_t word, int i) {
    const std::uint32_t high = word << (32 - bits * (i + 1));
    return type == MmaType::kS4 ? static_cast<std::int32_t>(high) >> (32 - bits)
                                : static_cast<std::int32_t>(high >> (32 - bits));
  };
  product.ForEachResult([&](int row, int column, std::size_t index) {
    std::int64_t sum = static_cast<std::int32_t>(product.c[index]);
    for (int k = 0; k < words; ++k) {
      const auto a = static_cast<std::uint32_t>(product.a[At(row, words, k)]);
      const auto b = static_cast<std::uint32_t>(product.b[At(k, f.n, column)]);
      if (f.bits != MmaBits::kNone) {
        sum += std::popcount(f.bits == MmaBits::kXor ? a ^ b : a & b);
        continue;
      }
      for (int i = 0; i < 32 / bits; ++i) sum += element(f.a, a, i) * element(f.b, b, i);
    }
    if (f.saturates) sum = std::clamp<std::int64_t>(sum, INT32_MIN, INT32_MAX);
    product.d[index] = static_cast<std::uint32_t>(sum);
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

}  // namespace

WarpHandler WmmaMoveHandler() {
  return RunMove;
}

WarpHandler WmmaHandler(const WmmaForm& form) {
  if (form.a == MmaType::kF64) return RunDouble;
  if (form.a == MmaType::kS8 || form.a == MmaType::kU8) return RunInteger;
  return BitsOf(form.a) < 8 ? RunPacked : RunTensor;
}

}  // namespace nodecuda::simulator
