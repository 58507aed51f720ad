// Pictures: fractals and filters.
#include <cstdint>

extern "C" __global__ void mandelbrot(uint16_t* out, int width, int height, double x0, double y0,
                                      double step, int most) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  const double cr = x0 + x * step, ci = y0 + y * step;
  double zr = 0, zi = 0;
  int count = 0;
  while (count < most && zr * zr + zi * zi <= 4) {
    const double next = zr * zr - zi * zi + cr;
    zi = 2 * zr * zi + ci;
    zr = next;
    ++count;
  }
  out[y * width + x] = count;
}

constexpr int kMostTaps = 15;
__constant__ float taps[kMostTaps];

// One direction of a separable filter; edges repeat.
extern "C" __global__ void gaussian(const float* in, float* out, int width, int height, int radius,
                                    bool vertical) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  float sum = 0;
  for (int k = -radius; k <= radius; ++k) {
    const int px = vertical ? x : min(max(x + k, 0), width - 1);
    const int py = vertical ? min(max(y + k, 0), height - 1) : y;
    sum += taps[k + radius] * in[py * width + px];
  }
  out[y * width + x] = sum;
}

extern "C" __global__ void sobel(const uint8_t* in, uint8_t* out, int width, int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  auto at = [&](int dx, int dy) -> int {
    return in[min(max(y + dy, 0), height - 1) * width + min(max(x + dx, 0), width - 1)];
  };
  const int gx = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1);
  const int gy = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1);
  out[y * width + x] = min(abs(gx) + abs(gy), 255);
}

extern "C" __global__ void bilateral(const float* in, float* out, int width, int height, int radius,
                                     float space, float range) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  const float here = in[y * width + x];
  float sum = 0, weights = 0;
  for (int py = max(y - radius, 0); py <= min(y + radius, height - 1); ++py) {
    for (int px = max(x - radius, 0); px <= min(x + radius, width - 1); ++px) {
      const float value = in[py * width + px], apart = value - here;
      const int far = (px - x) * (px - x) + (py - y) * (py - y);
      const float weight = __expf(-far * space - apart * apart * range);
      sum += weight * value;
      weights += weight;
    }
  }
  out[y * width + x] = sum / weights;
}

// Grey from packed RGBA, four at a time by the dot product of bytes: weights of 77, 150 and 29 /
// 256.
extern "C" __global__ void grey(const uint32_t* rgba, uint8_t* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = __dp4a(rgba[i], 29u << 16 | 150u << 8 | 77u, 0u) >> 8;
}

// Median of 3 x 3 by half a bubble sort; the border is copied.
extern "C" __global__ void median(const uint8_t* in, uint8_t* out, int width, int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  if (x == 0 || y == 0 || x == width - 1 || y == height - 1) {
    out[y * width + x] = in[y * width + x];
    return;
  }
  int v[9];
  for (int k = 0; k < 9; ++k) v[k] = in[(y + k / 3 - 1) * width + x + k % 3 - 1];
#pragma unroll
  for (int pass = 0; pass < 5; ++pass) {
#pragma unroll
    for (int k = 8; k > pass; --k) {
      const int low = min(v[k - 1], v[k]);
      v[k] = max(v[k - 1], v[k]);
      v[k - 1] = low;
    }
  }
  out[y * width + x] = v[4];
}
