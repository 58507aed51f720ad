// Counting, with ever less fighting over the same word.
#include <cstdint>

extern "C" __global__ void histogram_global(const uint8_t* x, uint32_t* bins, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(&bins[x[i]], 1);
}

extern "C" __global__ void histogram_shared(const uint8_t* x, uint32_t* bins, int n) {
  __shared__ uint32_t mine[256];
  for (int b = threadIdx.x; b < 256; b += blockDim.x) mine[b] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&mine[x[i]], 1);
  __syncthreads();
  for (int b = threadIdx.x; b < 256; b += blockDim.x)
    if (mine[b] != 0) atomicAdd(&bins[b], mine[b]);
}

// Four bytes at a time into counters of each warp's own, 16 bits wide: two in a word.
extern "C" __global__ void histogram_private(const uchar4* x, uint32_t* bins, int quads) {
  extern __shared__ uint32_t warps[];
  for (int b = threadIdx.x; b < 128 * (blockDim.x / 32); b += blockDim.x) warps[b] = 0;
  __syncthreads();
  uint32_t* mine = warps + 128 * (threadIdx.x / 32);
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < quads; i += gridDim.x * blockDim.x) {
    const uchar4 four = x[i];
    atomicAdd(&mine[four.x / 2], 1u << four.x % 2 * 16);
    atomicAdd(&mine[four.y / 2], 1u << four.y % 2 * 16);
    atomicAdd(&mine[four.z / 2], 1u << four.z % 2 * 16);
    atomicAdd(&mine[four.w / 2], 1u << four.w % 2 * 16);
  }
  __syncthreads();
  for (int b = threadIdx.x; b < 256; b += blockDim.x) {
    uint32_t count = 0;
    for (int w = 0; w < blockDim.x / 32; ++w)
      count += warps[128 * w + b / 2] >> b % 2 * 16 & 0xffff;
    if (count != 0) atomicAdd(&bins[b], count);
  }
}

// 16384 bins are 64 KiB: more than a block has without asking.
extern "C" __global__ void histogram_wide(const uint16_t* x, uint32_t* bins, int n) {
  extern __shared__ uint32_t mine[];
  for (int b = threadIdx.x; b < 16384; b += blockDim.x) mine[b] = 0;
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) atomicAdd(&mine[x[i] >> 2], 1);
  __syncthreads();
  for (int b = threadIdx.x; b < 16384; b += blockDim.x) bins[b] = mine[b];
}
