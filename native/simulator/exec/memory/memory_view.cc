#include "simulator/exec/memory/memory_view.h"

#include <cinttypes>
#include <cstdio>

#include "simulator/exec/code/program.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

std::uint64_t Bits(const std::byte* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

// The space whose window of generic addresses holds `address`; kGlobal for any other address.
Space SpaceOfGeneric(std::uint64_t address) {
  if (address - kSharedWindow < kWindowBytes) return Space::kShared;
  if (address - kLocalWindow < kWindowBytes) return Space::kLocal;
  if (address - kParamWindow < kWindowBytes) return Space::kParam;
  return Space::kGlobal;
}

const char* NameOf(Space space) {
  switch (space) {
    case Space::kShared:
    case Space::kSharedCluster:
      return "shared";
    case Space::kLocal:
      return "local";
    case Space::kParam:
      return "parameter";
    case Space::kConst:
      return "constant";
    default:
      return "global";
  }
}

}  // namespace

Region MemoryView::FindGlobal(std::uint64_t address) {
  for (const DeviceMemory::Range& range : ranges_)
    if (address - range.begin < range.end - range.begin && range.begin < range.end)
      return {range.begin, range.end - range.begin, 0, 0, false};
  const DeviceMemory::Range range = memory_.Find(address);
  if (range.begin >= range.end) return {};
  ranges_[next_range_] = range;
  next_range_ = (next_range_ + 1) % kCachedRanges;
  return {range.begin, range.end - range.begin, 0, 0, false};
}

std::shared_ptr<const Texture> MemoryView::FindTexture(std::uint64_t object, bool is_surface,
                                                       int lane) {
  std::shared_ptr<const Texture> texture = memory_.textures().Find(object);
  char text[100];
  if (texture == nullptr || texture->is_surface != is_surface) {
    std::snprintf(text, sizeof text, "0x%" PRIx64 " is %s object of this device", object,
                  is_surface ? "no surface" : "no texture");
    Fail(Status::kIllegalAddress, lane, text);
    return nullptr;
  }
  if (!FindGlobal(texture->address).Contains(texture->address, texture->bytes())) {
    Fail(Status::kIllegalAddress, lane,
         std::string("the memory of the ") + (is_surface ? "surface" : "texture") + " was freed");
    return nullptr;
  }
  return texture;
}

std::uint64_t MemoryView::TakeFromHeap(std::uint64_t bytes) {
  return reinterpret_cast<std::uintptr_t>(memory_.TakeFromHeap(bytes));
}

bool MemoryView::ReturnToHeap(std::uint64_t address, int lane) {
  if (!memory_.ReturnToHeap(reinterpret_cast<void*>(address))) {
    char text[100];
    std::snprintf(text, sizeof text,
                  "free of 0x%" PRIx64 ", which malloc has not given or which is free already",
                  address);
    return Fail(Status::kIllegalAddress, lane, text);
  }
  for (DeviceMemory::Range& range : ranges_)
    if (range.begin == address) range = {};
  return true;
}

// The shared memory that an address of the cluster lies in.
Region MemoryView::FindShared(std::uint64_t window, std::uint64_t address) const {
  const std::uint64_t rank = (address - window) >> kSharedRankShift;
  if (rank == 0) return {window, shared_bytes_, Bits(shared_) - window, 0, false};
  if (rank > cluster_.size() || cluster_[rank - 1].exited) return {};
  const SharedMemory& peer = cluster_[rank - 1];
  const std::uint64_t begin = window + (rank << kSharedRankShift);
  return {begin, peer.bytes, Bits(peer.base) - begin, 0, false};
}

void MemoryView::NoteWritten(std::uint64_t address, std::uint64_t bytes) {
  if (MemoryRecord* record = memory_.record()) record->SetWritten(address, bytes);
}

std::byte* MemoryView::Locate(Space space, std::uint64_t address, std::uint64_t bytes,
                              std::uint64_t alignment, bool is_store, int lane) {
  const Region region = Find(space, address);
  if (!region.Contains(address, bytes) || address % alignment != 0 || region.lane_stride != 0 ||
      (is_store && region.read_only)) {
    if (region.lane_stride != 0) {
      Fail(Status::kInvalidAddressSpace, lane, "an address of local memory");
    } else {
      Refuse(space, address, bytes, is_store, lane, alignment);
    }
    return nullptr;
  }
  if (is_store && region.bias == 0) NoteWritten(address, bytes);
  return reinterpret_cast<std::byte*>(address + region.bias);
}

Region MemoryView::Find(Space space, std::uint64_t address) {
  std::uint64_t window = 0;
  if (space == Space::kNone) {
    space = SpaceOfGeneric(address);
    if (space == Space::kShared) {
      window = kSharedWindow;
      space = Space::kSharedCluster;
    }
    if (space == Space::kLocal) window = kLocalWindow;
    if (space == Space::kParam) window = kParamWindow;
  }
  switch (space) {
    case Space::kShared:
      // mapa may have been asked for the own block.
      if (address >> kSharedRankShift == rank_ + 1) [[unlikely]]
        return FindShared(window, address);
      return {window, shared_bytes_, Bits(shared_) - window, 0, false};
    case Space::kSharedCluster:
      return FindShared(window, address);
    case Space::kLocal:
      return {window, local_bytes_, Bits(local_) - window, local_bytes_, false};
    case Space::kParam:
      return {window, parameters_.size(), Bits(parameters_.data()) - window, 0, true};
    default:
      return FindGlobal(address);
  }
}

bool MemoryView::Refuse(Space space, std::uint64_t address, std::uint64_t bytes, bool is_store,
                        int lane, std::uint64_t alignment) {
  if (alignment == 0) alignment = bytes;
  const Space actual = space == Space::kNone ? SpaceOfGeneric(address) : space;
  const Region region = Find(space, address);
  const bool in_cluster =
      actual == Space::kSharedCluster || (actual == Space::kShared && space == Space::kNone);
  const std::uint64_t rank = in_cluster ? (address % kWindowBytes) >> kSharedRankShift : 0;
  char text[200];
  const int length = std::snprintf(text, sizeof text, "%s of %" PRIu64 " bytes at 0x%" PRIx64 " ",
                                   is_store ? "write" : "read", bytes, address);
  fault_.lane = lane;
  fault_.address = address;
  fault_.what.assign(text, static_cast<std::size_t>(length));
  if ((space == Space::kGlobal || space == Space::kConst) &&
      SpaceOfGeneric(address) != Space::kGlobal) {
    fault_.status = Status::kInvalidAddressSpace;
    fault_.what += std::string("in the window of ") + NameOf(SpaceOfGeneric(address)) +
                   " memory by an instruction for " + NameOf(space) + " memory";
  } else if (is_store && actual == Space::kParam) {
    fault_.status = Status::kInvalidAddressSpace;
    fault_.what += "in the kernel's parameters, which are read-only";
  } else if (address % alignment != 0) {
    fault_.status = Status::kMisalignedAddress;
    fault_.what += "is misaligned";
    if (alignment != bytes)
      fault_.what += ": it must be a multiple of " + std::to_string(alignment);
  } else if (rank != 0 && region.bytes == 0) {
    fault_.status = Status::kIllegalAddress;
    fault_.what +=
        rank > cluster_.size()
            ? "of a block that is not in the cluster of " + std::to_string(cluster_.size())
            : "of block " + std::to_string(rank - 1) + " of the cluster, which has exited";
  } else if (actual == Space::kGlobal || actual == Space::kConst) {
    fault_.status = Status::kIllegalAddress;
    if (region.Contains(address, 1)) {
      std::snprintf(text, sizeof text,
                    "past the end of the allocation of %" PRIu64 " bytes at 0x%" PRIx64,
                    region.bytes, region.begin);
      fault_.what += text;
    } else {
      fault_.what += "outside any live allocation";
    }
  } else {
    fault_.status = Status::kIllegalAddress;
    std::snprintf(text, sizeof text, "outside the %" PRIu64 " bytes of %s memory of the %s",
                  region.bytes, NameOf(actual),
                  actual == Space::kShared || actual == Space::kSharedCluster ? "block"
                  : actual == Space::kLocal                                   ? "thread"
                                                                              : "kernel");
    fault_.what += text;
  }
  return false;
}

}  // namespace nodecuda::simulator
