#include "simulator/exec/registers/slots.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace nodecuda::simulator {

SlotPlan PlanSlots(std::span<const RegisterWidth> widths, std::span<const LiveInterval> intervals,
                   bool share) {
  SlotPlan plan;
  plan.offsets.assign(widths.size(), kNoSlot);
  for (const RegisterWidth width : kWidths) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t reg = 0; reg < widths.size(); ++reg)
      if (widths[reg] == width && !intervals[reg].empty()) order.push_back(reg);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(intervals[a].begin, a) < std::pair(intervals[b].begin, b);
    });

    // Linear scan: what has ended gives its slot back; the slot freed last is the warmest.
    using Active = std::pair<std::uint32_t, std::uint32_t>;  // end, offset
    std::priority_queue<Active, std::vector<Active>, std::greater<>> active;
    std::vector<std::uint32_t> free_offsets;
    for (const std::uint32_t reg : order) {
      while (share && !active.empty() && active.top().first < intervals[reg].begin) {
        free_offsets.push_back(active.top().second);
        active.pop();
      }
      std::uint32_t offset;
      if (free_offsets.empty()) {
        std::size_t& bytes = plan.bytes[WidthIndex(width)];
        offset = static_cast<std::uint32_t>(bytes);
        bytes += SlotBytes(width);
      } else {
        offset = free_offsets.back();
        free_offsets.pop_back();
      }
      plan.offsets[reg] = offset;
      active.emplace(intervals[reg].end, offset);
    }
  }
  return plan;
}

}  // namespace nodecuda::simulator
