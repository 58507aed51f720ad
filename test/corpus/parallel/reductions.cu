// Sums and extremes: tree in shared memory, warp shuffles, atomics, two passes, the last block.
#include <cstdint>

// One sum a block; the second pass is the same kernel with one block.
extern "C" __global__ void sum_tree(const float* x, float* sums, int n) {
  extern __shared__ float part[];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  part[threadIdx.x] = i < n ? x[i] : 0;
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = part[0];
}

__device__ float WarpSum(float value) {
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_down_sync(~0u, value, offset);
  return value;
}

extern "C" __global__ void sum_shuffle(const float* x, float* sum, int n) {
  __shared__ float warps[32];
  float value = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    value += x[i];
  value = WarpSum(value);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
  __syncthreads();
  if (threadIdx.x >= 32) return;
  value = WarpSum(threadIdx.x < blockDim.x / 32 ? warps[threadIdx.x] : 0);
  if (threadIdx.x == 0) atomicAdd(sum, value);
}

extern "C" __global__ void sum_int64(const int32_t* x, unsigned long long* sum, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(sum, (unsigned long long)(int64_t)x[i]);
}

// One launch: the block that comes last adds what the others left.
extern "C" __global__ void sum_last_block(const double* x, double* parts, double* sum,
                                          unsigned* arrived, int n) {
  __shared__ double part[128];
  __shared__ bool last;
  double value = 0;
  for (int i = blockIdx.x * 128 + threadIdx.x; i < n; i += gridDim.x * 128) value += x[i];
  for (int pass = 0; pass < 2; ++pass) {
    part[threadIdx.x] = value;
    for (int half = 64; half > 0; half /= 2) {
      __syncthreads();
      if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    }
    if (pass == 1) break;
    if (threadIdx.x == 0) {
      parts[blockIdx.x] = part[0];
      __threadfence();
      last = atomicInc(arrived, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (!last) return;
    value = 0;
    for (int i = threadIdx.x; i < gridDim.x; i += 128)
      value += static_cast<volatile double*>(parts)[i];
  }
  if (threadIdx.x == 0) *sum = part[0];
}

// Value and place in one word, so that one atomic decides; the first of equals wins.
extern "C" __global__ void argmax(const float* x, unsigned long long* best, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const uint32_t bits = __float_as_uint(x[i]);
  const uint32_t ordered = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  atomicMax(best, (unsigned long long)ordered << 32 | (0xffffffffu - i));
}

extern "C" __global__ void extremes(const int32_t* x, int32_t* least, int32_t* most, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  atomicMin(least, x[i]);
  atomicMax(most, x[i]);
}

// There is no atomicMax of doubles.
extern "C" __global__ void max_double(const double* x, double* most, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  auto* word = reinterpret_cast<unsigned long long*>(most);
  unsigned long long seen = *word;
  while (__longlong_as_double(seen) < x[i]) {
    const unsigned long long before = atomicCAS(word, seen, __double_as_longlong(x[i]));
    if (before == seen) break;
    seen = before;
  }
}

extern "C" __global__ void dot(const double* x, const double* y, double* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  double value = i < n ? x[i] * y[i] : 0;
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(~0u, value, offset);
  if (threadIdx.x % 32 == 0) atomicAdd(out, value);
}
