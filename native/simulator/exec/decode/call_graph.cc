#include "simulator/exec/decode/call_graph.h"

#include <algorithm>
#include <limits>

namespace nodecuda::simulator {

// Tarjan's algorithm, without recursion: the chain of calls may be as long as the module.
void CallGraph::FindComponents() {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  const std::size_t count = callees_.size();
  std::vector<std::size_t> index(count, kNone), low(count, 0), next_callee(count, 0);
  std::vector<std::size_t> path, open;  // open: visited, without a component yet
  component_.assign(count, kNone);
  std::size_t visited = 0;
  const auto visit = [&](std::size_t node) {
    index[node] = low[node] = visited++;
    path.push_back(node);
    open.push_back(node);
  };
  for (std::size_t root = 0; root < count; ++root) {
    if (index[root] == kNone) visit(root);
    while (!path.empty()) {
      const std::size_t node = path.back();
      if (next_callee[node] < callees_[node].size()) {
        const std::size_t callee = callees_[node][next_callee[node]++];
        if (index[callee] == kNone) {
          visit(callee);
        } else if (component_[callee] == kNone) {
          low[node] = std::min(low[node], index[callee]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[node]);
      if (low[node] != index[node]) continue;
      members_.emplace_back();
      std::size_t member;
      do {
        member = open.back();
        open.pop_back();
        component_[member] = members_.size() - 1;
        members_.back().push_back(member);
      } while (member != node);
    }
  }
  is_recursive_.resize(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i)
    is_recursive_[i] =
        members_[i].size() > 1 || std::ranges::find(callees_[members_[i][0]], members_[i][0]) !=
                                      callees_[members_[i][0]].end();
}

std::vector<std::size_t> CallGraph::Place(std::span<const Extent> extents, std::size_t* end) const {
  std::vector<std::size_t> places(extents.size(), 0), begin(members_.size(), 0);
  *end = 0;
  for (std::size_t i = members_.size(); i-- > 0;) {  // callers first
    std::size_t next = begin[i];
    for (const std::size_t member : members_[i]) {
      const auto& [bytes, alignment] = extents[member];
      places[member] = (next + alignment - 1) & ~(alignment - 1);
      next = places[member] + bytes;
    }
    *end = std::max(*end, next);
    for (const std::size_t member : members_[i])
      for (const std::size_t callee : callees_[member])
        begin[component_[callee]] = std::max(begin[component_[callee]], next);
  }
  return places;
}

}  // namespace nodecuda::simulator
