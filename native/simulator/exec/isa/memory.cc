// Loads and stores whose lanes all lie in one region of memory.
#include "simulator/exec/isa/addresses.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <class T>
NODECUDA_INLINE T ReadHost(u64 address) {
  T value;
  __builtin_memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}
template <class T>
NODECUDA_INLINE void WriteHost(u64 address, T value) {
  __builtin_memcpy(reinterpret_cast<void*>(address), &value, sizeof value);
}

template <std::size_t kBytes>
constexpr int kShift = __builtin_ctzll(kBytes);

// `kCount` lanes one behind the other.
template <class Element, class Register, int kCount>
NODECUDA_INLINE void ReadRow(u64 address, Register* to) {
  Element row[kCount];
  __builtin_memcpy(row, reinterpret_cast<const void*>(address), sizeof row);
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kCount; ++i) to[i] = static_cast<Register>(row[i]);
}
template <class Element, class Register, int kCount>
NODECUDA_INLINE void WriteRow(u64 address, const Register* from) {
  Element row[kCount];
  NODECUDA_LANE_LOOP
  for (int i = 0; i < kCount; ++i) row[i] = static_cast<Element>(from[i]);
  __builtin_memcpy(reinterpret_cast<void*>(address), row, sizeof row);
}

// The vectors of the lanes of `mask`, one behind the other from lane 0 on.
template <class Element, class Register, int kVector>
NODECUDA_INLINE void ReadVectors(u64 address, Register* const (&to)[kVector], LaneMask mask) {
  const auto* from = reinterpret_cast<const Element*>(address);
  if (mask == kFullMask) {
    NODECUDA_LANE_LOOP
    for (int lane = 0; lane < kWarpSize; ++lane)
      for (int i = 0; i < kVector; ++i)
        to[i][lane] = static_cast<Register>(from[lane * kVector + i]);
    return;
  }
  NODECUDA_LANE_LOOP
  for (int lane = 0; lane < kWarpSize; ++lane) {
    if ((mask & kLaneBit[lane]) == 0) continue;
    for (int i = 0; i < kVector; ++i) to[i][lane] = static_cast<Register>(from[lane * kVector + i]);
  }
}
template <class Element, class Register, int kVector>
NODECUDA_INLINE void WriteVectors(u64 address, Register* const (&from)[kVector], LaneMask mask) {
  auto* to = reinterpret_cast<Element*>(address);
  if (mask == kFullMask) {
    NODECUDA_LANE_LOOP
    for (int lane = 0; lane < kWarpSize; ++lane)
      for (int i = 0; i < kVector; ++i)
        to[lane * kVector + i] = static_cast<Element>(from[i][lane]);
    return;
  }
  NODECUDA_LANE_LOOP
  for (int lane = 0; lane < kWarpSize; ++lane) {
    if ((mask & kLaneBit[lane]) == 0) continue;
    for (int i = 0; i < kVector; ++i) to[lane * kVector + i] = static_cast<Element>(from[i][lane]);
  }
}

// Four lanes' vectors of four words into four slots, or back: two rounds of interleaving halves.
using Word4 = u32 __attribute__((vector_size(16)));
struct Square {
  Word4 row[4];
};
NODECUDA_INLINE Square Transposed(const Square& in) {
  const auto [a, b, c, d] = in.row;
  const auto ac_low = __builtin_shufflevector(a, c, 0, 4, 1, 5);
  const auto ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
  const auto bd_low = __builtin_shufflevector(b, d, 0, 4, 1, 5);
  const auto bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);
  return {{__builtin_shufflevector(ac_low, bd_low, 0, 4, 1, 5),
           __builtin_shufflevector(ac_low, bd_low, 2, 6, 3, 7),
           __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5),
           __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7)}};
}

template <class Element, class Register, int kVector>
NODECUDA_INLINE void ReadLane(u64 address, Register* const (&to)[kVector], int lane) {
  for (int i = 0; i < kVector; ++i)
    to[i][lane] = static_cast<Register>(
        ReadHost<Element>(address + static_cast<unsigned>(i) * sizeof(Element)));
}

template <class Element, class Register, int kVector>
NODECUDA_INLINE void StoreLane(u64 address, Register* const (&from)[kVector], int lane) {
  for (int i = 0; i < kVector; ++i)
    WriteHost(address + static_cast<unsigned>(i) * sizeof(Element),
              static_cast<Element>(from[i][lane]));
}

template <class Register, int kVector>
NODECUDA_INLINE void FindSlots(std::byte* file, const Instruction& in,
                               Register* (&slots)[kVector]) {
  for (int i = 0; i < kVector; ++i) slots[i] = Slot<Register>(file, in.slot[i]);
}

// Reads what all lanes of `mask` read.
template <class Element, class Register, int kVector>
NODECUDA_INLINE void Broadcast(u64 address, Register* const (&to)[kVector], LaneMask mask) {
  Register value[kVector];
  for (int i = 0; i < kVector; ++i)
    value[i] = static_cast<Register>(
        ReadHost<Element>(address + static_cast<unsigned>(i) * sizeof(Element)));
  for (int i = 0; i < kVector; ++i) {
    if (mask == kFullMask) {
      for (int lane = 0; lane < kWarpSize; ++lane) to[i][lane] = value[i];
    } else {
      for (LaneMask rest = mask; rest != 0; rest &= rest - 1) to[i][__builtin_ctz(rest)] = value[i];
    }
  }
}

// Reads for all 32 lanes into `to`, one array of lanes per vector element. The addresses were
// copied out of the register file before, so `to` may be the slot that held them.
template <class Element, class Register, int kVector>
NODECUDA_INLINE void Gather(const HostAddresses& lanes, const Pattern& pattern,
                            Register* const (&to)[kVector]) {
  for (int begin = 0; begin < kWarpSize; begin += kGroup) {
    const u32 bit = 1u << (begin / kGroup);
    if constexpr (kVector == 1) {
      const u64 address = lanes.address[begin];
      if ((pattern.uniform_groups & bit) != 0) {
        const auto value = static_cast<Register>(ReadHost<Element>(address));
        for (int i = 0; i < kGroup; ++i) to[0][begin + i] = value;
        continue;
      }
      if ((pattern.consecutive_groups & bit) != 0) {
        ReadRow<Element, Register, kGroup>(address, to[0] + begin);
        continue;
      }
    }
    if constexpr (kVector == 4 && sizeof(Element) == 4) {
      for (int lane = begin; lane < begin + kGroup; lane += 4) {
        Square rows;
        for (int i = 0; i < 4; ++i) rows.row[i] = ReadHost<Word4>(lanes.address[lane + i]);
        const Square columns = Transposed(rows);
        for (int i = 0; i < 4; ++i) __builtin_memcpy(to[i] + lane, &columns.row[i], 16);
      }
    } else {
      for (int lane = begin; lane < begin + kGroup; ++lane)
        ReadLane<Element, Register, kVector>(lanes.address[lane], to, lane);
    }
  }
}

template <class Element, class Register, int kVector>
__attribute__((noinline)) bool LoadApart(std::byte* file, const Instruction& in, LaneMask mask,
                                         const Region& region) {
  HostAddresses lanes;
  Pattern pattern;
  if (!FindEach(file, in, sizeof(Element) * kVector, mask, region, &lanes, &pattern)) return false;
  Register* slots[kVector];
  FindSlots(file, in, slots);
  if (pattern.uniform) {
    Broadcast<Element, Register, kVector>(lanes.address[0], slots, mask);
  } else if (mask == kFullMask) {
    Gather<Element, Register, kVector>(lanes, pattern, slots);
  } else {
    for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
      const int lane = __builtin_ctz(rest);
      ReadLane<Element, Register, kVector>(lanes.address[lane], slots, lane);
    }
  }
  return true;
}

template <class Element, class Register, int kVector>
bool Load(std::byte* file, const Instruction& in, LaneMask mask, const Region& region) {
  const Together found = FindTogether(file, in, kShift<sizeof(Element) * kVector>, mask, region);
  if (found.lie == Lie::kApart)
    return LoadApart<Element, Register, kVector>(file, in, mask, region);
  if (found.lie == Lie::kRefused) return false;
  Register* slots[kVector];
  FindSlots(file, in, slots);
  if (found.lie == Lie::kConsecutive) {
    ReadVectors<Element, Register, kVector>(found.host, slots, mask);
  } else {
    Broadcast<Element, Register, kVector>(found.host, slots, mask);
  }
  return true;
}

template <class Element, class Register, int kVector>
__attribute__((noinline)) bool StoreApart(std::byte* file, const Instruction& in, LaneMask mask,
                                          const Region& region) {
  HostAddresses lanes;
  Pattern pattern;
  if (!FindEach(file, in, sizeof(Element) * kVector, mask, region, &lanes, &pattern)) return false;
  Register* slots[kVector];
  FindSlots(file, in, slots);
  const auto store_lane = [&](int lane) {
    StoreLane<Element, Register, kVector>(lanes.address[lane], slots, lane);
  };
  if (pattern.uniform) {
    StoreLane<Element, Register, kVector>(lanes.address[0], slots, 31 - __builtin_clz(mask));
  } else if (mask != kFullMask) {
    for (LaneMask rest = mask; rest != 0; rest &= rest - 1) store_lane(__builtin_ctz(rest));
  } else if (kVector == 1) {
    for (int begin = 0; begin < kWarpSize; begin += kGroup) {
      if ((pattern.consecutive_groups & 1u << (begin / kGroup)) != 0) {
        WriteRow<Element, Register, kGroup>(lanes.address[begin], slots[0] + begin);
      } else {
        for (int lane = begin; lane < begin + kGroup; ++lane) store_lane(lane);
      }
    }
  } else if (kVector == 4 && sizeof(Element) == 4) {
    for (int lane = 0; lane < kWarpSize; lane += 4) {
      Square columns;
      for (int i = 0; i < 4; ++i) __builtin_memcpy(&columns.row[i], slots[i % kVector] + lane, 16);
      const Square rows = Transposed(columns);
      for (int i = 0; i < 4; ++i) WriteHost(lanes.address[lane + i], rows.row[i]);
    }
  } else {
    for (int lane = 0; lane < kWarpSize; ++lane) store_lane(lane);
  }
  return true;
}

// Of lanes that write to one place the last one's value stays, as it would one after the other.
template <class Element, class Register, int kVector>
bool Store(std::byte* file, const Instruction& in, LaneMask mask, const Region& region) {
  const Together found = FindTogether(file, in, kShift<sizeof(Element) * kVector>, mask, region);
  if (found.lie == Lie::kApart)
    return StoreApart<Element, Register, kVector>(file, in, mask, region);
  if (found.lie == Lie::kRefused) return false;
  Register* slots[kVector];
  FindSlots(file, in, slots);
  if (found.lie == Lie::kConsecutive) {
    WriteVectors<Element, Register, kVector>(found.host, slots, mask);
  } else {
    StoreLane<Element, Register, kVector>(found.host, slots, 31 - __builtin_clz(mask));
  }
  return true;
}

struct MemoryRow {
  int element, reg, vector;  // bytes, bytes and count
  MemoryHandler load, signed_load, store;
};

template <class Element, class Signed, class Register, int kVector = 1>
constexpr MemoryRow Widening() {
  return {sizeof(Element),
          sizeof(Register),
          kVector,
          Load<Element, Register, kVector>,
          Load<Signed, Register, kVector>,
          Store<Element, Register, kVector>};
}
template <class T, int kVector>
constexpr MemoryRow Plain() {
  return {sizeof(T),           sizeof(T),           kVector,
          Load<T, T, kVector>, Load<T, T, kVector>, Store<T, T, kVector>};
}

constexpr MemoryRow kRows[] = {
    Plain<u16, 1>(),         Plain<u32, 1>(),           Plain<u64, 1>(),
    Plain<u16, 2>(),         Plain<u32, 2>(),           Plain<u64, 2>(),
    Plain<u16, 4>(),         Plain<u32, 4>(),           Widening<u8, s8, u16>(),
    Widening<u8, s8, u32>(), Widening<u16, s16, u32>(), Widening<u32, s32, u64>(),
};

}  // namespace

MemoryHandler Access(const MemoryShape& shape) {
  for (const MemoryRow& row : kRows)
    if (row.element == shape.element && row.reg == shape.reg && row.vector == shape.vector)
      return shape.is_store ? row.store : shape.is_signed ? row.signed_load : row.load;
  return nullptr;
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
