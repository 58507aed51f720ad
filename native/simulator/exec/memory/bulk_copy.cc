#include "simulator/exec/memory/bulk_copy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "simulator/exec/memory/tensor_map.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

constexpr std::uint64_t kUnit = 16;       // what swizzling moves in one piece
constexpr std::size_t kMaxRow = 256 * 8;  // bytes: elements of a box, of an element
constexpr std::uint64_t kSwizzleSpan[] = {0, 32, 64, 128};

bool RunLinear(const BulkCopy& copy, MemoryView& view) {
  if (copy.bytes == 0) return true;
  const std::byte* source =
      view.Locate(copy.source_space, copy.source, copy.bytes, kBulkAlignment, false, copy.lane);
  if (source == nullptr) return false;
  for (const std::uint64_t address : copy.destinations) {
    std::byte* destination =
        view.Locate(copy.destination_space, address, copy.bytes, kBulkAlignment, true, copy.lane);
    if (destination == nullptr) return false;
    if (copy.reduce != nullptr)
      copy.reduce(destination, source, copy.bytes);
    else
      std::memmove(destination, source, copy.bytes);
  }
  return true;
}

// The part of a row of the box that is inside of the tensor.
struct RowPart {
  std::uint64_t address = 0;         // of its first byte, in device memory
  std::size_t begin = 0, bytes = 0;  // within the row; no bytes: the row is outside
};

RowPart FindRowPart(const BulkCopy& copy, std::uint64_t row) {
  const TensorMapTiled& map = copy.map;
  auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(map.global_address));
  for (std::uint32_t i = 1; i < map.rank; ++i) {
    const std::uint32_t extent = BoxExtent(map, i);
    const std::int64_t index =
        copy.coordinates[i] + static_cast<std::int64_t>(row % extent * map.element_strides[i]);
    row /= extent;
    if (index < 0 || static_cast<std::uint64_t>(index) >= map.global_dim[i]) return {};
    address += static_cast<std::uint64_t>(index) * map.global_strides[i - 1];
  }
  const std::int64_t first = copy.coordinates[0];
  const std::int64_t begin = std::max<std::int64_t>(first, 0);
  const std::int64_t end =
      std::min(first + std::int64_t{map.box_dim[0]}, static_cast<std::int64_t>(map.global_dim[0]));
  if (begin >= end) return {};
  const std::uint64_t element = SizeOf(map.data_type);
  return {address + static_cast<std::uint64_t>(begin) * element,
          static_cast<std::size_t>(begin - first) * element,
          static_cast<std::size_t>(end - begin) * element};
}

// To 10 fraction bits, to the nearest, ties to even; what is not finite stays as it is (seen on
// hardware by others: triton-lang/triton#11751).
std::uint32_t RoundToTf32(std::uint32_t bits) {
  constexpr std::uint32_t kDropped = 13, kExponent = 0x7f800000;
  if ((bits & kExponent) == kExponent) return bits;
  const std::uint32_t half = (1u << (kDropped - 1)) - 1 + (bits >> kDropped & 1);
  return (bits + half) >> kDropped << kDropped;
}

void RoundRow(std::byte* row, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += 4) {
    std::uint32_t word;
    std::memcpy(&word, row + i, sizeof word);
    word = RoundToTf32(word);
    std::memcpy(row + i, &word, sizeof word);
  }
}

// Calls move(unit of the row, where it belongs in shared memory) for the 16-byte units of a row.
template <typename Move>
void ForEachUnit(const BulkCopy& copy, std::uint64_t box, std::byte* host, std::uint64_t row,
                 std::size_t row_bytes, Move move) {
  for (std::size_t at = 0; at < row_bytes; at += kUnit) {
    const std::uint64_t address = box + row * row_bytes + at;
    move(at, host + (SwizzledAddress(address, copy.map.swizzle) - box));
  }
}

bool RunTensor(const BulkCopy& copy, MemoryView& view) {
  const TensorMapTiled& map = copy.map;
  const std::size_t row_bytes = map.box_dim[0] * SizeOf(map.data_type);
  const std::uint64_t span = kSwizzleSpan[static_cast<int>(map.swizzle)];
  if (span != 0 && row_bytes != span)
    return view.Fail(Status::kLaunchFailure, copy.lane,
                     "rows of the box have " + std::to_string(row_bytes) +
                         " bytes, the swizzle has " + std::to_string(span) +
                         ": how hardware lays these out is not known to the simulated device");
  const bool is_load = copy.kind == BulkCopy::Kind::kTensorLoad;
  const std::vector<std::uint64_t> boxes =
      is_load ? copy.destinations : std::vector<std::uint64_t>{copy.source};
  std::vector<std::byte*> hosts;
  for (const std::uint64_t box : boxes) {
    hosts.push_back(
        view.Locate(Space::kSharedCluster, box, copy.bytes, kTensorAlignment, is_load, copy.lane));
    if (hosts.back() == nullptr) return false;
  }
  std::byte buffer[kMaxRow];
  for (std::uint64_t row = 0; row < copy.bytes / row_bytes; ++row) {
    const RowPart part = FindRowPart(copy, row);
    std::byte* global = nullptr;
    if (part.bytes != 0) {
      global = view.Locate(Space::kGlobal, part.address, part.bytes, SizeOf(map.data_type),
                           !is_load, copy.lane);
      if (global == nullptr) return false;
    }
    if (is_load) {
      std::memset(buffer, 0, row_bytes);
      if (part.bytes != 0) std::memcpy(buffer + part.begin, global, part.bytes);
      if (map.data_type == TensorMapDataType::kTfloat32) RoundRow(buffer, row_bytes);
      for (std::size_t i = 0; i < boxes.size(); ++i)
        ForEachUnit(copy, boxes[i], hosts[i], row, row_bytes, [&](std::size_t at, std::byte* unit) {
          std::memcpy(unit, buffer + at, kUnit);
        });
    } else if (part.bytes != 0) {
      ForEachUnit(copy, boxes[0], hosts[0], row, row_bytes,
                  [&](std::size_t at, std::byte* unit) { std::memcpy(buffer + at, unit, kUnit); });
      if (copy.reduce != nullptr)
        copy.reduce(global, buffer + part.begin, part.bytes);
      else
        std::memcpy(global, buffer + part.begin, part.bytes);
    }
  }
  return true;
}

}  // namespace

void ForEachRow(const BulkCopy& copy,
                const std::function<void(std::uint64_t address, std::uint64_t bytes)>& visit) {
  const std::uint64_t row_bytes = copy.map.box_dim[0] * SizeOf(copy.map.data_type);
  for (std::uint64_t row = 0; row < copy.bytes / row_bytes; ++row)
    if (const RowPart part = FindRowPart(copy, row); part.bytes != 0)
      visit(part.address, part.bytes);
}

bool RunBulkCopy(const BulkCopy& copy, MemoryView& view) {
  return copy.kind == BulkCopy::Kind::kLinear ? RunLinear(copy, view) : RunTensor(copy, view);
}

}  // namespace nodecuda::simulator
