// 16-bit floats, one and two at a time.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

extern "C" __global__ void axpy_half2(__half a, const __half2* x, __half2* y, int pairs) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < pairs) y[i] = __hfma2(__half2half2(a), x[i], y[i]);
}

extern "C" __global__ void relu_half(const __half* x, __half* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = __hgt(x[i], __half(0.f)) ? x[i] : __half(0.f);
}

extern "C" __global__ void polynomial_bfloat16(const __nv_bfloat16* x, __nv_bfloat16* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] * x[i] + __float2bfloat16(0.5f) * x[i] - __float2bfloat16(3);
}

extern "C" __global__ void mean_bfloat16(const __nv_bfloat16* x, float* mean, int n) {
  float sum = 0;
  for (int i = threadIdx.x; i < n; i += 32) sum += __bfloat162float(x[i]);
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(~0u, sum, offset);
  if (threadIdx.x == 0) *mean = sum / n;
}

// The same number in every width.
extern "C" __global__ void convert(const double* x, float* single, __half* half,
                                   __nv_bfloat16* bfloat16, int* integer, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  single[i] = float(x[i]);
  half[i] = __double2half(x[i]);
  bfloat16[i] = __double2bfloat16(x[i]);
  integer[i] = int(x[i]);
}
