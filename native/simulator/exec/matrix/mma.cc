#include "simulator/exec/matrix/mma.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/matrix/mma_fragments.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

struct TypeName {
  std::string_view name;
  MmaType type;
};
constexpr TypeName kTypeNames[] = {
    {"f16", MmaType::kF16},   {"bf16", MmaType::kBF16}, {"tf32", MmaType::kTF32},
    {"e4m3", MmaType::kE4M3}, {"e5m2", MmaType::kE5M2}, {"f64", MmaType::kF64},
    {"s8", MmaType::kS8},     {"u8", MmaType::kU8},     {"s4", MmaType::kS4},
    {"u4", MmaType::kU4},     {"b1", MmaType::kB1},     {"f32", MmaType::kF32},
    {"s32", MmaType::kS32}};

bool IsFp8(MmaType type) {
  return type == MmaType::kE4M3 || type == MmaType::kE5M2;
}
bool IsInteger(MmaType type) {
  return type >= MmaType::kS8 && type <= MmaType::kB1;
}

// Whether PTX has these types together, and this shape for them.
bool Exists(const MmaForm& f) {
  const bool m16 = f.m == 16, m8 = f.m == 8;
  const bool same = f.a == f.b;
  const bool to_f32 = f.accumulator == MmaType::kF32, to_f16 = f.accumulator == MmaType::kF16;
  const int k = f.k();
  switch (f.a) {
    case MmaType::kF16:
      return same && m16 && (k == 8 || k == 16) && (to_f32 || to_f16);
    case MmaType::kBF16:
      return same && m16 && (k == 8 || k == 16) && to_f32;
    case MmaType::kTF32:
      return same && m16 && (k == 4 || k == 8) && to_f32;
    case MmaType::kE4M3:
    case MmaType::kE5M2:
      return IsFp8(f.b) && m16 && (k == 16 || k == 32) && (to_f32 || to_f16);
    case MmaType::kS8:
    case MmaType::kU8:
    case MmaType::kS4:
    case MmaType::kU4:
    case MmaType::kB1: {
      // Both have as many bits; a register holds a quarter of the least k.
      const int least = 128 / BitsOf(f.a);
      return IsInteger(f.b) && BitsOf(f.a) == BitsOf(f.b) && f.accumulator == MmaType::kS32 &&
             (f.a == MmaType::kB1) == (f.bits != MmaBits::kNone) &&
             ((m16 && (k == least || k == 2 * least)) || (m8 && k == least));
    }
    case MmaType::kF64:
      return same && f.accumulator == MmaType::kF64 &&
             ((m8 && k == 4) || (m16 && (k == 4 || k == 8 || k == 16)));
    default:
      return false;
  }
}

bool RunTensor(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const MmaFragments registers(f, context.ListOf(in));
  std::uint32_t a[kMmaMaxM * kMmaMaxK], b[kMmaMaxK * MmaForm::n];
  float c[kMmaMaxM * MmaForm::n];
  GatherA<std::uint32_t>(context, f, registers.a, a);
  GatherB<std::uint32_t>(context, f, registers.b, b);
  GatherFloats(context, f, registers.c, c);
  const TensorType a_type = TensorTypeOf(f.a), b_type = TensorTypeOf(f.b);
  const TensorModel model = TensorModelOf(context.kernel.capability, TensorUnit::kMma, a_type,
                                          b_type, f.k(), f.accumulator == MmaType::kF16);
  TensorMultiplyAccumulate(model, a_type, b_type, f.m, MmaForm::n, f.k(), a, b, c,
                           context.kernel.isa);
  ScatterFloats(context, f, registers.d, c);
  return true;
}

std::int32_t Product(MmaBits bits, std::int32_t a, std::int32_t b) {
  return bits == MmaBits::kXor ? a ^ b : bits == MmaBits::kAnd ? a & b : a * b;
}

// Exact.
bool RunInteger(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const MmaFragments registers(f, context.ListOf(in));
  std::int32_t a[kMmaMaxM * kMmaMaxBits], b[kMmaMaxBits * MmaForm::n];
  std::int32_t sums[kMmaMaxM * MmaForm::n] = {};
  GatherA<std::uint32_t>(context, f, registers.a, a);
  GatherB<std::uint32_t>(context, f, registers.b, b);
  ExtendSigns(f.a, a, f.m * f.k());
  ExtendSigns(f.b, b, f.k() * MmaForm::n);
  for (int row = 0; row < f.m; ++row)
    for (int k = 0; k < f.k(); ++k)
      for (int column = 0; column < MmaForm::n; ++column)
        sums[row * MmaForm::n + column] +=
            Product(f.bits, a[row * f.k() + k], b[k * MmaForm::n + column]);
  AddIntegers(context, f, registers, sums);
  return true;
}

// A chain of fused multiply-adds in the order of k.
bool RunDouble(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const MmaFragments registers(f, context.ListOf(in));
  std::uint64_t a[kMmaMaxM * kMmaMaxK], b[kMmaMaxK * MmaForm::n];
  GatherA<std::uint64_t>(context, f, registers.a, a);
  GatherB<std::uint64_t>(context, f, registers.b, b);
  double results[kMmaMaxM * MmaForm::n];
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    double sum = context.Slot<double>(registers.c[reg])[lane];
    for (int k = 0; k < f.k(); ++k)
      sum = std::fma(std::bit_cast<double>(a[index / MmaForm::n * f.k() + k]),
                     std::bit_cast<double>(b[k * MmaForm::n + index % MmaForm::n]), sum);
    results[index] = std::isnan(sum) ? std::bit_cast<double>(0xfff8000000000000) : sum;
  });
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    context.Slot<double>(registers.d[reg])[lane] = results[index];
  });
  return true;
}

// The same for mma.sp, as ptxas 13 takes them. A register holds a quarter of the least k of all
// that are stored, which is half.
bool ExistsSparse(const MmaForm& f, bool is_ordered) {
  const int least = 256 / BitsOf(f.a), k = f.k();
  if (f.m != 16 || f.bits != MmaBits::kNone || (k != least && k != 2 * least)) return false;
  const bool to_f32 = f.accumulator == MmaType::kF32, to_f16 = f.accumulator == MmaType::kF16;
  switch (f.a) {
    case MmaType::kF16:
      return f.a == f.b && (to_f32 || to_f16);
    case MmaType::kBF16:
    case MmaType::kTF32:
      return f.a == f.b && to_f32;
    case MmaType::kE4M3:
    case MmaType::kE5M2:
      return IsFp8(f.b) && k == 2 * least && (to_f32 || (to_f16 && is_ordered));
    case MmaType::kS8:
    case MmaType::kU8:
    case MmaType::kS4:
    case MmaType::kU4:
      return IsInteger(f.b) && BitsOf(f.a) == BitsOf(f.b) && f.accumulator == MmaType::kS32;
    default:
      return false;
  }
}

std::optional<MmaForm> Refuse(std::string* why, std::string reason) {
  *why = std::move(reason);
  return std::nullopt;
}

}  // namespace

int BitsOf(MmaType type) {
  switch (type) {
    case MmaType::kF16:
    case MmaType::kBF16:
      return 16;
    case MmaType::kE4M3:
    case MmaType::kE5M2:
    case MmaType::kS8:
    case MmaType::kU8:
      return 8;
    case MmaType::kS4:
    case MmaType::kU4:
      return 4;
    case MmaType::kB1:
      return 1;
    case MmaType::kF64:
      return 64;
    default:
      return 32;
  }
}

std::optional<MmaType> MmaTypeNamed(std::string_view name) {
  for (const TypeName& entry : kTypeNames)
    if (entry.name == name) return entry.type;
  return std::nullopt;
}

TensorType TensorTypeOf(MmaType type) {
  switch (type) {
    case MmaType::kBF16:
      return TensorType::kBF16;
    case MmaType::kTF32:
      return TensorType::kTF32;
    case MmaType::kE4M3:
      return TensorType::kE4M3;
    case MmaType::kE5M2:
      return TensorType::kE5M2;
    default:
      return TensorType::kF16;
  }
}

int MmaForm::a_per_register() const {
  return std::max(1, 32 / BitsOf(a));
}

int MmaForm::c_registers() const {
  return m * n / kWarpSize / (accumulator == MmaType::kF16 ? 2 : 1);
}

// mma{.sp{::ordered_metadata}}.sync.aligned.m16n8k16.row.col{.satfinite}{.kind::f8f6f4}{.rn}.d.a.b.c
std::optional<MmaForm> ParseMma(const ptx::Instruction& instruction, std::string* why) {
  std::vector<std::string_view> parts(instruction.parts.begin(), instruction.parts.end());
  MmaForm f{};
  const bool is_ordered = parts.size() > 1 && parts[1] == "sp::ordered_metadata";
  if (is_ordered || (parts.size() > 1 && parts[1] == "sp")) f.sparsity = 1;
  if (f.sparse()) parts.erase(parts.begin() + 1);
  if (parts.size() < 10 || parts[1] != "sync" || parts[2] != "aligned" || parts[4] != "row" ||
      parts[5] != "col")
    return Refuse(why, "unsupported form of mma");
  struct Shape {
    std::string_view name;
    int m, k;
  };
  constexpr Shape kShapes[] = {{"m8n8k4", 8, 4},       {"m8n8k16", 8, 16},    {"m8n8k32", 8, 32},
                               {"m8n8k128", 8, 128},   {"m16n8k4", 16, 4},    {"m16n8k8", 16, 8},
                               {"m16n8k16", 16, 16},   {"m16n8k32", 16, 32},  {"m16n8k64", 16, 64},
                               {"m16n8k128", 16, 128}, {"m16n8k256", 16, 256}};
  for (const Shape& shape : kShapes)
    if (shape.name == parts[3])
      f.m = static_cast<std::uint8_t>(shape.m), f.k_steps = static_cast<std::uint8_t>(shape.k / 4);
  std::size_t end = parts.size();
  if (parts[end - 1] == "popc") {
    f.bits = parts[end - 2] == "xor"   ? MmaBits::kXor
             : parts[end - 2] == "and" ? MmaBits::kAnd
                                       : MmaBits::kNone;
    end -= 2;
  }
  if (end < 10) return Refuse(why, "unsupported form of mma");
  const std::size_t types = end - 4;
  bool has_kind = false, has_rounding = false;
  for (std::size_t i = 6; i < types; ++i) {
    if (parts[i] == "satfinite" && !f.saturates) {
      f.saturates = true;
    } else if (parts[i] == "kind::f8f6f4" && !has_kind) {
      has_kind = true;
    } else if (parts[i] == "rn" && !has_rounding) {
      has_rounding = true;
    } else {
      return Refuse(why, "unsupported modifier ." + std::string(parts[i]));
    }
  }
  const auto d = MmaTypeNamed(parts[types]), a = MmaTypeNamed(parts[types + 1]);
  const auto b = MmaTypeNamed(parts[types + 2]), c = MmaTypeNamed(parts[types + 3]);
  if (!a || !b || !c || !d || *c != *d) return Refuse(why, "unsupported types");
  f.a = *a, f.b = *b, f.accumulator = *c;
  if (f.m == 0 || !(f.sparse() ? ExistsSparse(f, is_ordered) : Exists(f)) ||
      (f.saturates && (!IsInteger(f.a) || f.a == MmaType::kB1)) ||
      (has_kind && (!IsFp8(f.a) || (f.sparse() && !is_ordered))) ||
      (has_rounding && f.a != MmaType::kF64))
    return Refuse(why, "this shape is not supported for these types");
  return f;
}

WarpHandler MmaHandler(const MmaForm& form) {
  if (form.sparse()) return SparseMmaHandler(form);
  return form.a == MmaType::kF64 ? RunDouble : IsInteger(form.a) ? RunInteger : RunTensor;
}

}  // namespace nodecuda::simulator
