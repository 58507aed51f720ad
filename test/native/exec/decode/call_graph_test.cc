#include "simulator/exec/decode/call_graph.h"

#include <doctest/doctest.h>

// Who may lead back to whom, and what may lie in one place.
namespace nodecuda::simulator {
namespace {

CallGraph Graph(std::size_t nodes, const std::vector<std::pair<std::size_t, std::size_t>>& calls) {
  CallGraph graph;
  for (std::size_t i = 0; i < nodes; ++i) graph.AddNode();
  for (const auto& [caller, callee] : calls) graph.AddCall(caller, callee);
  graph.FindComponents();
  return graph;
}

TEST_CASE("a callee lies beyond all its callers, functions beside each other in one place") {
  // 0 calls 1 and 2, both call 3.
  const CallGraph graph = Graph(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}});
  std::size_t end = 0;
  const CallGraph::Extent plain[] = {{10}, {20}, {50}, {5}};
  CHECK(graph.Place(plain, &end) == std::vector<std::size_t>{0, 10, 10, 60});
  CHECK(end == 65);
  const CallGraph::Extent aligned[] = {{16, 16}, {32, 16}, {64, 64}, {16, 16}};
  CHECK(graph.Place(aligned, &end) == std::vector<std::size_t>{0, 16, 64, 128});
  CHECK(end == 144);
  for (std::size_t node = 0; node < 4; ++node) CHECK_FALSE(graph.IsRecursive(node));
}

TEST_CASE("functions that lead back to each other all have places of their own") {
  // 0 calls 1; 1, 2 and 3 form a circle; 2 calls 4, which calls itself.
  const CallGraph graph = Graph(5, {{0, 1}, {1, 2}, {2, 3}, {3, 1}, {2, 4}, {4, 4}});
  CHECK_FALSE(graph.IsRecursive(0));
  for (std::size_t node = 1; node < 5; ++node) CHECK(graph.IsRecursive(node));
  CHECK(graph.MayReturnTo(1, 3));
  CHECK(graph.MayReturnTo(4, 4));
  CHECK_FALSE(graph.MayReturnTo(0, 1));
  CHECK_FALSE(graph.MayReturnTo(2, 4));
  const CallGraph::Extent extents[] = {{1}, {2}, {4}, {8}, {16}};
  std::size_t end = 0;
  const std::vector<std::size_t> places = graph.Place(extents, &end);
  CHECK(end == 31);
  CHECK(places[0] == 0);
  CHECK(places[4] == 15);
  for (std::size_t a = 1; a < 4; ++a)
    for (std::size_t b = a + 1; b < 4; ++b)
      CHECK(
          (places[a] + extents[a].bytes <= places[b] || places[b] + extents[b].bytes <= places[a]));
}

TEST_CASE("a chain of calls may be long") {
  constexpr std::size_t kNodes = 300000;
  std::vector<std::pair<std::size_t, std::size_t>> calls;
  for (std::size_t i = 0; i + 1 < kNodes; ++i) calls.emplace_back(i, i + 1);
  calls.emplace_back(kNodes - 1, 0);
  CHECK(Graph(kNodes, calls).MayReturnTo(kNodes / 2, 3));
}

}  // namespace
}  // namespace nodecuda::simulator
