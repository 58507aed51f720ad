#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_CALL_GRAPH_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_CALL_GRAPH_H_

#include <cstddef>
#include <span>
#include <vector>

namespace nodecuda::simulator {

// Who calls whom, by number. Functions that may lead back to each other are one component.
class CallGraph {
 public:
  std::size_t AddNode() {
    callees_.emplace_back();
    return callees_.size() - 1;
  }
  std::size_t size() const { return callees_.size(); }
  void AddCall(std::size_t caller, std::size_t callee) { callees_[caller].push_back(callee); }
  // To be called when all is added; for what follows.
  void FindComponents();

  // Whether a call from one may lead back to it.
  bool MayReturnTo(std::size_t caller, std::size_t callee) const {
    return component_[caller] == component_[callee];
  }
  bool IsRecursive(std::size_t node) const { return is_recursive_[component_[node]]; }

  // What a node takes: the bytes are a multiple of the alignment, a power of two.
  struct Extent {
    std::size_t bytes = 0, alignment = 1;
  };
  // Places for each node, such that none overlaps with that of another which may be active at the
  // same time. *end becomes the end of the last one.
  std::vector<std::size_t> Place(std::span<const Extent> extents, std::size_t* end) const;

 private:
  std::vector<std::vector<std::size_t>> callees_;
  std::vector<std::size_t> component_;  // of each node; a caller's has a higher number
  std::vector<std::vector<std::size_t>> members_;
  std::vector<bool> is_recursive_;  // of each component
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_CALL_GRAPH_H_
