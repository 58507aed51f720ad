#include "test/native/ops/matmul/operands.h"

#include <bit>
#include <cstring>

namespace nodecuda::test {
namespace {

constexpr std::byte kGuard{0xff};
constexpr std::int64_t kGuardElements = 19;

Element ScaleOf(Element element) {
  return element == Element::kFloat64 ? Element::kFloat64 : Element::kFloat32;
}

template <typename T>
void Put(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}
template <typename T>
T Get(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

void Encode(Element element, std::byte* to, double value) {
  switch (element) {
    case Element::kFloat32:
      return Put(to, static_cast<float>(value));
    case Element::kFloat64:
      return Put(to, value);
    case Element::kFloat16:
      return Put(to, static_cast<_Float16>(value));
    case Element::kBfloat16:  // cut off: what the operands are does not matter, only that they fit
      return Put(to, static_cast<std::uint16_t>(
                         std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16));
    case Element::kInt8:
      return Put(to, static_cast<std::int8_t>(value));
    case Element::kInt32:
      return Put(to, static_cast<std::int32_t>(value));
  }
}

}  // namespace

std::size_t SizeOf(Element element) {
  switch (element) {
    case Element::kFloat64:
      return 8;
    case Element::kFloat32:
    case Element::kInt32:
      return 4;
    case Element::kInt8:
      return 1;
    default:
      return 2;
  }
}

bool IsInteger(Element element) {
  return element == Element::kInt8 || element == Element::kInt32;
}

double Decode(Element element, const std::byte* from) {
  switch (element) {
    case Element::kFloat32:
      return Get<float>(from);
    case Element::kFloat64:
      return Get<double>(from);
    case Element::kFloat16:
      return static_cast<double>(Get<_Float16>(from));
    case Element::kBfloat16:
      return std::bit_cast<float>(std::uint32_t{Get<std::uint16_t>(from)} << 16);
    case Element::kInt8:
      return Get<std::int8_t>(from);
    case Element::kInt32:
      return Get<std::int32_t>(from);
  }
  return 0;
}

int OutputOf(Element element) {
  switch (element) {
    case Element::kFloat64:
      return kOutFloat64;
    case Element::kFloat16:
      return kOutFloat16;
    case Element::kBfloat16:
      return kOutBfloat16;
    case Element::kInt32:
      return kOutInt32;
    default:
      return kOutFloat32;
  }
}

Element AccumulatorOf(Element element) {
  if (IsInteger(element)) return Element::kInt32;
  return element == Element::kFloat64 ? Element::kFloat64 : Element::kFloat32;
}

StoredMatrices::StoredMatrices(Element element, std::int64_t rows, std::int64_t columns,
                               std::int64_t pad, std::int64_t offset, std::int64_t batches,
                               bool shared, std::int64_t guard)
    : element(element), rows(rows), columns(columns), stride(columns + pad), offset(offset) {
  const std::int64_t one = rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns;
  batch_stride = shared ? 0 : one + pad;
  const std::int64_t count = one + (shared ? 0 : (batches - 1) * batch_stride);
  bytes.assign(static_cast<std::size_t>(offset + count + guard) * SizeOf(element), kGuard);
}

std::byte* StoredMatrices::At(std::int64_t batch, std::int64_t row, std::int64_t column) {
  return &bytes[static_cast<std::size_t>(offset + batch * batch_stride + row * stride + column) *
                SizeOf(element)];
}

void StoredMatrices::Fill(std::int64_t batches, std::mt19937& random) {
  std::uniform_real_distribution<double> value(-1, 1);
  for (std::int64_t b = 0; b < (batch_stride == 0 ? 1 : batches); ++b) {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        Encode(element, At(b, i, j), value(random) * (IsInteger(element) ? 127 : 1));
      }
    }
  }
}

MatmulOperands::MatmulOperands(Element element, const MatmulCase& p, std::mt19937& random)
    : a(element, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k, p.pad_a, p.offset_a,
        p.batches, p.share_a, 0),
      b(element, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n, p.pad_b, p.offset_b,
        p.batches, p.share_b, 0),
      c(p.output, p.m, p.n, p.pad_c, p.offset_c, p.batches, false, kGuardElements),
      bias(p.output, 1, p.bias_per_row ? p.m : p.n, 0, 0, 1, true, 0),
      row_scale(ScaleOf(element), 1, p.m, 0, 0, 1, true, 0),
      column_scale(ScaleOf(element), 1, p.n, 0, 0, 1, true, 0) {
  for (StoredMatrices* operand : {&a, &b, &bias, &row_scale, &column_scale}) {
    operand->Fill(p.batches, random);
  }
  if (p.beta != 0) c.Fill(p.batches, random);
}

}  // namespace nodecuda::test
