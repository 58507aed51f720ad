// nvcc -ptx -arch=sm_75 transpose.cu   (all kernels of this folder: npm run make:examples)
//
// Three ways to transpose a square matrix of floats, in blocks of 32 x 32 threads. `size` is a multiple of 32.

// Reads rows, and writes columns: each lane of a warp to another sector.
extern "C" __global__ void naive(const float* in, float* out, unsigned size) {  // (size, size) row-major
  const unsigned x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  out[x * size + y] = in[y * size + x];
}

// By way of a tile in shared memory, so that rows are read and rows are written. `Width` is that of the tile:
// where it is 32, a column of it lies in one bank.
template <unsigned Width>
__device__ void ByTile(const float* in, float* out, unsigned size) {
  __shared__ float tile[32][Width];
  const unsigned left = blockIdx.x * 32, top = blockIdx.y * 32;
  tile[threadIdx.y][threadIdx.x] = in[(top + threadIdx.y) * size + left + threadIdx.x];
  __syncthreads();
  out[(left + threadIdx.y) * size + top + threadIdx.x] = tile[threadIdx.x][threadIdx.y];
}

extern "C" __global__ void tiled(const float* in, float* out, unsigned size) {
  ByTile<32>(in, out, size);
}

extern "C" __global__ void padded(const float* in, float* out, unsigned size) {
  ByTile<33>(in, out, size);
}
