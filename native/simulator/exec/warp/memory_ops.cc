#include "simulator/exec/warp/memory_ops.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "simulator/exec/code/program.h"
#include "simulator/exec/warp/lanes.h"

namespace nodecuda::simulator {
namespace {

template <typename T>
T* SlotAt(std::byte* file, std::uint32_t offset) {
  return reinterpret_cast<T*>(file + offset);
}

template <typename T>
T ReadHost(std::uint64_t address) {
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

template <typename T>
void WriteHost(std::uint64_t address, T value) {
  std::memcpy(reinterpret_cast<void*>(address), &value, sizeof value);
}

template <typename T>
void Blend(T* slot, const T* values, LaneMask mask) {
  for (int lane = 0; lane < kWarpSize; ++lane)
    slot[lane] = (mask >> lane & 1) ? values[lane] : slot[lane];
}

// Four lanes' vectors of four words into four slots: two rounds of interleaving halves.
using Word4 = std::uint32_t __attribute__((vector_size(16)));

void Transpose4(const std::uint64_t* address, std::uint32_t* const (&out)[4]) {
  const auto a = ReadHost<Word4>(address[0]), b = ReadHost<Word4>(address[1]);
  const auto c = ReadHost<Word4>(address[2]), d = ReadHost<Word4>(address[3]);
  const auto ac_low = __builtin_shufflevector(a, c, 0, 4, 1, 5);
  const auto ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
  const auto bd_low = __builtin_shufflevector(b, d, 0, 4, 1, 5);
  const auto bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);
  const Word4 columns[4] = {__builtin_shufflevector(ac_low, bd_low, 0, 4, 1, 5),
                            __builtin_shufflevector(ac_low, bd_low, 2, 6, 3, 7),
                            __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5),
                            __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7)};
  for (int i = 0; i < 4; ++i) std::memcpy(out[i], &columns[i], sizeof(Word4));
}

// Reads for all 32 lanes into `out`, one array of lanes per vector element. The addresses were
// copied out of the register file before, so `out` may be the slot that held them.
template <typename Element, typename Slot, int kVector>
void Gather(const Lanes& lanes, Slot* const (&out)[kVector]) {
  if (lanes.pattern == Pattern::kUniform) {
    for (int i = 0; i < kVector; ++i) {
      const auto value = static_cast<Slot>(
          ReadHost<Element>(lanes.address[0] + static_cast<unsigned>(i) * sizeof(Element)));
      for (int lane = 0; lane < kWarpSize; ++lane) out[i][lane] = value;
    }
    return;
  }
  if constexpr (kVector == 1 && sizeof(Element) == sizeof(Slot)) {
    if (lanes.pattern == Pattern::kConsecutive) {
      std::memcpy(out[0], reinterpret_cast<const void*>(lanes.address[0]),
                  kWarpSize * sizeof(Slot));
      return;
    }
  }
  if constexpr (kVector == 4 && sizeof(Element) == 4 && sizeof(Slot) == 4) {
    for (int lane = 0; lane < kWarpSize; lane += 4) {
      std::uint32_t* const part[4] = {out[0] + lane, out[1] + lane, out[2] + lane, out[3] + lane};
      Transpose4(lanes.address + lane, part);
    }
    return;
  }
  for (int lane = 0; lane < kWarpSize; ++lane)
    for (int i = 0; i < kVector; ++i)
      out[i][lane] = static_cast<Slot>(
          ReadHost<Element>(lanes.address[lane] + static_cast<unsigned>(i) * sizeof(Element)));
}

template <typename Element, typename Slot, int kVector>
void Load(const Instruction& in, std::byte* file, LaneMask mask, const Lanes& lanes) {
  Slot* slots[kVector];
  for (int i = 0; i < kVector; ++i) slots[i] = SlotAt<Slot>(file, in.slot[i]);
  if (mask == kFullMask) {
    Gather<Element, Slot, kVector>(lanes, slots);
    return;
  }
  alignas(64) Slot values[kVector][kWarpSize];
  Slot* targets[kVector];
  for (int i = 0; i < kVector; ++i) targets[i] = values[i];
  Gather<Element, Slot, kVector>(lanes, targets);
  for (int i = 0; i < kVector; ++i) Blend(slots[i], values[i], mask);
}

template <typename Element, typename Slot, int kVector>
void Store(const Instruction& in, std::byte* file, LaneMask mask, const Lanes& lanes) {
  const Slot* slots[kVector];
  for (int i = 0; i < kVector; ++i) slots[i] = SlotAt<const Slot>(file, in.slot[i]);
  if constexpr (kVector == 1 && sizeof(Element) == sizeof(Slot)) {
    if (mask == kFullMask && lanes.pattern == Pattern::kConsecutive) {
      std::memcpy(reinterpret_cast<void*>(lanes.address[0]), slots[0], kWarpSize * sizeof(Slot));
      return;
    }
  }
  const auto store_lane = [&](int lane) {
    for (int i = 0; i < kVector; ++i)
      WriteHost(lanes.address[lane] + static_cast<unsigned>(i) * sizeof(Element),
                static_cast<Element>(slots[i][lane]));
  };
  if (mask == kFullMask) {
    for (int lane = 0; lane < kWarpSize; ++lane) store_lane(lane);
  } else {
    for (LaneMask rest = mask; rest != 0; rest &= rest - 1) store_lane(std::countr_zero(rest));
  }
}

using Mover = void (*)(const Instruction&, std::byte*, LaneMask, const Lanes&);

template <int kLog2, bool kSigned>
using Integer = std::conditional_t<
    kSigned,
    std::tuple_element_t<kLog2, std::tuple<std::int8_t, std::int16_t, std::int32_t, std::int64_t>>,
    std::tuple_element_t<kLog2,
                         std::tuple<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>>>;

// Every combination of MemoryForm's first byte: element, register, vector length, sign.
template <std::size_t kDetail, bool kIsStore>
constexpr Mover MoverOf() {
  constexpr int element = kDetail & 3, slot = kDetail >> 2 & 3, vector = kDetail >> 4 & 3;
  constexpr bool is_signed = (kDetail >> 6 & 1) != 0;
  if constexpr (element > slot || vector > 2) {
    return nullptr;  // the decoder refuses these
  } else if constexpr (kIsStore) {
    return Store<Integer<element, false>, Integer<slot, false>, 1 << vector>;
  } else {
    return Load<Integer<element, is_signed>, Integer<slot, false>, 1 << vector>;
  }
}

template <bool kIsStore, std::size_t... kDetails>
constexpr std::array<Mover, sizeof...(kDetails)> MakeMovers(std::index_sequence<kDetails...>) {
  return {MoverOf<kDetails, kIsStore>()...};
}

constexpr auto kLoads = MakeMovers<false>(std::make_index_sequence<128>());
constexpr auto kStores = MakeMovers<true>(std::make_index_sequence<128>());

}  // namespace

bool RunLoad(const Instruction& in, std::byte* file, LaneMask mask, MemoryView& view) {
  Lanes lanes;
  if (!ResolveLanes(in, MemoryForm::Of(in), file, mask, false, view, &lanes)) return false;
  kLoads[in.detail[0]](in, file, mask, lanes);
  return true;
}

bool RunStore(const Instruction& in, std::byte* file, LaneMask mask, MemoryView& view) {
  Lanes lanes;
  if (!ResolveLanes(in, MemoryForm::Of(in), file, mask, true, view, &lanes)) return false;
  kStores[in.detail[0]](in, file, mask, lanes);
  return true;
}

}  // namespace nodecuda::simulator
