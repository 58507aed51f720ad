#ifndef NODECUDA_SIMULATOR_EXEC_ISA_ADDRESSES_H_
#define NODECUDA_SIMULATOR_EXEC_ISA_ADDRESSES_H_

#include "simulator/exec/isa/lanes.h"
#include "simulator/exec/memory/region.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

// The addresses that the lanes of a warp name, eight at a time.
namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

constexpr int kGroup = 8, kGroups = kWarpSize / kGroup;
using Vector = u64 __attribute__((vector_size(64)));  // of a group

constexpr Vector kLanes = {0, 1, 2, 3, 4, 5, 6, 7};

NODECUDA_INLINE bool AllZero(Vector v) {
#if defined(__AVX512F__)
  return _mm512_test_epi64_mask(reinterpret_cast<__m512i>(v), reinterpret_cast<__m512i>(v)) == 0;
#elif defined(__AVX2__)
  const auto half =
      __builtin_shufflevector(v, v, 0, 1, 2, 3) | __builtin_shufflevector(v, v, 4, 5, 6, 7);
  return _mm256_testz_si256(reinterpret_cast<__m256i>(half), reinterpret_cast<__m256i>(half)) != 0;
#else
  const auto half =
      __builtin_shufflevector(v, v, 0, 1, 2, 3) | __builtin_shufflevector(v, v, 4, 5, 6, 7);
  const auto quarter =
      __builtin_shufflevector(half, half, 0, 1) | __builtin_shufflevector(half, half, 2, 3);
  return (quarter[0] | quarter[1]) == 0;
#endif
}

NODECUDA_INLINE bool Inside(const Region& region, u64 address, u64 bytes) {
  return address - region.begin < region.bytes && bytes <= region.bytes - (address - region.begin);
}

// How far the addresses of the first lanes lie from the first, by the shift that is their distance.
constexpr int kShifts = 6;
template <class Address>
struct Steps {
  static constexpr int kCount = 64 / static_cast<int>(sizeof(Address));
  alignas(64) Address of[kShifts][kCount];
  constexpr Steps() : of() {
    for (int shift = 0; shift < kShifts; ++shift)
      for (int i = 0; i < kCount; ++i) of[shift][i] = static_cast<Address>(i) << shift;
  }
};
template <class Address>
constexpr Steps<Address> kSteps;

// How the addresses of the lanes of an access lie.
enum class Lie : u64 {
  kRefused,      // some of them may not be accessed
  kUniform,      // all the same
  kConsecutive,  // one behind the other, as the lanes are
  kApart,        // in any other way, and not looked at yet
};
struct Together {
  u64 host;  // of the first lane; of consecutive ones that of lane 0, whether it is in the mask
             // or not
  Lie lie;
};

// Of the lanes of `mask`, all of them if kAll.
template <bool kAll, class Address>
NODECUDA_INLINE Lie LieOf(const Address* from, int shift, LaneMask mask) {
  typedef Address Some __attribute__((vector_size(64)));
  constexpr int kCount = Steps<Address>::kCount;
  const int lead = kAll ? 0 : __builtin_ctz(mask);
  const Address first = from[lead], zeroth = first - (static_cast<Address>(lead) << shift);
  Some steps, lanes, differs = {}, breaks = {};
  __builtin_memcpy(&steps, kSteps<Address>.of[shift], sizeof steps);
  __builtin_memcpy(&lanes, kSteps<Address>.of[0], sizeof lanes);
  for (int lane = 0; lane < kWarpSize; lane += kCount) {
    Some address;
    __builtin_memcpy(&address, from + lane, sizeof address);
    Some differ = address ^ first;
    Some broken = (address - steps) ^ (zeroth + (static_cast<Address>(lane) << shift));
    if constexpr (!kAll) {
      const Some in_mask = -(static_cast<Address>(mask >> lane) >> lanes & 1);
      differ &= in_mask;
      broken &= in_mask;
    }
    differs |= differ;
    breaks |= broken;
  }
  if (AllZero(reinterpret_cast<Vector>(breaks))) return Lie::kConsecutive;
  return AllZero(reinterpret_cast<Vector>(differs)) ? Lie::kUniform : Lie::kApart;
}

NODECUDA_INLINE u64 LaneAddress(std::byte* file, const Instruction& in, int lane) {
  const u32 slot = in.slot[kAddressSlot];
  const u64 offset = static_cast<u64>(in.offset);
  if (slot == kNoSlot) return offset;
  return (in.detail[1] & kWideAddress) != 0
             ? Slot<u64>(file, slot)[lane] + offset
             : static_cast<u32>(Slot<u32>(file, slot)[lane] + offset);
}

// Looks at an access of `1 << shift` bytes by each lane of `mask`. Out of line, because there are
// many forms of loads and stores; and apart from FindEach, so that it needs no stack.
__attribute__((noinline)) Together FindTogether(std::byte* file, const Instruction& in, int shift,
                                                LaneMask mask, const Region& region) {
  const u32 slot = in.slot[kAddressSlot];
  const int lead = __builtin_ctz(mask);
  const u64 bytes = u64{1} << shift, first = LaneAddress(file, in, lead);
  if ((first & (bytes - 1)) != 0 || !Inside(region, first, bytes)) return {0, Lie::kRefused};
  if (region.lane_stride != 0) return {0, Lie::kApart};
  u64 host = first + region.bias;
  if (slot == kNoSlot) return {host, Lie::kUniform};
  const bool wide = (in.detail[1] & kWideAddress) != 0;
  Lie lie;
  if (mask == kFullMask) {
    lie = wide ? LieOf<true>(Slot<u64>(file, slot), shift, mask)
               : LieOf<true>(Slot<u32>(file, slot), shift, mask);
  } else {
    lie = wide ? LieOf<false>(Slot<u64>(file, slot), shift, mask)
               : LieOf<false>(Slot<u32>(file, slot), shift, mask);
  }
  if (lie == Lie::kConsecutive) {
    const int last = 31 - __builtin_clz(mask);
    if (!Inside(region, first, static_cast<u64>(last - lead + 1) << shift))
      return {0, Lie::kRefused};
    host -= static_cast<u64>(lead) << shift;
  }
  return {host, lie};
}

// What FindEach sees of the addresses: whether all are the same, and of each group of eight.
struct Pattern {
  bool uniform = false;
  u32 uniform_groups = 0, consecutive_groups = 0;
};

// The host addresses of an access whose lanes lie apart, of the first alone where that is for all.
// False, if not all lie in the region and are aligned.
__attribute__((noinline)) bool FindEach(std::byte* file, const Instruction& in, u64 bytes,
                                        LaneMask mask, const Region& region, HostAddresses* lanes,
                                        Pattern* pattern) {
  const u32 slot = in.slot[kAddressSlot];
  const u64 offset = static_cast<u64>(in.offset);
  const u64 first = LaneAddress(file, in, __builtin_ctz(mask));
  Vector group[kGroups], differs = {};
  for (int g = 0; g < kGroups; ++g) {
    if (slot == kNoSlot) {
      group[g] = Vector{} + first;
    } else if ((in.detail[1] & kWideAddress) != 0) {
      __builtin_memcpy(&group[g], Slot<u64>(file, slot) + g * kGroup, sizeof group[g]);
      group[g] += offset;
    } else {
      u32 __attribute__((vector_size(32))) narrow;
      __builtin_memcpy(&narrow, Slot<u32>(file, slot) + g * kGroup, sizeof narrow);
      narrow += static_cast<u32>(offset);
      group[g] = __builtin_convertvector(narrow, Vector);
    }
    if (mask != kFullMask) {
      const u64 bits = mask >> (g * kGroup);
      const Vector in_mask = -(bits >> kLanes & 1);
      group[g] = (group[g] & in_mask) | (first & ~in_mask);
    }
    differs |= group[g] ^ first;
  }
  if (region.lane_stride == 0 && AllZero(differs)) {
    lanes->address[0] = first + region.bias;
    return pattern->uniform = true;
  }

  // For distances below half of the range: the top bit of either term is set exactly if the
  // distance is above the limit.
  const u64 limit = region.bytes - bytes;
  if (limit >> 63 != 0) return false;
  Vector outside = {};
  for (int g = 0; g < kGroups; ++g) {
    const Vector distance = group[g] - region.begin;
    outside |= ((distance | (limit - distance)) >> 63) | (group[g] & (bytes - 1));
    const Vector host =
        group[g] + region.bias + (kLanes + static_cast<u64>(g * kGroup)) * region.lane_stride;
    __builtin_memcpy(lanes->address + g * kGroup, &host, sizeof host);
    const u32 bit = 1u << g;
    if (AllZero(host ^ host[0])) pattern->uniform_groups |= bit;
    if (AllZero((host - kLanes * bytes) ^ host[0])) pattern->consecutive_groups |= bit;
  }
  return AllZero(outside);
}

}  // namespace
}  // namespace nodecuda::simulator::NODECUDA_ISA

#endif  // NODECUDA_SIMULATOR_EXEC_ISA_ADDRESSES_H_
