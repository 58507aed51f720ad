#include "simulator/exec/warp/lanes.h"

#include <bit>
#include <cstddef>

namespace nodecuda::simulator {
namespace {

// One pass over the lanes, written so that a compiler can make vector code of it: no branch, no
// comparison, all findings gathered as bits. True if every access lies in `region`, aligned.
template <typename Address>
bool ScanLanes(const Address* __restrict base, Address offset, unsigned access_log2, LaneMask mask,
               const Region& region, HostAddresses* lanes) {
  const std::uint64_t access_bytes = std::uint64_t{1} << access_log2;
  const Address first = base[std::countr_zero(mask)] + offset;
  if (region.bytes < access_bytes) return false;
  const Address begin = static_cast<Address>(region.begin);
  const Address limit = static_cast<Address>(region.bytes - access_bytes);
  if (region.bytes > ~Address{0} / 2 || begin != region.begin) return false;

  std::uint64_t* __restrict host = lanes->address;
  const std::uint64_t bias = region.bias;
  Address outside = 0, low = 0;
  const auto look = [&](int lane, Address value) {
    // For distances below half the range of Address: the top bit of either term is set exactly
    // if the distance is above the limit.
    const Address distance = value - begin;
    outside |= distance | (limit - distance);
    low |= value;
    host[lane] = value + bias;
  };
  if (mask == kFullMask) {
    for (int lane = 0; lane < kWarpSize; ++lane) look(lane, base[lane] + offset);
  } else {
    for (int lane = 0; lane < kWarpSize; ++lane)
      look(lane, (mask >> lane & 1) ? static_cast<Address>(base[lane] + offset) : first);
  }
  if ((outside >> (8 * sizeof(Address) - 1)) != 0 ||
      (low & static_cast<Address>(access_bytes - 1)) != 0)
    return false;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) host[lane] += lane * region.lane_stride;
  return true;
}

std::uint64_t AddressOf(const Instruction& in, const MemoryForm& form, const std::byte* file,
                        int lane) {
  return LaneAddress(file, in.slot[kAddressSlot], in.offset, form.wide_address, lane);
}

}  // namespace

bool ResolveLane(MemoryView& view, ptx::Space space, std::uint64_t address, std::uint64_t bytes,
                 std::uint64_t alignment, bool is_store, int lane, std::uint64_t* host) {
  const Region region = view.Find(space, address);
  if (!region.Contains(address, bytes) || address % alignment != 0 ||
      (is_store && region.read_only))
    return view.Refuse(space, address, bytes, is_store, lane, alignment);
  *host = address + region.bias + static_cast<unsigned>(lane) * region.lane_stride;
  return true;
}

bool ResolveEach(const Instruction& in, const MemoryForm& form, const std::byte* file,
                 LaneMask mask, bool is_store, MemoryView& view, HostAddresses* lanes) {
  const std::uint64_t bytes = form.access_bytes();
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (!ResolveLane(view, form.space, AddressOf(in, form, file, lane), bytes, bytes, is_store,
                     lane, &lanes->address[lane]))
      return false;
  }
  const std::uint64_t spare = lanes->address[std::countr_zero(mask)];
  for (int lane = 0; lane < kWarpSize; ++lane)
    if ((mask >> lane & 1) == 0) lanes->address[lane] = spare;
  return true;
}

bool ResolveLanes(const Instruction& in, const MemoryForm& form, const std::byte* file,
                  LaneMask mask, bool is_store, MemoryView& view, HostAddresses* lanes) {
  const std::uint64_t first = AddressOf(in, form, file, std::countr_zero(mask));
  const Region region = view.Find(form.space, first);
  const std::uint64_t bytes = form.access_bytes();
  if (!(is_store && region.read_only)) {
    if (in.slot[kAddressSlot] == kNoSlot) {
      if (region.lane_stride == 0 && region.Contains(first, bytes) && first % bytes == 0) {
        for (std::uint64_t& address : lanes->address) address = first + region.bias;
        return true;
      }
    } else {
      const std::byte* base = file + in.slot[kAddressSlot];
      const unsigned log2 = form.element_log2 + form.vector_log2;
      const bool inside =
          form.wide_address
              ? ScanLanes(reinterpret_cast<const std::uint64_t*>(base),
                          static_cast<std::uint64_t>(in.offset), log2, mask, region, lanes)
              : ScanLanes(reinterpret_cast<const std::uint32_t*>(base),
                          static_cast<std::uint32_t>(in.offset), log2, mask, region, lanes);
      if (inside) return true;
    }
  }
  return ResolveEach(in, form, file, mask, is_store, view, lanes);
}

}  // namespace nodecuda::simulator
