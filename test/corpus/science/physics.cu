// Simulation and finance: arithmetic with functions of the CUDA library.
#include <cstdint>

// Gravity among all bodies, a tile of them in shared memory at a time. w is the mass.
extern "C" __global__ void nbody(const float4* bodies, float3* acceleration, int n) {
  __shared__ float4 tile[64];
  const int i = blockIdx.x * 64 + threadIdx.x;
  const float4 me = i < n ? bodies[i] : float4{};
  float3 sum{};
  for (int first = 0; first < n; first += 64) {
    __syncthreads();
    tile[threadIdx.x] = first + threadIdx.x < n ? bodies[first + threadIdx.x] : float4{};
    __syncthreads();
#pragma unroll 4
    for (int j = 0; j < 64; ++j) {
      const float dx = tile[j].x - me.x, dy = tile[j].y - me.y, dz = tile[j].z - me.z;
      const float inverse = rsqrtf(dx * dx + dy * dy + dz * dz + 1e-3f);
      const float pull = tile[j].w * inverse * inverse * inverse;
      sum.x += pull * dx;
      sum.y += pull * dy;
      sum.z += pull * dz;
    }
  }
  if (i < n) acceleration[i] = sum;
}

__device__ float Normal(float x) {
  return 0.5f * erfcf(-x * 0.70710678f);
}

extern "C" __global__ void black_scholes(const float* spot, const float* strike, const float* years,
                                         float* call, float* put, float rate, float volatility,
                                         int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float deviation = volatility * sqrtf(years[i]);
  const float d1 =
      (logf(spot[i] / strike[i]) + (rate + 0.5f * volatility * volatility) * years[i]) / deviation;
  const float d2 = d1 - deviation;
  const float discounted = strike[i] * expf(-rate * years[i]);
  call[i] = spot[i] * Normal(d1) - discounted * Normal(d2);
  put[i] = discounted * Normal(-d2) - spot[i] * Normal(-d1);
}

// A stream of xorshift32 numbers a thread; how many points fall into the quarter circle.
extern "C" __global__ void monte_carlo_pi(const uint32_t* seeds, uint32_t* hits, int points) {
  uint32_t state = seeds[blockIdx.x * blockDim.x + threadIdx.x];
  auto next = [&state] {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return uint64_t{state >> 1};
  };
  uint32_t inside = 0;
  for (int p = 0; p < points; ++p) {
    const uint64_t x = next(), y = next();
    inside += x * x + y * y < 1ull << 62;
  }
  for (int offset = 16; offset > 0; offset /= 2) inside += __shfl_xor_sync(~0u, inside, offset);
  if (threadIdx.x % 32 == 0) atomicAdd(hits, inside);
}

// Orbits in double precision, whose libraries are long polynomials.
extern "C" __global__ void kepler(const double* mean, double* x, double* y, double eccentricity,
                                  int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  double anomaly = mean[i];
  for (int step = 0; step < 8; ++step) {
    double sine, cosine;
    sincos(anomaly, &sine, &cosine);
    anomaly -= (anomaly - eccentricity * sine - mean[i]) / (1 - eccentricity * cosine);
  }
  x[i] = cos(anomaly) - eccentricity;
  y[i] = sqrt(1 - eccentricity * eccentricity) * sin(anomaly);
}
