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

// How the addresses of the lanes lie to each other, of all and of each group.
struct Pattern {
  bool uniform = false, consecutive = false;
  u32 uniform_groups = 0, consecutive_groups = 0;  // a bit for each, where neither holds for all
};

NODECUDA_INLINE bool Inside(const Region& region, u64 address, u64 bytes) {
  return address - region.begin < region.bytes && bytes <= region.bytes - (address - region.begin);
}

// The host addresses of the accesses of `bytes` each, a power of two, that the lanes of `mask`
// make. Where the pattern is uniform or consecutive, of the first lane only. False, if not all lie
// in the region and are aligned. Out of line, because there are many forms of loads and stores.
__attribute__((noinline)) bool FindAddresses(std::byte* file, const Instruction& in, u64 bytes,
                                             LaneMask mask, const Region& region,
                                             HostAddresses* lanes, Pattern* pattern) {
  const u32 slot = in.slot[kAddressSlot];
  const bool wide = (in.detail[1] & kWideAddress) != 0;
  const u64 offset = static_cast<u64>(in.offset);
  const int lead = __builtin_ctz(mask);
  const u64 first = slot == kNoSlot ? offset
                    : wide          ? Slot<u64>(file, slot)[lead] + offset
                                    : static_cast<u32>(Slot<u32>(file, slot)[lead] + offset);
  Vector group[kGroups], differs = {}, breaks = {};
  if (slot != kNoSlot) {
    for (int g = 0; g < kGroups; ++g) {
      if (wide) {
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
      breaks |= (group[g] - (kLanes + static_cast<u64>(g * kGroup)) * bytes) ^ first;
    }
  }
  if ((first & (bytes - 1)) != 0 || !Inside(region, first, bytes)) return false;
  if (region.lane_stride == 0) {
    lanes->address[0] = first + region.bias;
    if ((pattern->uniform = slot == kNoSlot || AllZero(differs))) return true;
    if ((pattern->consecutive = AllZero(breaks))) return Inside(region, first, bytes * kWarpSize);
  }

  // For distances below half of the range: the top bit of either term is set exactly if the
  // distance is above the limit.
  const u64 limit = region.bytes - bytes;
  if (limit >> 63 != 0) return false;
  Vector outside = {};
  for (int g = 0; g < kGroups; ++g) {
    const Vector address = slot == kNoSlot ? Vector{} + first : group[g];
    const Vector distance = address - region.begin;
    outside |= ((distance | (limit - distance)) >> 63) | (address & (bytes - 1));
    const Vector host =
        address + region.bias + (kLanes + static_cast<u64>(g * kGroup)) * region.lane_stride;
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
