// nvcc -ptx -arch=sm_75 reference.cu   (all kernels of this folder: npm run make:examples)
// The kernels of docs/kernel-authoring.md.

struct Light {
  float position[3];
  float strength;
  bool on;
};

__constant__ float weights[3];
__device__ unsigned long long calls;

extern "C" __global__ void shade(const float* height, float* out, Light light, unsigned n) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i == 0) atomicAdd(&calls, 1ull);
  if (i < n) out[i] = light.on ? light.strength * (light.position[2] - height[i]) : 0;
}

extern "C" __global__ void smooth(const float* x, float* y, unsigned n) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i > 0 && i + 1 < n) y[i] = weights[0] * x[i - 1] + weights[1] * x[i] + weights[2] * x[i + 1];
}

extern "C" __global__ void reverse(const float* x, float* y) {  // each block its own part
  extern __shared__ float part[];
  unsigned first = blockIdx.x * blockDim.x;
  part[threadIdx.x] = x[first + threadIdx.x];
  __syncthreads();
  y[first + threadIdx.x] = part[blockDim.x - 1 - threadIdx.x];
}

extern "C" __global__ void tint(float4* pixels, float4 by) {
  float4& pixel = pixels[threadIdx.x];
  pixel = make_float4(pixel.x * by.x, pixel.y * by.y, pixel.z * by.z, pixel.w * by.w);
}

extern "C" __global__ void report(const float* x, unsigned n) {
  unsigned i = threadIdx.x;
  if (i < n) printf("x[%u] is %g\n", i, x[i]);
}

template <typename T>
__global__ void scale(T* x, T by) {
  x[threadIdx.x] *= by;
}
template __global__ void scale<double>(double*, double);
