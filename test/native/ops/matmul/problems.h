#ifndef NODECUDA_TEST_NATIVE_OPS_MATMUL_PROBLEMS_H_
#define NODECUDA_TEST_NATIVE_OPS_MATMUL_PROBLEMS_H_

#include <cstdint>

#include "ops/matmul/matmul.h"

namespace nodecuda {

inline MatmulProblem Problem(std::int64_t m, std::int64_t n, std::int64_t k,
                             Dtype dtype = Dtype::kFloat32) {
  MatmulProblem problem{};
  problem.dtype = dtype;
  MatmulArguments& p = problem.arguments;
  p.m = m;
  p.n = n;
  p.k = k;
  p.batches = 1;
  p.lda = k;
  p.ldb = p.ldc = n;
  return problem;
}

inline DeviceProperties H200() {
  DeviceProperties properties;
  properties.major = 9;
  properties.multiprocessor_count = 132;
  properties.clock_rate_khz = 1'980'000;
  properties.memory_clock_rate_khz = 3'201'000;
  properties.memory_bus_width_bits = 6144;
  properties.shared_memory_per_block_optin = 227 << 10;
  return properties;
}

}  // namespace nodecuda

#endif  // NODECUDA_TEST_NATIVE_OPS_MATMUL_PROBLEMS_H_
