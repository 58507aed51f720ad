// Every way to hand an argument to a kernel: scalars of each size, structs and arrays by value,
// constants and variables of the module, grids of three dimensions.
#include <cuda_fp16.h>

#include <cstdint>

extern "C" __global__ void saxpy(float a, const float* x, float* y, uint32_t n) {
  const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = a * x[i] + y[i];
}

// Sizes that leave gaps between each other.
extern "C" __global__ void scalars(int8_t a, int64_t b, uint8_t c, double d, uint16_t e, __half f,
                                   int32_t g, uint64_t h, float i, int16_t j, double* out) {
  const double values[] = {double(a), double(b), double(c), d,
                           double(e), double(g), double(h), double(__half2float(f)),
                           double(i), double(j)};
  if (threadIdx.x < 10) out[threadIdx.x] = values[threadIdx.x];
}

struct Coefficients {
  float c[4];
};

extern "C" __global__ void horner(Coefficients p, const float* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float sum = 0;
  for (int k = 3; k >= 0; --k) sum = sum * x[i] + p.c[k];
  y[i] = sum;
}

// The index depends on the thread: the array is read where the parameters are.
extern "C" __global__ void pick(const __grid_constant__ Coefficients p, const int* which,
                                float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = p.c[which[i] & 3];
}

struct World {
  float dt;
  int n;
  double gravity[3];
  uint8_t bounce;
  const float* mass;
  float* position;  // x, y, z of each
  float* velocity;
};

extern "C" __global__ void integrate(World world) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= world.n || world.mass[i] == 0) return;
  for (int axis = 0; axis < 3; ++axis) {
    float v = world.velocity[3 * i + axis] + float(world.gravity[axis]) * world.dt;
    float x = world.position[3 * i + axis] + v * world.dt;
    if (world.bounce && x < 0) {
      x = -x;
      v = -v;
    }
    world.position[3 * i + axis] = x;
    world.velocity[3 * i + axis] = v;
  }
}

// What a template needs to be found by a name that people can write.
template <typename T>
__device__ void Axpby(T a, const T* x, T b, T* y, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] = a * x[i] + b * y[i];
}
extern "C" __global__ void axpby_float(float a, const float* x, float b, float* y, int n) {
  Axpby(a, x, b, y, n);
}
extern "C" __global__ void axpby_double(double a, const double* x, double b, double* y, int n) {
  Axpby(a, x, b, y, n);
}
extern "C" __global__ void axpby_int64(int64_t a, const int64_t* x, int64_t b, int64_t* y, int n) {
  Axpby(a, x, b, y, n);
}

__constant__ int16_t sine_table[256];
__device__ unsigned long long lookups = 7;
__device__ float last_scale;

extern "C" __global__ void lookup(const uint8_t* phase, float scale, float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  out[i] = sine_table[phase[i]] * scale;
  atomicAdd(&lookups, 1ull);
  if (i == 0) last_scale = scale;
}

extern "C" __global__ void coordinates(uint32_t* out, dim3 extent) {
  const uint32_t x = blockIdx.x * blockDim.x + threadIdx.x;
  const uint32_t y = blockIdx.y * blockDim.y + threadIdx.y;
  const uint32_t z = blockIdx.z * blockDim.z + threadIdx.z;
  if (x < extent.x && y < extent.y && z < extent.z)
    out[(z * extent.y + y) * extent.x + x] = z << 20 | y << 10 | x;
}

extern "C" __global__ void __launch_bounds__(128, 4)
    copy_float4(const float4* in, float4* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = in[i];
}
