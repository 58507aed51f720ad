#include "simulator/exec/matrix/volta_mma.h"

#include <string_view>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

constexpr int kM = 8, kN = 8, kK = 4, kProducts = 4;
constexpr int kElements = 4;  // of a or b in a lane
constexpr int kSums = 8;      // of c or d in a lane

std::uint16_t HalfAt(const WarpContext& context, const std::uint32_t* list, int i, int lane) {
  return static_cast<std::uint16_t>(context.Slot<std::uint32_t>(list[i / 2])[lane] >>
                                    (16 * (i % 2)));
}

// Where sum i of a lane stands in its product.
int PlaceOfSum(bool half, int lane, int i) {
  const int lower = lane < 16 ? 0 : 4;
  if (half) return (lane % 4 + lower) * kN + i;
  return ((lane & 1) + (i & 2) + lower) * kN + (i & 4) + (lane & 2) + (i & 1);
}

bool Run(const Instruction& in, WarpContext& context, LaneMask mask) {
  if (!context.NeedsWholeWarp(mask)) return false;
  const VoltaMmaForm f = VoltaMmaForm::Of(in);
  const std::uint32_t* d_list = context.ListOf(in);
  const std::uint32_t* a_list = d_list + f.d_registers();
  const std::uint32_t *b_list = a_list + f.kRegisters, *c_list = b_list + f.kRegisters;
  std::uint32_t a[kProducts][kM * kK], b[kProducts][kK * kN];
  float sums[kProducts][kM * kN];
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const int product = lane % 16 / 4, along = lane % 4, upper = lane < 16 ? 0 : 4;
    for (int i = 0; i < kElements; ++i) {
      const int row = f.a_by_columns ? i + upper : along + upper,
                k_of_a = f.a_by_columns ? along : i;
      const int column = f.b_by_columns ? along + upper : i + upper;
      const int k_of_b = f.b_by_columns ? i : along;
      a[product][row * kK + k_of_a] = HalfAt(context, a_list, i, lane);
      b[product][k_of_b * kN + column] = HalfAt(context, b_list, i, lane);
    }
    for (int i = 0; i < kSums; ++i)
      sums[product][PlaceOfSum(f.c_half, lane, i)] =
          f.c_half ? HalfToFloat(HalfAt(context, c_list, i, lane))
                   : context.Slot<float>(c_list[i])[lane];
  }
  const TensorModel model = TensorModelOf(context.kernel.capability, TensorUnit::kMma,
                                          TensorType::kF16, TensorType::kF16, kK, f.d_half);
  for (int product = 0; product < kProducts; ++product)
    TensorMultiplyAccumulate(model, TensorType::kF16, TensorType::kF16, kM, kN, kK, a[product],
                             b[product], sums[product], context.kernel.isa);
  for (int lane = 0; lane < kWarpSize; ++lane) {
    for (int i = 0; i < kSums; ++i) {
      const float sum = sums[lane % 16 / 4][PlaceOfSum(f.d_half, lane, i)];
      if (!f.d_half) {
        context.Slot<float>(d_list[i])[lane] = sum;
        continue;
      }
      std::uint32_t& d = context.Slot<std::uint32_t>(d_list[i / 2])[lane];
      const std::uint32_t bits = std::uint32_t{FloatToHalf(sum)} << (16 * (i % 2));
      d = i % 2 == 0 ? bits : d | bits;
    }
  }
  return true;
}

}  // namespace

// mma.sync.aligned.m8n8k4.{row,col}.{row,col}.d.f16.f16.c
std::optional<VoltaMmaForm> ParseVoltaMma(const ptx::Instruction& instruction, std::string* why) {
  const auto& parts = instruction.parts;
  if (parts.size() != 10 || parts[1] != "sync" || parts[2] != "aligned" || parts[3] != "m8n8k4" ||
      parts[7] != "f16")
    return std::nullopt;
  const auto is_one_of = [](std::string_view part, std::string_view x, std::string_view y) {
    return part == x || part == y;
  };
  // f32 stays f32.
  if (!is_one_of(parts[4], "row", "col") || !is_one_of(parts[5], "row", "col") ||
      parts[8] != "f16" || !is_one_of(parts[6], "f16", "f32") ||
      !is_one_of(parts[9], "f16", "f32") || (parts[6] == "f16" && parts[9] == "f32")) {
    *why = "this shape is not supported for these types";
    return std::nullopt;
  }
  return VoltaMmaForm{
      parts[4] == "col", parts[5] == "col", parts[6] == "f16", parts[9] == "f16", {}};
}

WarpHandler VoltaMmaHandler() {
  return &Run;
}

}  // namespace nodecuda::simulator
