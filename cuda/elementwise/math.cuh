// The functions of floats that need more than an operator, for float and double.
#pragma once

#include "cuda/common.cuh"
#include "cuda/elementwise/double.cuh"

namespace elementwise {

__device__ __forceinline__ float AbsoluteValue(float x) {
  return fabsf(x);
}
__device__ __forceinline__ double AbsoluteValue(double x) {
  return fabs(x);
}
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
__device__ __forceinline__ float ComplementaryError(float x) {
  return erfcf(x);
}
__device__ __forceinline__ double ComplementaryError(double x) {
  return erfc(x);
}

// For denominators from 1 to 2, where the quick division of floats is off by 2 units at most.
__device__ __forceinline__ float Quotient(float x, float y) {
  return __fdividef(x, y);
}
__device__ __forceinline__ double Quotient(double x, double y) {
  return x / y;
}

// 1 / (1 + exp(-x)), without losing the small results to an exp that overflows.
template <typename Float>
__device__ __forceinline__ Float Sigmoid(Float x) {
  const Float decay = Exponential(-AbsoluteValue(x));
  return Quotient(x < 0 ? decay : Float{1}, 1 + decay);
}

// x times a factor that vanishes for x towards -infinity sooner than x grows.
template <typename Float>
__device__ __forceinline__ Float Gated(Float x, Float factor) {
  return factor == 0 ? -Float{0} : x * factor;
}

template <typename Float>
__device__ __forceinline__ Float Silu(Float x) {
  return Gated(x, Sigmoid(x));
}

// x times the normal distribution function. By erfc, not 1 + erf: that cancels for negative x.
template <typename Float>
__device__ __forceinline__ Float Gelu(Float x) {
  return Gated(x, ComplementaryError(x * static_cast<Float>(-0.70710678118654752440)) / 2);
}

}  // namespace elementwise
