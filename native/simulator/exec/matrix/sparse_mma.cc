#include <algorithm>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/matrix/mma.h"
#include "simulator/exec/matrix/mma_fragments.h"
#include "simulator/exec/matrix/sparsity.h"
#include "simulator/exec/warp/warp_context.h"

// mma.sp: as mma.sync with what is stored of a, and for each of its rows the rows of b that belong
// to it. What the zeros would be multiplied by is not looked at: no NaN comes from there.
namespace nodecuda::simulator {
namespace {

// The rows of b for a row of a: (stored k, n).
template <typename Element>
void Select(const WarpContext& context, const MmaForm& f, const MmaFragments& registers, int row,
            const Element* b, Element* selected) {
  const Sparsity sparsity{BitsOf(f.a), f.k()};
  const auto* metadata = context.Slot<std::uint32_t>(*registers.metadata);
  for (int k = 0; k < f.stored_k(); ++k)
    std::copy_n(b + sparsity.RowOfB(metadata, f.selector(), row, k) * MmaForm::n, MmaForm::n,
                selected + k * MmaForm::n);
}

bool RunTensor(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const MmaFragments registers(f, context.ListOf(in));
  const int stored = f.stored_k();
  std::uint32_t a[kMmaMaxM * kMmaMaxK], b[2 * kMmaMaxK * MmaForm::n],
      selected[kMmaMaxK * MmaForm::n];
  float c[kMmaMaxM * MmaForm::n];
  GatherA<std::uint32_t>(context, f, registers.a, a);
  GatherB<std::uint32_t>(context, f, registers.b, b);
  GatherFloats(context, f, registers.c, c);
  const TensorType a_type = TensorTypeOf(f.a), b_type = TensorTypeOf(f.b);
  // No measurement of sparse sums is published: they are taken for those of what is stored.
  const TensorModel model = TensorModelOf(context.kernel.capability, TensorUnit::kMma, a_type,
                                          b_type, stored, f.accumulator == MmaType::kF16);
  for (int row = 0; row < f.m; ++row) {
    Select(context, f, registers, row, b, selected);
    TensorMultiplyAccumulate(model, a_type, b_type, 1, MmaForm::n, stored,
                             {a + row * stored, static_cast<std::size_t>(stored)}, selected,
                             {c + row * MmaForm::n, MmaForm::n}, context.kernel.isa);
  }
  ScatterFloats(context, f, registers.d, c);
  return true;
}

bool RunInteger(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const MmaFragments registers(f, context.ListOf(in));
  const int stored = f.stored_k();
  constexpr int kMaxK = 128;
  std::int32_t a[kMmaMaxM * kMaxK / 2], b[kMaxK * MmaForm::n], selected[kMaxK / 2 * MmaForm::n];
  std::int32_t sums[kMmaMaxM * MmaForm::n] = {};
  GatherA<std::uint32_t>(context, f, registers.a, a);
  GatherB<std::uint32_t>(context, f, registers.b, b);
  ExtendSigns(f.a, a, f.m * stored);
  ExtendSigns(f.b, b, f.k() * MmaForm::n);
  for (int row = 0; row < f.m; ++row) {
    Select(context, f, registers, row, b, selected);
    for (int k = 0; k < stored; ++k)
      for (int column = 0; column < MmaForm::n; ++column)
        sums[row * MmaForm::n + column] += a[row * stored + k] * selected[k * MmaForm::n + column];
  }
  AddIntegers(context, f, registers, sums);
  return true;
}

}  // namespace

WarpHandler SparseMmaHandler(const MmaForm& form) {
  return form.accumulator == MmaType::kS32 ? RunInteger : RunTensor;
}

}  // namespace nodecuda::simulator
