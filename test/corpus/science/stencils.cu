// Neighbours: in one, two and three dimensions, with halos in shared memory.
#include <cstdint>

// The mean of 2 * kRadius + 1; beyond the ends there are zeros.
constexpr int kRadius = 3;
extern "C" __global__ void mean_1d(const float* in, float* out, int n) {
  __shared__ float row[128 + 2 * kRadius];
  const int i = blockIdx.x * 128 + threadIdx.x, t = threadIdx.x + kRadius;
  row[t] = i < n ? in[i] : 0;
  if (threadIdx.x < kRadius) {
    row[threadIdx.x] = i >= kRadius ? in[i - kRadius] : 0;
    row[t + 128] = i + 128 < n ? in[i + 128] : 0;
  }
  __syncthreads();
  if (i >= n) return;
  float sum = 0;
#pragma unroll
  for (int k = -kRadius; k <= kRadius; ++k) sum += row[t + k];
  out[i] = sum / (2 * kRadius + 1);
}

// A Jacobi sweep of Laplace's equation; the edge keeps its values. Blocks of 16 x 16.
extern "C" __global__ void jacobi_2d(const float* in, float* out, int width, int height) {
  __shared__ float tile[18][18];
  const int x0 = blockIdx.x * 16 - 1, y0 = blockIdx.y * 16 - 1;
  for (int t = threadIdx.y * 16 + threadIdx.x; t < 18 * 18; t += 256) {
    const int x = min(max(x0 + t % 18, 0), width - 1), y = min(max(y0 + t / 18, 0), height - 1);
    tile[t / 18][t % 18] = in[y * width + x];
  }
  __syncthreads();
  const int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
  if (x >= width || y >= height) return;
  const int i = threadIdx.x + 1, j = threadIdx.y + 1;
  const bool edge = x == 0 || y == 0 || x == width - 1 || y == height - 1;
  out[y * width + x] =
      edge ? tile[j][i]
           : 0.25f * (tile[j][i - 1] + tile[j][i + 1] + tile[j - 1][i] + tile[j + 1][i]);
}

// A step of the heat equation. Threads walk along z with three planes in registers.
extern "C" __global__ void heat_3d(const double* in, double* out, int nx, int ny, int nz,
                                   double rate) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= nx || y >= ny) return;
  const int plane = nx * ny, at = y * nx + x;
  const bool edge = x == 0 || y == 0 || x == nx - 1 || y == ny - 1;
  double below = 0, here = in[at], above = nz > 1 ? in[plane + at] : 0;
  for (int z = 0; z < nz; ++z) {
    const int i = z * plane + at;
    if (edge || z == 0 || z == nz - 1) {
      out[i] = here;
    } else {
      const double around = in[i - 1] + in[i + 1] + in[i - nx] + in[i + nx] + below + above;
      out[i] = here + rate * (around - 6 * here);
    }
    below = here;
    here = above;
    above = z + 2 < nz ? in[i + 2 * plane] : 0;
  }
}

// Conway's game on a torus.
extern "C" __global__ void life(const uint8_t* in, uint8_t* out, int width, int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int alive = 0;
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      if (dx == 0 && dy == 0) continue;
      alive += in[(y + dy + height) % height * width + (x + dx + width) % width];
    }
  }
  out[y * width + x] = alive == 3 || (alive == 2 && in[y * width + x]);
}
