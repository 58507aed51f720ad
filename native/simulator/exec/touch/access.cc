#include "simulator/exec/touch/access.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "simulator/exec/matrix/wmma.h"
#include "simulator/exec/warp/async_copy.h"
#include "simulator/exec/warp/bulk_store.h"
#include "simulator/exec/warp/lanes.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

class Lister {
 public:
  Lister(int rank, MemoryView& view, std::vector<Access>* accesses)
      : rank_(rank), view_(view), accesses_(*accesses) {}

  // Nothing is listed for parameters and constants, which nobody writes, nor for what faults.
  void Add(int lane, Space space, std::uint64_t address, std::uint32_t bytes, bool is_write,
           std::uint32_t value_slot = kNoSlot, std::uint32_t value_bytes = 0,
           LaneMask value_lanes = 0) {
    if (bytes == 0 || address % std::min(std::bit_floor(bytes), 16u) != 0) return;
    if (!view_.Find(space, address).Contains(address, bytes)) return;
    if (value_lanes == 0) value_lanes = LaneMask{1} << lane;
    Access access{lane,     space,      address,     bytes,      rank_,
                  is_write, value_slot, value_bytes, value_lanes};
    if (space == Space::kNone) {
      access.space = Space::kGlobal;
      for (const auto& [window, name] :
           {std::pair(kSharedWindow, Space::kSharedCluster), std::pair(kLocalWindow, Space::kLocal),
            std::pair(kParamWindow, Space::kParam)}) {
        if (address - window >= kWindowBytes) continue;
        access.space = name;
        access.address = address - window;
      }
    }
    if (access.space == Space::kParam || access.space == Space::kConst) return;
    if (access.space == Space::kSharedCluster || access.space == Space::kShared) {
      access.space = Space::kShared;
      const std::uint64_t field = access.address >> kSharedRankShift;
      if (field != 0) access.rank = static_cast<int>(field - 1);
      access.address %= kMaxSharedBytes;
    }
    accesses_.push_back(access);
  }

 private:
  const int rank_;
  MemoryView& view_;
  std::vector<Access>& accesses_;
};

std::uint64_t AddressOf(const Instruction& in, const MemoryForm& form, const std::byte* file,
                        int lane) {
  return LaneAddress(file, in.slot[kAddressSlot], in.offset, form.wide_address, lane);
}

void ListCopy(const Instruction& in, const std::byte* file, int lane, Lister* lister) {
  const AsyncCopyForm form = AsyncCopyForm::Of(in);
  const std::uint32_t bytes = 1u << form.bytes_log2;
  std::uint32_t read = bytes;
  if (in.slot[kCopyReadBytes] != kNoSlot)
    read = reinterpret_cast<const std::uint32_t*>(file + in.slot[kCopyReadBytes])[lane];
  if (in.slot[kCopyIgnore] != kNoSlot &&
      (*reinterpret_cast<const LaneMask*>(file + in.slot[kCopyIgnore]) >> lane & 1) != 0)
    read = 0;
  const std::uint64_t from = LaneAddress(file, in.slot[kCopyFrom], in.offset, form.wide_from, lane);
  // Word by word: what is read may be no power of two.
  for (std::uint32_t at = 0; at + 4 <= read && read <= bytes; at += 4)
    lister->Add(lane, Space::kGlobal, from + at, 4, false);
  lister->Add(
      lane, Space::kShared,
      LaneAddress(file, in.slot[kCopyTo], static_cast<std::int32_t>(in.target), form.wide_to, lane),
      bytes, true);
}

// Whose registers a row of a matrix goes to: two elements a lane.
LaneMask LanesOfRow(int row, bool is_transposed) {
  return is_transposed ? 0x11111111u << row / 2 : 0xfu << 4 * row;
}

// A row or column each; which lanes read which elements is up to the hardware.
void ListTile(const Instruction& in, const std::byte* file, Lister* lister) {
  const WmmaMoveForm form = WmmaMoveForm::Of(in);
  const int lines = form.by_columns ? form.fragment.columns : form.fragment.rows;
  const int length = form.by_columns ? form.fragment.rows : form.fragment.columns;
  const auto bytes = static_cast<std::uint32_t>(length * form.fragment.bits / 8);
  std::uint64_t stride = bytes;
  if (in.slot[kStrideSlot] != kNoSlot)
    stride = std::uint64_t{form.Stride(
                 *reinterpret_cast<const std::uint32_t*>(file + in.slot[kStrideSlot]))} *
             form.fragment.bits / 8;
  const std::uint64_t first =
      LaneAddress(file, in.slot[kAddressSlot], in.offset, form.wide_address, 0);
  for (int line = 0; line < lines; ++line)
    lister->Add(line, form.space, first + static_cast<std::uint64_t>(line) * stride, bytes,
                form.is_store);
}

}  // namespace

void ListAccesses(const Instruction& in, const Traits& traits, const std::byte* file,
                  LaneMask lanes, int rank, MemoryView& view, std::vector<Access>* accesses) {
  accesses->clear();
  Lister lister(rank, view, accesses);
  const MemoryForm form = MemoryForm::Of(in);
  const auto bytes = static_cast<std::uint32_t>(form.access_bytes());
  if (traits.touch == Touch::kTileLoad || traits.touch == Touch::kTileStore)
    return ListTile(in, file, &lister);
  if (traits.touch == Touch::kMatrixLoad || traits.touch == Touch::kMatrixStore) {
    // Only as many lanes as there are rows name one each.
    lanes = kFullMask >> (kWarpSize - (traits.has_bytes ? 16 : 8) * traits.matrices);
  }
  for (LaneMask rest = lanes; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    switch (traits.touch) {
      case Touch::kNothing:
      case Touch::kTileLoad:
      case Touch::kTileStore:
        return;
      case Touch::kMatrixLoad:
        if (traits.has_bytes) {
          for (int half = 0; half < 2; ++half)
            lister.Add(lane, form.space,
                       AddressOf(in, form, file, lane) + 8 * static_cast<std::uint64_t>(half), 8,
                       false, in.slot[lane / 16 * 2 + half], 4, 0x11111111u << lane % 16 / 4);
          break;
        }
        lister.Add(lane, form.space, AddressOf(in, form, file, lane), bytes, false,
                   in.slot[lane / 8], 4, LanesOfRow(lane % 8, traits.is_transposed));
        break;
      case Touch::kMatrixStore:
      case Touch::kAtomic:
        lister.Add(lane, form.space, AddressOf(in, form, file, lane), bytes, true);
        break;
      case Touch::kLoad:
      case Touch::kStore: {
        const std::uint64_t address = AddressOf(in, form, file, lane);
        const std::uint32_t element = 1u << form.element_log2;
        if (address % bytes != 0) break;
        for (std::uint32_t i = 0; i < 1u << form.vector_log2; ++i)
          lister.Add(lane, form.space, address + i * element, element,
                     traits.touch == Touch::kStore, in.slot[i], 1u << form.register_log2);
        break;
      }
      case Touch::kAsyncCopy:
        ListCopy(in, file, lane, &lister);
        break;
      case Touch::kBulkStore: {
        const std::uint64_t address = AddressOf(in, form, file, lane);
        const std::uint64_t size =
            reinterpret_cast<const std::uint64_t*>(file + in.slot[kBulkSizeSlot])[lane];
        for (std::uint64_t at = 0; at < std::min<std::uint64_t>(size, kMaxSharedBytes);
             at += kBulkUnit)
          lister.Add(lane, form.space, address + at, kBulkUnit, true);
        break;
      }
    }
  }
}

}  // namespace nodecuda::simulator
