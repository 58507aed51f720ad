// Bugs that hardware mostly hides, each with a twin that has none. To remake the PTX:
//   nvcc -ptx -arch=sm_75 -lineinfo -o planted.ptx planted.cu
// and take the folder out of the .file directives.
template <bool kFixed>
__device__ void overtake(int* out) {
  extern __shared__ int s[];
  int w = threadIdx.x / 32;
  if (threadIdx.x % 32 == 0) s[w] = 100 + w;
  __syncthreads();
  int first = s[0];
  if (kFixed) __syncthreads();
  if (threadIdx.x == 0) s[0] = 7;  // overtake: before warp 1 has read it
  __syncthreads();
  out[threadIdx.x] = first;
}
extern "C" __global__ void overtake_bad(int* out, int n) {
  overtake<false>(out);
}
extern "C" __global__ void overtake_good(int* out, int n) {
  overtake<true>(out);
}

template <bool kFixed>
__device__ void warp_sum(int* out) {
  __shared__ volatile int unordered[32];
  __shared__ int s[32];
  unsigned lane = threadIdx.x;
  s[lane] = static_cast<int>(lane);
  for (unsigned half = 16; half > 0; half /= 2) {
    if (kFixed) __syncwarp();
    int other = lane < half ? s[lane + half] : 0;  // warp_sum: its owner may not have stored yet
    if (kFixed) __syncwarp();
    s[lane] += other;
  }
  unordered[lane] = s[lane];
  if (lane == 0) out[0] = unordered[0];
}
extern "C" __global__ void warp_sum_bad(int* out, int n) {
  warp_sum<false>(out);
}
extern "C" __global__ void warp_sum_good(int* out, int n) {
  warp_sum<true>(out);
}

__device__ unsigned arrived[2];
template <bool kFixed>
__device__ void last_block(int* out) {
  __shared__ bool is_last;
  if (threadIdx.x == 0) {
    out[1 + blockIdx.x] = static_cast<int>(blockIdx.x);
    if (kFixed) __threadfence();
    is_last = atomicInc(&arrived[kFixed], gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last || threadIdx.x != 0) return;
  int sum = 0;
  for (unsigned i = 0; i < gridDim.x; ++i) sum += out[1 + i];  // last_block
  out[0] = sum;
}
extern "C" __global__ void last_block_bad(int* out, int n) {
  last_block<false>(out);
}
extern "C" __global__ void last_block_good(int* out, int n) {
  last_block<true>(out);
}

template <bool kFixed>
__device__ void bounds(int* out, int n) {
  int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (kFixed ? i < n : i <= n) out[i] = i;  // bounds
}
extern "C" __global__ void bounds_bad(int* out, int n) {
  bounds<false>(out, n);
}
extern "C" __global__ void bounds_good(int* out, int n) {
  bounds<true>(out, n);
}

template <bool kFixed>
__device__ void halo(int* out) {
  __shared__ int s[66];
  unsigned i = threadIdx.x;
  s[i + 1] = static_cast<int>(i);
  if (i == 0) s[0] = 0;
  if (kFixed && i == 0) s[65] = 0;
  __syncthreads();
  out[i] = s[i] + s[i + 1] + s[i + 2];  // halo: the last one was never written
}
extern "C" __global__ void halo_bad(int* out, int n) {
  halo<false>(out);
}
extern "C" __global__ void halo_good(int* out, int n) {
  halo<true>(out);
}

template <bool kFixed>
__device__ void apart(int* out) {
  __shared__ int s[64];
  int i = static_cast<int>(threadIdx.x);
  s[i] = i;
  if (kFixed) {
    __syncthreads();
    out[i] = s[63 - i];
  } else if (i % 2 == 0) {
    __syncthreads();  // apart: even lanes
    out[i] = s[63 - i];
  } else {
    s[i] *= 2;
    __syncthreads();  // apart: odd lanes
    out[i] = s[63 - i] + 1;
  }
}
extern "C" __global__ void apart_bad(int* out, int n) {
  apart<false>(out);
}
extern "C" __global__ void apart_good(int* out, int n) {
  apart<true>(out);
}

template <bool kFixed>
__device__ void histogram(int* out) {
  __shared__ int bins[8];
  unsigned i = threadIdx.x;
  if (i < 8) bins[i] = 0;
  __syncthreads();
  atomicAdd(&bins[i % 8], 1);
  if (kFixed) __syncthreads();
  if (i < 8) out[i] = bins[i];  // histogram: others may still add
}
extern "C" __global__ void histogram_bad(int* out, int n) {
  histogram<false>(out);
}
extern "C" __global__ void histogram_good(int* out, int n) {
  histogram<true>(out);
}
