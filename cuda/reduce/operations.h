// Generated from abi/reduce.mjs by `npm run abi`: not to be edited.
#pragma once

#include <cstdint>

enum ReduceOperation : int {
  kReduceSum,
  kReduceProduct,
  kReduceMean,
  // square root of the sum of squares
  kReduceNorm,
  // sum of x * y
  kReduceDot,
  kReduceMax,
  kReduceMin,
  kReduceArgmax,
  kReduceArgmin,
  // maximum and sum of exponentials: partial results only
  kReduceSoftmax,
};
