#include "simulator/exec/code/slots.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "simulator/exec/code/liveness.h"

namespace nodecuda::simulator {
namespace {

// Widest first, so that every slot of 64 bytes or more is 64-byte aligned; predicates last.
constexpr RegisterWidth kWidths[] = {8, 4, 2, 1, 0};

}  // namespace

SlotPlan PlanSlots(std::span<const DraftInstruction> code, std::span<const RegisterWidth> widths,
                   bool share) {
  const std::vector<LiveInterval> intervals = FindLiveIntervals(code, widths.size());
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
        offset = static_cast<std::uint32_t>(plan.bytes);
        plan.bytes += SlotBytes(width);
      } else {
        offset = free_offsets.back();
        free_offsets.pop_back();
      }
      plan.offsets[reg] = offset;
      active.emplace(intervals[reg].end, offset);
    }
  }
  plan.bytes = (plan.bytes + 63) / 64 * 64;
  return plan;
}

}  // namespace nodecuda::simulator
