// The activations: what elementwise kernels compute of an element, the epilogue of matrix products
// computes of a result, by the same code.
#pragma once

#include "cuda/math.cuh"

namespace activations {

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
  const Float decay = math::Exponential(-math::AbsoluteValue(x));
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
  return Gated(x, math::ComplementaryError(x * static_cast<Float>(-0.70710678118654752440)) / 2);
}

// Its approximation with tanh: x (1 + tanh(y)) / 2 = x sigmoid(2 y) with
// y = sqrt(2 / pi) (x + 0.044715 x^3).
template <typename Float>
__device__ __forceinline__ Float GeluTanh(Float x) {
  const Float cubic = x + static_cast<Float>(0.044715) * x * x * x;
  return Gated(x, Sigmoid(static_cast<Float>(1.5957691216057307118) * cubic));
}

// NaN stays NaN, and -0 becomes +0. Also of integers.
template <typename T>
__device__ __forceinline__ T Relu(T x) {
  return x <= 0 ? 0 : x;
}

}  // namespace activations
