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

// Whether all lanes name the first's address, or each the one `1 << shift` bytes behind its
// neighbour's.
template <class Address>
NODECUDA_INLINE Pattern PatternOf(const Address* from, int shift) {
  typedef Address Some __attribute__((vector_size(64)));
  constexpr int kCount = Steps<Address>::kCount;
  Some steps, differs = {}, breaks = {};
  __builtin_memcpy(&steps, kSteps<Address>.of[shift], sizeof steps);
  for (int lane = 0; lane < kWarpSize; lane += kCount) {
    Some address;
    __builtin_memcpy(&address, from + lane, sizeof address);
    differs |= address ^ from[0];
    breaks |= (address - steps) ^ (from[0] + (static_cast<Address>(lane) << shift));
  }
  return {AllZero(reinterpret_cast<Vector>(differs)), AllZero(reinterpret_cast<Vector>(breaks))};
}

// FindAddresses for what is neither uniform nor consecutive, as a whole.
__attribute__((noinline)) bool FindEach(std::byte* file, const Instruction& in, u64 first,
                                        u64 bytes, LaneMask mask, const Region& region,
                                        HostAddresses* lanes, Pattern* pattern) {
  const u32 slot = in.slot[kAddressSlot];
  const u64 offset = static_cast<u64>(in.offset);
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

// The host addresses of the accesses of `1 << shift` bytes each that the lanes of `mask` make.
// Where the pattern is uniform or consecutive, of the first lane only. False, if not all lie in the
// region and are aligned. Out of line, because there are many forms of loads and stores.
__attribute__((noinline)) bool FindAddresses(std::byte* file, const Instruction& in, int shift,
                                             LaneMask mask, const Region& region,
                                             HostAddresses* lanes, Pattern* pattern) {
  const u32 slot = in.slot[kAddressSlot];
  const bool wide = (in.detail[1] & kWideAddress) != 0;
  const u64 bytes = u64{1} << shift, offset = static_cast<u64>(in.offset);
  const int lead = __builtin_ctz(mask);
  const u64 first = slot == kNoSlot ? offset
                    : wide          ? Slot<u64>(file, slot)[lead] + offset
                                    : static_cast<u32>(Slot<u32>(file, slot)[lead] + offset);
  if ((first & (bytes - 1)) != 0 || !Inside(region, first, bytes)) return false;
  if (region.lane_stride == 0 && (slot == kNoSlot || mask == kFullMask)) {
    lanes->address[0] = first + region.bias;
    if (slot == kNoSlot) return pattern->uniform = true;
    *pattern = wide ? PatternOf(Slot<u64>(file, slot), shift)
                    : PatternOf(Slot<u32>(file, slot), shift);
    if (pattern->uniform) return true;
    if (pattern->consecutive) return Inside(region, first, bytes * kWarpSize);
  }
  return FindEach(file, in, first, bytes, mask, region, lanes, pattern);
}

}  // namespace
}  // namespace nodecuda::simulator::NODECUDA_ISA

#endif  // NODECUDA_SIMULATOR_EXEC_ISA_ADDRESSES_H_
