#include "simulator/exec/matrix/mma.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

constexpr int kMaxM = 16, kN = 8, kMaxK = 32;
constexpr int kMaxBits = 256;  // k of the narrowest integers

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
  const bool m16 = f.m == 16 && f.n == 8, m8 = f.m == 8 && f.n == 8;
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

// Which lane and register holds what (PTX ISA, "Matrix fragments for mma"; all shapes follow one
// pattern). A lane belongs to row or column lane / 4 and holds, in each register, neighbours along
// k from lane % 4 on. Of m16, every second register of a belongs to the lower eight rows.
template <typename Bits, typename Element>
void GatherA(const WarpContext& context, const MmaForm& f, const std::uint32_t* list, Element* a) {
  const int per = f.a_per_register(), bits = BitsOf(f.a), halves = f.m / 8;
  for (int reg = 0; reg < f.a_registers(); ++reg) {
    const Bits* lanes = context.Slot<Bits>(list[reg]);
    const int row = reg % halves * 8, column = reg / halves * 4 * per;
    for (int lane = 0; lane < kWarpSize; ++lane) {
      Element* out = a + (row + lane / 4) * f.k() + column + lane % 4 * per;
      for (int i = 0; i < per; ++i) {
        const Bits value = lanes[lane] >> (i * bits % 64);
        out[i] = static_cast<Element>(bits < 32 ? value & ((Bits{1} << (bits % 32)) - 1) : value);
      }
    }
  }
}

template <typename Bits, typename Element>
void GatherB(const WarpContext& context, const MmaForm& f, const std::uint32_t* list, Element* b) {
  const int per = f.a_per_register(), bits = BitsOf(f.b);
  for (int reg = 0; reg < f.b_registers(); ++reg) {
    const Bits* lanes = context.Slot<Bits>(list[reg]);
    for (int lane = 0; lane < kWarpSize; ++lane) {
      const int row = reg * 4 * per + lane % 4 * per;
      for (int i = 0; i < per; ++i) {
        const Bits value = lanes[lane] >> (i * bits % 64);
        b[(row + i) * kN + lane / 4] =
            static_cast<Element>(bits < 32 ? value & ((Bits{1} << (bits % 32)) - 1) : value);
      }
    }
  }
}

// Visits the accumulators: visit(register, lane, half of the register, index into the matrix).
template <typename Visit>
void ForEachAccumulator(const MmaForm& f, Visit visit) {
  const bool packed = f.accumulator == MmaType::kF16;
  for (int i = 0; i < f.m * kN / kWarpSize; ++i)
    for (int lane = 0; lane < kWarpSize; ++lane)
      visit(packed ? i / 2 : i, lane, packed ? i % 2 : 0,
            (lane / 4 + i / 2 * 8) * kN + lane % 4 * 2 + i % 2);
}

// The registers of d, a, b and c.
struct Fragments {
  const std::uint32_t *d, *a, *b, *c;
  Fragments(const MmaForm& f, const std::uint32_t* list)
      : d(list), a(d + f.c_registers()), b(a + f.a_registers()), c(b + f.b_registers()) {}
};

bool RunTensor(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const Fragments registers(f, context.ListOf(in));
  std::uint32_t a[kMaxM * kMaxK], b[kMaxK * kN];
  float c[kMaxM * kN];
  GatherA<std::uint32_t>(context, f, registers.a, a);
  GatherB<std::uint32_t>(context, f, registers.b, b);
  const bool half = f.accumulator == MmaType::kF16;
  ForEachAccumulator(f, [&](int reg, int lane, int part, int index) {
    const std::uint32_t bits = context.Slot<std::uint32_t>(registers.c[reg])[lane];
    c[index] = half ? HalfToFloat(static_cast<std::uint16_t>(bits >> (16 * part)))
                    : std::bit_cast<float>(bits);
  });
  const TensorType a_type = TensorTypeOf(f.a), b_type = TensorTypeOf(f.b);
  const TensorModel model =
      TensorModelOf(context.kernel.capability, TensorUnit::kMma, a_type, b_type, f.k(), half);
  TensorMultiplyAccumulate(model, a_type, b_type, f.m, kN, f.k(), a, b, c, context.kernel.isa);
  ForEachAccumulator(f, [&](int reg, int lane, int part, int index) {
    std::uint32_t& d = context.Slot<std::uint32_t>(registers.d[reg])[lane];
    if (half) {
      const std::uint32_t bits = std::uint32_t{FloatToHalf(c[index])} << (16 * part);
      d = part == 0 ? bits : d | bits;
    } else {
      d = std::bit_cast<std::uint32_t>(c[index]);
    }
  });
  return true;
}

// Makes numbers of the bits.
void ExtendSigns(MmaType type, std::int32_t* elements, int count) {
  const int unused = 32 - BitsOf(type);
  if (type != MmaType::kS8 && type != MmaType::kS4) return;
  for (int i = 0; i < count; ++i)
    elements[i] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(elements[i]) << unused) >> unused;
}

std::int32_t Product(MmaBits bits, std::int32_t a, std::int32_t b) {
  return bits == MmaBits::kXor ? a ^ b : bits == MmaBits::kAnd ? a & b : a * b;
}

// Exact; sums wrap, or end at the least and greatest value.
bool RunInteger(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const Fragments registers(f, context.ListOf(in));
  std::int32_t a[kMaxM * kMaxBits], b[kMaxBits * kN], sums[kMaxM * kN] = {};
  GatherA<std::uint32_t>(context, f, registers.a, a);
  GatherB<std::uint32_t>(context, f, registers.b, b);
  ExtendSigns(f.a, a, f.m * f.k());
  ExtendSigns(f.b, b, f.k() * kN);
  for (int row = 0; row < f.m; ++row)
    for (int k = 0; k < f.k(); ++k)
      for (int column = 0; column < kN; ++column)
        sums[row * kN + column] += Product(f.bits, a[row * f.k() + k], b[k * kN + column]);
  std::int32_t results[kMaxM * kN];
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    const std::int64_t sum =
        std::int64_t{context.Slot<std::int32_t>(registers.c[reg])[lane]} + sums[index];
    results[index] = static_cast<std::int32_t>(
        f.saturates ? std::clamp<std::int64_t>(sum, INT32_MIN, INT32_MAX) : sum);
  });
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    context.Slot<std::int32_t>(registers.d[reg])[lane] = results[index];
  });
  return true;
}

// A chain of fused multiply-adds in the order of k.
bool RunDouble(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const MmaForm f = MmaForm::Of(in);
  const Fragments registers(f, context.ListOf(in));
  std::uint64_t a[kMaxM * kMaxK], b[kMaxK * kN];
  GatherA<std::uint64_t>(context, f, registers.a, a);
  GatherB<std::uint64_t>(context, f, registers.b, b);
  double results[kMaxM * kN];
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    double sum = context.Slot<double>(registers.c[reg])[lane];
    for (int k = 0; k < f.k(); ++k)
      sum = std::fma(std::bit_cast<double>(a[index / kN * f.k() + k]),
                     std::bit_cast<double>(b[k * kN + index % kN]), sum);
    results[index] = std::isnan(sum) ? std::bit_cast<double>(0xfff8000000000000) : sum;
  });
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    context.Slot<double>(registers.d[reg])[lane] = results[index];
  });
  return true;
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

// mma.sync.aligned.m16n8k16.row.col{.satfinite}{.kind::f8f6f4}{.rn}.d.a.b.c
std::optional<MmaForm> ParseMma(const ptx::Instruction& instruction, std::string* why) {
  const auto& parts = instruction.parts;
  if (parts.size() < 10 || parts[1] != "sync" || parts[2] != "aligned" || parts[4] != "row" ||
      parts[5] != "col")
    return Refuse(why, "unsupported form of mma");
  MmaForm f{};
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
      f.m = static_cast<std::uint8_t>(shape.m), f.n = kN,
      f.k_steps = static_cast<std::uint8_t>(shape.k / 4);
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
  if (f.m == 0 || !Exists(f) || (f.saturates && (!IsInteger(f.a) || f.a == MmaType::kB1)) ||
      (has_kind && !IsFp8(f.a)) || (has_rounding && f.a != MmaType::kF64))
    return Refuse(why, "this shape is not supported for these types");
  return f;
}

WarpHandler MmaHandler(const MmaForm& form) {
  return form.a == MmaType::kF64 ? RunDouble : IsInteger(form.a) ? RunInteger : RunTensor;
}

}  // namespace nodecuda::simulator
