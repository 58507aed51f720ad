// Sorting networks and a radix pass.
#include <cstdint>

// One step of the network over global memory; the host runs through k and j.
extern "C" __global__ void bitonic_step(float* x, int j, int k) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int partner = i ^ j;
  if (partner <= i) return;
  const bool up = (i & k) == 0;
  const float a = x[i], b = x[partner];
  if ((a > b) == up) {
    x[i] = b;
    x[partner] = a;
  }
}

// Keys with their values, a block a row of any length up to 512.
extern "C" __global__ void bitonic_block(uint32_t* keys, uint32_t* values, int n) {
  __shared__ uint32_t key[512], value[512];
  keys += blockIdx.x * n;
  values += blockIdx.x * n;
  for (int i = threadIdx.x; i < 512; i += blockDim.x) {
    key[i] = i < n ? keys[i] : 0xffffffffu;
    value[i] = i < n ? values[i] : 0xffffffffu;
  }
  for (int k = 2; k <= 512; k *= 2) {
    for (int j = k / 2; j > 0; j /= 2) {
      __syncthreads();
      const int low = 2 * j * (threadIdx.x / j) + threadIdx.x % j, high = low + j;
      const bool swap = key[low] != key[high] ? key[low] > key[high] : value[low] > value[high];
      if (swap == ((low & k) == 0)) {
        const uint32_t a = key[low], b = value[low];
        key[low] = key[high];
        value[low] = value[high];
        key[high] = a;
        value[high] = b;
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    keys[i] = key[i];
    values[i] = value[i];
  }
}

// Batcher's odd-even merge sort of 2 * blockDim.x numbers, a power of two.
extern "C" __global__ void odd_even_merge(int* x) {
  extern __shared__ int row[];
  const int size = 2 * blockDim.x, t = threadIdx.x;
  row[t] = x[t];
  row[t + blockDim.x] = x[t + blockDim.x];
  for (int p = 1; p < size; p *= 2) {
    for (int k = p; k > 0; k /= 2) {
      __syncthreads();
      for (int i = t; i + k < size; i += blockDim.x) {
        const bool compared = i >= k % p && (i - k % p) % (2 * k) < k;
        if (!compared || i / (2 * p) != (i + k) / (2 * p)) continue;
        const int a = row[i], b = row[i + k];
        row[i] = min(a, b);
        row[i + k] = max(a, b);
      }
    }
  }
  __syncthreads();
  x[t] = row[t];
  x[t + blockDim.x] = row[t + blockDim.x];
}

// How often each digit occurs in each block: counts[digit * blocks + block].
extern "C" __global__ void radix_count(const uint32_t* keys, uint32_t* counts, int shift, int n) {
  __shared__ uint32_t count[16];
  if (threadIdx.x < 16) count[threadIdx.x] = 0;
  __syncthreads();
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(&count[keys[i] >> shift & 15], 1);
  __syncthreads();
  if (threadIdx.x < 16) counts[threadIdx.x * gridDim.x + blockIdx.x] = count[threadIdx.x];
}

// `starts` is the exclusive scan of the counts. Stable: lanes with the same digit find each other
// with match, and warps come one after the other.
extern "C" __global__ void radix_scatter(const uint32_t* keys, uint32_t* out,
                                         const uint32_t* starts, int shift, int n) {
  __shared__ uint32_t place[16];
  if (threadIdx.x < 16) place[threadIdx.x] = starts[threadIdx.x * gridDim.x + blockIdx.x];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const uint32_t key = i < n ? keys[i] : 0;
  const int digit = i < n ? key >> shift & 15 : 16;
  const uint32_t same = __match_any_sync(~0u, digit);
  const uint32_t before = __popc(same & ((1u << threadIdx.x % 32) - 1));
  for (int warp = 0; warp < blockDim.x / 32; ++warp) {
    __syncthreads();
    if (threadIdx.x / 32 != warp) continue;
    uint32_t first = 0;
    if (digit < 16) first = place[digit];
    __syncwarp();
    if (digit < 16) {
      out[first + before] = key;
      if (before == 0) place[digit] = first + __popc(same);
    }
  }
}

// Rank by counting: no order of threads matters.
extern "C" __global__ void rank_sort(const double* x, double* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int rank = 0;
  for (int j = 0; j < n; ++j) rank += x[j] < x[i] || (x[j] == x[i] && j < i);
  out[rank] = x[i];
}
