#include "simulator/exec/warp/memory_ops.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "simulator/exec/code/program.h"
#include "simulator/exec/warp/lanes.h"

namespace nodecuda::simulator {
namespace {

// Lane by lane, whatever the form and wherever the lanes' memory is. Out of line, so that the way
// of most accesses needs no stack for it.
__attribute__((noinline)) bool MoveEach(const Instruction& in, std::byte* file, LaneMask mask,
                                        bool is_store, MemoryView& view) {
  const MemoryForm form = MemoryForm::Of(in);
  HostAddresses lanes;
  if (!ResolveEach(in, form, file, mask, is_store, view, &lanes)) return false;
  const std::size_t element = std::size_t{1} << form.element_log2;
  const std::size_t width = std::size_t{1} << form.register_log2;
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(rest));
    for (std::size_t i = 0; i < std::size_t{1} << form.vector_log2; ++i) {
      auto* host = reinterpret_cast<std::byte*>(lanes.address[lane] + i * element);
      std::byte* reg = file + in.slot[i] + lane * width;
      if (is_store) {
        std::memcpy(host, reg, element);
        continue;
      }
      const bool negative = form.is_signed && (host[element - 1] & std::byte{0x80}) != std::byte{0};
      std::memset(reg, negative ? 0xff : 0, width);
      std::memcpy(reg, host, element);
    }
  }
  return true;
}

}  // namespace

bool RunAccess(const Instruction& in, std::byte* file, LaneMask mask, MemoryView& view) {
  const bool is_store = in.kind == static_cast<std::uint8_t>(Operation::kStore);
  if (in.memory != nullptr) {
    const MemoryForm form = MemoryForm::Of(in);
    const Region region =
        view.Find(form.space, LaneAddress(file, in.slot[kAddressSlot], in.offset, form.wide_address,
                                          std::countr_zero(mask)));
    if (!(is_store && region.read_only) && in.memory(file, in, mask, region)) return true;
  }
  return MoveEach(in, file, mask, is_store, view);
}

}  // namespace nodecuda::simulator
