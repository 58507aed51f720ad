#ifndef NODECUDA_TEST_NATIVE_OPS_ELEMENTWISE_PROBLEMS_H_
#define NODECUDA_TEST_NATIVE_OPS_ELEMENTWISE_PROBLEMS_H_

#include <cstddef>

#include "ops/elementwise/elementwise.h"
#include "test/native/ops/kernels/launch_recorder.h"

namespace nodecuda {

inline ElementwiseProblem Sum(Dtype dtype, std::size_t length) {
  ElementwiseProblem problem{};
  problem.family = ElementwiseFamily::kBinary;
  problem.operation = kAdd;
  problem.source = problem.destination = dtype;
  problem.inputs[0] = Pointer(0x100);
  problem.inputs[1] = Pointer(0x200);
  problem.out = Pointer(0x300);
  problem.length = length;
  return problem;
}

}  // namespace nodecuda

#endif  // NODECUDA_TEST_NATIVE_OPS_ELEMENTWISE_PROBLEMS_H_
