#include "simulator/exec/arithmetic/tensor_math.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "simulator/exec/arithmetic/alu_table.h"
#include "simulator/exec/isa/tensor_tile.h"

namespace nodecuda::simulator {
namespace {

TensorFormat FormatOf(TensorType type) {
  switch (type) {
    case TensorType::kF16:
      return {0, 10, 5, 15, true};
    case TensorType::kBF16:
      return {0, 7, 8, 127, true};
    case TensorType::kTF32:
      return {13, 10, 8, 127, true};  // a register's low 13 bits do not count
    case TensorType::kE4M3:
      return {0, 3, 4, 7, false};
    case TensorType::kE5M2:
      return {0, 2, 5, 15, true};
  }
  return {};
}

bool IsFp8(TensorType type) {
  return type == TensorType::kE4M3 || type == TensorType::kE5M2;
}

}  // namespace

TensorModel TensorModelOf(int capability, TensorUnit unit, TensorType a, TensorType b, int k,
                          bool half_result) {
  TensorModel model;
  model.half_result = half_result;
  model.products = k;
  // 23 bits on Volta, 24 from Turing to Ada, 25 from Hopper on.
  model.fraction_bits = capability < 75 ? 23 : capability < 90 ? 24 : 25;
  // Ampere and Ada add up half of what the longest instruction of a type has.
  const bool fp8 = IsFp8(a) || IsFp8(b);
  if (capability < 90) {
    const int step = fp8 ? 16 : a == TensorType::kTF32 ? 4 : 8;
    model.products = k < step ? k : step;
  }
  const bool is_hopper = capability / 10 == 9;
  if (fp8 && (capability < 90 || (is_hopper && unit == TensorUnit::kWgmma))) {
    model.fraction_bits = 13;
    model.result_bits = 13;
  }
  return model;
}

void TensorMultiplyAccumulate(const TensorModel& model, TensorType a_type, TensorType b_type, int m,
                              int n, int k, std::span<const std::uint32_t> a,
                              std::span<const std::uint32_t> b, std::span<float> c, Isa isa) {
  const auto holds = [](std::size_t size, int rows, int columns) {
    return size >= static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  };
  assert(k > 0 && k <= kMaxTensorDepth && n % kTensorColumnStep == 0);
  assert(holds(a.size(), m, k) && holds(b.size(), k, n) && holds(c.size(), m, n));
  static_cast<void>(holds);
  const TensorTile tile{FormatOf(a_type),
                        FormatOf(b_type),
                        model.fraction_bits,
                        model.products,
                        model.result_bits,
                        model.half_result,
                        m,
                        n,
                        k,
                        a.data(),
                        b.data(),
                        c.data()};
  TableOf(isa).multiply_tile(tile);
}

float HalfToFloat(std::uint16_t bits) {
  const std::uint32_t size = bits & 0x7fffu, sign = (bits & 0x8000u) << 16;
  if (size >= 0x7c00) return std::bit_cast<float>(size > 0x7c00 ? 0x7fffffffu : sign | 0x7f800000u);
  const float value = std::bit_cast<float>(size << 13) * 0x1p112f;  // moves the bias
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
}

std::uint16_t FloatToHalf(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value), size = bits & 0x7fffffff;
  const std::uint32_t sign = bits >> 16 & 0x8000u;
  if (size > 0x7f800000) return 0x7fff;
  if (size == 0x7f800000) return static_cast<std::uint16_t>(sign | 0x7c00);
  // Adding this number leaves as many fraction bits as f16 has.
  constexpr std::uint32_t kTooLarge = 143u << 23, kLeast = 113u << 23;  // 2^16, 2^-14
  const float magnitude = std::bit_cast<float>(std::min(size, kTooLarge));
  const std::uint32_t grid = std::max(std::bit_cast<std::uint32_t>(magnitude), kLeast) >> 23;
  const float magic = std::bit_cast<float>((grid + 13) << 23);
  const float rounded = ((magnitude + magic) - magic) * 0x1p-112f;
  return static_cast<std::uint16_t>(sign | std::bit_cast<std::uint32_t>(rounded) >> 13);
}

}  // namespace nodecuda::simulator
