// The functions of floats that need more than an operator, for float and double.
#pragma once

#include "cuda/activations.cuh"
#include "cuda/elementwise/double.cuh"

namespace elementwise {

using activations::Gelu;
using activations::Relu;
using activations::Sigmoid;
using activations::Silu;
using math::AbsoluteValue;
using math::Exponential;
using math::Logarithm;

__device__ __forceinline__ float FusedMultiplyAdd(float x, float y, float z) {
  return fmaf(x, y, z);
}
__device__ __forceinline__ double FusedMultiplyAdd(double x, double y, double z) {
  return fma(x, y, z);
}
__device__ __forceinline__ float SquareRoot(float x) {
  return sqrtf(x);
}
__device__ __forceinline__ double SquareRoot(double x) {
  return sqrt(x);
}
__device__ __forceinline__ float ReciprocalSquareRoot(float x) {
  return rsqrtf(x);
}
__device__ __forceinline__ double ReciprocalSquareRoot(double x) {
  return rsqrt(x);
}
__device__ __forceinline__ float Sine(float x) {
  return sinf(x);
}
__device__ __forceinline__ float Cosine(float x) {
  return cosf(x);
}
__device__ __forceinline__ float HyperbolicTangent(float x) {
  return tanhf(x);
}
__device__ __forceinline__ double HyperbolicTangent(double x) {
  return tanh(x);
}
__device__ __forceinline__ float Power(float x, float y) {
  return powf(x, y);
}

}  // namespace elementwise
