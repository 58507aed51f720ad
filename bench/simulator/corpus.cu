// Kernels as people write them, small enough to read at a glance. main.cc runs the PTX that nvcc
// makes of them in the simulator, beside host.cc, which computes the same in plain C++.
#include <cstdint>

#define KERNEL extern "C" __global__ void

__device__ unsigned GlobalIndex() {
  return blockIdx.x * blockDim.x + threadIdx.x;
}

KERNEL saxpy(const float* x, float* y, unsigned n) {
  const unsigned i = GlobalIndex();
  if (i < n) y[i] = 2.5f * x[i] + y[i];
}

KERNEL mandelbrot(unsigned* out, unsigned width) {
  const unsigned i = GlobalIndex(), px = i % width, py = i / width;
  const float cx = -2.0f + 3.0f * px / width, cy = -1.5f + 3.0f * py / width;
  float x = 0, y = 0;
  unsigned n = 0;
  while (x * x + y * y < 4.0f && n < 100) {
    const float next = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = next;
    ++n;
  }
  out[i] = n;
}

KERNEL nbody(const float4* bodies, float4* forces, unsigned n) {
  __shared__ float4 tile[128];
  const unsigned i = GlobalIndex();
  const float4 own = bodies[i];
  float fx = 0, fy = 0, fz = 0;
  for (unsigned first = 0; first < n; first += 128) {
    tile[threadIdx.x] = bodies[first + threadIdx.x];
    __syncthreads();
    for (unsigned j = 0; j < 128; ++j) {
      const float4 other = tile[j];
      const float dx = other.x - own.x, dy = other.y - own.y, dz = other.z - own.z;
      const float squared = dx * dx + dy * dy + dz * dz + 0.01f;
      const float inverse = rsqrtf(squared);
      const float scale = other.w * inverse * inverse * inverse;
      fx += dx * scale;
      fy += dy * scale;
      fz += dz * scale;
    }
    __syncthreads();
  }
  forces[i] = make_float4(fx, fy, fz, 0);
}

// 16x16 threads, an element each.
KERNEL matmul16(const float* a, const float* b, float* c, unsigned n) {
  __shared__ float tile_a[16][16], tile_b[16][16];
  const unsigned column = blockIdx.x * 16 + threadIdx.x, row = blockIdx.y * 16 + threadIdx.y;
  float sum = 0;
  for (unsigned k = 0; k < n; k += 16) {
    tile_a[threadIdx.y][threadIdx.x] = a[row * n + k + threadIdx.x];
    tile_b[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + column];
    __syncthreads();
    for (unsigned i = 0; i < 16; ++i) sum += tile_a[threadIdx.y][i] * tile_b[i][threadIdx.x];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

// 16x16 threads, 4x4 elements each.
KERNEL matmul64(const float* a, const float* b, float* c, unsigned n) {
  __shared__ float tile_a[16][64], tile_b[16][64];
  const unsigned tx = threadIdx.x, ty = threadIdx.y, thread = ty * 16 + tx;
  const unsigned row = blockIdx.y * 64, column = blockIdx.x * 64;
  float sum[4][4] = {};
  for (unsigned k = 0; k < n; k += 16) {
    for (unsigned i = thread; i < 1024; i += 256) {
      tile_a[i % 16][i / 16] = a[(row + i / 16) * n + k + i % 16];
      tile_b[i / 64][i % 64] = b[(k + i / 64) * n + column + i % 64];
    }
    __syncthreads();
    for (unsigned i = 0; i < 16; ++i) {
      float left[4], right[4];
      for (unsigned j = 0; j < 4; ++j) left[j] = tile_a[i][ty * 4 + j];
      for (unsigned j = 0; j < 4; ++j) right[j] = tile_b[i][tx * 4 + j];
      for (unsigned y = 0; y < 4; ++y)
        for (unsigned x = 0; x < 4; ++x) sum[y][x] += left[y] * right[x];
    }
    __syncthreads();
  }
  for (unsigned y = 0; y < 4; ++y)
    for (unsigned x = 0; x < 4; ++x) c[(row + ty * 4 + y) * n + column + tx * 4 + x] = sum[y][x];
}

KERNEL histogram(const unsigned* in, unsigned* out, unsigned n) {
  __shared__ unsigned bins[256];
  bins[threadIdx.x] = 0;
  __syncthreads();
  for (unsigned i = GlobalIndex(); i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&bins[in[i] & 255], 1u);
  __syncthreads();
  atomicAdd(&out[threadIdx.x], bins[threadIdx.x]);
}

KERNEL reduce(const int* in, int* out, unsigned n) {
  __shared__ int partial[32];
  int sum = 0;
  for (unsigned i = GlobalIndex(); i < n; i += gridDim.x * blockDim.x) sum += in[i];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffff, sum, offset);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0;
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffff, sum, offset);
    if (threadIdx.x == 0) atomicAdd(out, sum);
  }
}

// Of each block of 1024 elements, 4 for a thread.
KERNEL scan(const int* in, int* out) {
  __shared__ int totals[8];
  const unsigned i = GlobalIndex(), lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int4 v = reinterpret_cast<const int4*>(in)[i];
  const int own = v.x + v.y + v.z + v.w;
  int sum = own;
  for (int offset = 1; offset < 32; offset *= 2) {
    const int other = __shfl_up_sync(0xffffffff, sum, offset);
    if (lane >= offset) sum += other;
  }
  if (lane == 31) totals[warp] = sum;
  __syncthreads();
  for (unsigned w = 0; w < warp; ++w) sum += totals[w];
  sum -= own;
  int4 r;
  r.x = sum + v.x;
  r.y = r.x + v.y;
  r.z = r.y + v.z;
  r.w = r.z + v.w;
  reinterpret_cast<int4*>(out)[i] = r;
}

KERNEL transpose(const float* in, float* out, unsigned n) {
  __shared__ float tile[32][33];
  const unsigned x = blockIdx.x * 32, y = blockIdx.y * 32;
  for (unsigned j = threadIdx.y; j < 32; j += 8)
    tile[j][threadIdx.x] = in[(y + j) * n + x + threadIdx.x];
  __syncthreads();
  for (unsigned j = threadIdx.y; j < 32; j += 8)
    out[(x + j) * n + y + threadIdx.x] = tile[threadIdx.x][j];
}

KERNEL stencil(const float* in, float* out, unsigned n) {
  const unsigned x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 8 + threadIdx.y;
  if (x == 0 || y == 0 || x == n - 1 || y == n - 1) return;
  const float* at = in + y * n + x;
  out[y * n + x] = 0.25f * (at[-1] + at[1] + at[-static_cast<int>(n)] + at[n]) - at[0];
}

// Each block sorts 512 numbers.
KERNEL bitonic(unsigned* data) {
  __shared__ unsigned part[512];
  const unsigned t = threadIdx.x;
  unsigned* own = data + blockIdx.x * 512;
  part[t] = own[t];
  part[t + 256] = own[t + 256];
  for (unsigned size = 2; size <= 512; size *= 2) {
    for (unsigned stride = size / 2; stride > 0; stride /= 2) {
      __syncthreads();
      const unsigned i = 2 * t - (t & (stride - 1)), j = i + stride;
      const unsigned a = part[i], b = part[j];
      if ((a > b) == ((i & size) == 0)) {
        part[i] = b;
        part[j] = a;
      }
    }
  }
  __syncthreads();
  own[t] = part[t];
  own[t + 256] = part[t + 256];
}

KERNEL blackscholes(const float* price, const float* strike, float* call, unsigned n) {
  const unsigned i = GlobalIndex();
  if (i >= n) return;
  const float s = price[i], x = strike[i], rate = 0.02f, sigma = 0.3f, years = 2;
  const float root = sigma * sqrtf(years);
  const float d1 = (logf(s / x) + (rate + 0.5f * sigma * sigma) * years) / root, d2 = d1 - root;
  const float n1 = 0.5f * erfcf(-d1 * 0.70710678f), n2 = 0.5f * erfcf(-d2 * 0.70710678f);
  call[i] = s * n1 - x * expf(-rate * years) * n2;
}

// A row of a sparse matrix (CSR) for each thread.
KERNEL spmv(const unsigned* rows, const unsigned* columns, const float* values, const float* x,
            float* y, unsigned n) {
  const unsigned row = GlobalIndex();
  if (row >= n) return;
  float sum = 0;
  for (unsigned i = rows[row]; i < rows[row + 1]; ++i) sum += values[i] * x[columns[i]];
  y[row] = sum;
}

KERNEL collatz(unsigned* out) {
  const unsigned i = GlobalIndex();
  unsigned steps = 0;
  for (std::uint64_t n = i + 1; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  out[i] = steps;
}

KERNEL hash(const std::uint64_t* in, std::uint64_t* out) {
  const unsigned i = GlobalIndex();
  std::uint64_t h = in[i];
  for (int round = 0; round < 16; ++round) {
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdull;
    h ^= h << 13;
    h += __popcll(h);
  }
  out[i] = h;
}

KERNEL convolve(const float* in, const float* weights, float* out, unsigned n) {
  __shared__ float tile[256 + 32];
  const unsigned i = GlobalIndex();
  tile[threadIdx.x] = in[i];
  if (threadIdx.x < 32) tile[256 + threadIdx.x] = i + 256 < n + 32 ? in[i + 256] : 0.0f;
  __syncthreads();
  float sum = 0;
  for (unsigned k = 0; k < 33; ++k) sum += weights[k] * tile[threadIdx.x + k];
  if (i < n) out[i] = sum;
}
