// The functions of floats that several families of kernels use, for float and double.
#pragma once

#include "cuda/common.cuh"

namespace math {

__device__ __forceinline__ float AbsoluteValue(float x) {
  return fabsf(x);
}
__device__ __forceinline__ double AbsoluteValue(double x) {
  return fabs(x);
}
__device__ __forceinline__ float Exponential(float x) {
  return expf(x);
}
__device__ __forceinline__ double Exponential(double x) {
  return exp(x);
}
__device__ __forceinline__ float Logarithm(float x) {
  return logf(x);
}
__device__ __forceinline__ double Logarithm(double x) {
  return log(x);
}
__device__ __forceinline__ float ComplementaryError(float x) {
  return erfcf(x);
}
__device__ __forceinline__ double ComplementaryError(double x) {
  return erfc(x);
}

}  // namespace math
