#include "simulator/exec/memory/tensor_map.h"

#include <cstring>
#include <iterator>

namespace nodecuda::simulator {
namespace {

constexpr std::uint64_t kTag = 0x6e6f646563756461;  // tells our maps from other bytes
constexpr std::uint64_t kAlignment = 16;            // of addresses, strides and rows of the box
constexpr std::uint64_t kMaxDim = std::uint64_t{1} << 32;
constexpr std::uint64_t kMaxStride = std::uint64_t{1} << 40;  // exclusive
constexpr std::uint32_t kMaxBox = 256, kMaxElementStride = 8;

struct Encoded {
  std::uint64_t tag;
  std::uint64_t address;
  std::uint64_t strides[kMaxTensorRank - 1];
  std::uint32_t last_index[kMaxTensorRank];  // the dimension less one, which fits 32 bits
  std::uint8_t last_of_box[kMaxTensorRank];
  std::uint8_t element_strides[kMaxTensorRank];
  std::uint8_t rank, data_type, swizzle, l2_promotion;
};
static_assert(sizeof(Encoded) <= sizeof(TensorMap));

// By the number that tensormap.replace has for them (PTX ISA): values of TensorMapDataType, -1 for
// those that the simulated device does not know.
constexpr int kReplacedTypes[] = {0, 1, 2, 3, 4, 5, 6, 7, -1, 8, 9, 11, -1};

std::uint64_t SwizzleSpan(TensorMapSwizzle swizzle) {
  return swizzle == TensorMapSwizzle::kNone ? 0 : std::uint64_t{16} << static_cast<int>(swizzle);
}

bool IsOneOf(int value, int count) {
  return value >= 0 && value < count;
}

bool IsValid(const TensorMapTiled& tiled) {
  const std::uint64_t element = SizeOf(tiled.data_type);
  if (element == 0 || !IsOneOf(static_cast<int>(tiled.swizzle), 4) ||
      !IsOneOf(static_cast<int>(tiled.l2_promotion), 4))
    return false;
  if (tiled.rank < 1 || tiled.rank > kMaxTensorRank) return false;
  const auto address = reinterpret_cast<std::uintptr_t>(tiled.global_address);
  if (address == 0 || address % kAlignment != 0) return false;
  for (std::uint32_t i = 0; i < tiled.rank; ++i) {
    if (tiled.global_dim[i] < 1 || tiled.global_dim[i] > kMaxDim) return false;
    if (tiled.box_dim[i] < 1 || tiled.box_dim[i] > kMaxBox) return false;
    if (tiled.element_strides[i] < 1 || tiled.element_strides[i] > kMaxElementStride) return false;
    if (i + 1 == tiled.rank) break;
    const std::uint64_t stride = tiled.global_strides[i];
    if (stride % kAlignment != 0 || stride >= kMaxStride) return false;
  }
  const std::uint64_t row = tiled.box_dim[0] * element;
  const std::uint64_t span = SwizzleSpan(tiled.swizzle);
  return row % kAlignment == 0 && (span == 0 || row <= span);
}

}  // namespace

std::uint64_t SizeOf(TensorMapDataType type) {
  switch (type) {
    case TensorMapDataType::kUint8:
      return 1;
    case TensorMapDataType::kUint16:
    case TensorMapDataType::kFloat16:
    case TensorMapDataType::kBfloat16:
      return 2;
    case TensorMapDataType::kUint32:
    case TensorMapDataType::kInt32:
    case TensorMapDataType::kFloat32:
    case TensorMapDataType::kTfloat32:
      return 4;
    case TensorMapDataType::kUint64:
    case TensorMapDataType::kInt64:
    case TensorMapDataType::kFloat64:
      return 8;
  }
  return 0;
}

std::uint32_t BoxExtent(const TensorMapTiled& tiled, std::uint32_t dimension) {
  // There is no element stride along dimension 0: the hardware ignores it.
  const std::uint32_t stride = dimension == 0 ? 1 : tiled.element_strides[dimension];
  return (tiled.box_dim[dimension] + stride - 1) / stride;
}

std::uint64_t BoxBytes(const TensorMapTiled& tiled) {
  std::uint64_t bytes = SizeOf(tiled.data_type);
  for (std::uint32_t i = 0; i < tiled.rank; ++i) bytes *= BoxExtent(tiled, i);
  return bytes;
}

bool EncodeTensorMap(const TensorMapTiled& tiled, TensorMap* map) {
  if (!IsValid(tiled)) return false;
  Encoded encoded{};
  encoded.tag = kTag;
  encoded.address = reinterpret_cast<std::uintptr_t>(tiled.global_address);
  encoded.rank = static_cast<std::uint8_t>(tiled.rank);
  encoded.data_type = static_cast<std::uint8_t>(tiled.data_type);
  encoded.swizzle = static_cast<std::uint8_t>(tiled.swizzle);
  encoded.l2_promotion = static_cast<std::uint8_t>(tiled.l2_promotion);
  for (std::uint32_t i = 0; i < tiled.rank; ++i) {
    encoded.last_index[i] = static_cast<std::uint32_t>(tiled.global_dim[i] - 1);
    encoded.last_of_box[i] = static_cast<std::uint8_t>(tiled.box_dim[i] - 1);
    encoded.element_strides[i] = static_cast<std::uint8_t>(tiled.element_strides[i]);
    if (i + 1 < tiled.rank) encoded.strides[i] = tiled.global_strides[i];
  }
  *map = {};
  std::memcpy(map, &encoded, sizeof encoded);
  return true;
}

bool DecodeTensorMap(const TensorMap& map, TensorMapTiled* tiled) {
  Encoded encoded;
  std::memcpy(&encoded, &map, sizeof encoded);
  if (encoded.tag != kTag || encoded.rank > kMaxTensorRank) return false;
  *tiled = {};
  tiled->global_address = reinterpret_cast<void*>(encoded.address);
  tiled->rank = encoded.rank;
  tiled->data_type = static_cast<TensorMapDataType>(encoded.data_type);
  tiled->swizzle = static_cast<TensorMapSwizzle>(encoded.swizzle);
  tiled->l2_promotion = static_cast<TensorMapL2Promotion>(encoded.l2_promotion);
  for (std::uint32_t i = 0; i < tiled->rank; ++i) {
    tiled->global_dim[i] = std::uint64_t{encoded.last_index[i]} + 1;
    tiled->box_dim[i] = encoded.last_of_box[i] + 1u;
    tiled->element_strides[i] = encoded.element_strides[i];
    if (i + 1 < tiled->rank) tiled->global_strides[i] = encoded.strides[i];
  }
  return IsValid(*tiled);
}

bool ReplaceTensorMapField(TensorMap* map, TensorMapField field, std::uint32_t ordinal,
                           std::uint64_t value) {
  Encoded encoded;
  std::memcpy(&encoded, map, sizeof encoded);
  if (encoded.tag != kTag) {  // bytes of anything, or zeros, that are made a map
    encoded = {};
    encoded.tag = kTag;
  }
  const std::uint32_t ordinals =
      field == TensorMapField::kGlobalStride ? kMaxTensorRank - 1 : kMaxTensorRank;
  if (ordinal >= ordinals) return false;
  const auto word = static_cast<std::uint32_t>(value);
  const auto byte = static_cast<std::uint8_t>(value);
  switch (field) {
    case TensorMapField::kGlobalAddress:
      encoded.address = value;
      break;
    case TensorMapField::kRank:
      if (word >= kMaxTensorRank) return false;
      encoded.rank = static_cast<std::uint8_t>(word + 1);
      break;
    case TensorMapField::kBoxDim:
      if (word < 1 || word > kMaxBox) return false;
      encoded.last_of_box[ordinal] = static_cast<std::uint8_t>(word - 1);
      break;
    case TensorMapField::kGlobalDim:
      encoded.last_index[ordinal] = word - 1;
      break;
    case TensorMapField::kGlobalStride:
      encoded.strides[ordinal] = value;
      break;
    case TensorMapField::kElementStride:
      if (word < 1 || word > kMaxElementStride) return false;
      encoded.element_strides[ordinal] = byte;
      break;
    case TensorMapField::kElementType:
      if (word >= std::size(kReplacedTypes) || kReplacedTypes[word] < 0) return false;
      encoded.data_type = static_cast<std::uint8_t>(kReplacedTypes[word]);
      break;
    case TensorMapField::kSwizzle:
      if (word > static_cast<std::uint32_t>(TensorMapSwizzle::k128B)) return false;
      encoded.swizzle = byte;
      break;
    case TensorMapField::kInterleave:
    case TensorMapField::kFill:
      if (value != 0) return false;
      break;
  }
  std::memcpy(map, &encoded, sizeof encoded);
  return true;
}

}  // namespace nodecuda::simulator
