// Prefix sums and what is made of them.
#include <cstdint>

// Inclusive, within a block.
extern "C" __global__ void scan_hillis_steele(const int* in, int* out, int n) {
  extern __shared__ int row[];
  const int t = threadIdx.x;
  int* from = row;
  int* to = row + blockDim.x;
  from[t] = t < n ? in[t] : 0;
  __syncthreads();
  for (int step = 1; step < blockDim.x; step *= 2) {
    to[t] = t >= step ? from[t] + from[t - step] : from[t];
    __syncthreads();
    int* other = from;
    from = to;
    to = other;
  }
  if (t < n) out[t] = from[t];
}

// A word is skipped after each 32, or whole warps would meet in one bank.
__device__ int Padded(int i) {
  return i + i / 32;
}

// Exclusive; each block scans 2 * blockDim.x numbers and leaves their sum.
extern "C" __global__ void scan_blelloch(const int* in, int* out, int* sums, int n) {
  extern __shared__ int row[];
  const int t = threadIdx.x, size = 2 * blockDim.x, first = blockIdx.x * size;
  row[Padded(t)] = first + t < n ? in[first + t] : 0;
  row[Padded(t + blockDim.x)] = first + t + blockDim.x < n ? in[first + t + blockDim.x] : 0;
  int stride = 1;
  for (int active = size / 2; active > 0; active /= 2, stride *= 2) {
    __syncthreads();
    if (t < active) row[Padded(stride * (2 * t + 2) - 1)] += row[Padded(stride * (2 * t + 1) - 1)];
  }
  if (t == 0) {
    sums[blockIdx.x] = row[Padded(size - 1)];
    row[Padded(size - 1)] = 0;
  }
  for (int active = 1; active < size; active *= 2) {
    stride /= 2;
    __syncthreads();
    if (t < active) {
      int& low = row[Padded(stride * (2 * t + 1) - 1)];
      int& high = row[Padded(stride * (2 * t + 2) - 1)];
      const int sum = low + high;
      low = high;
      high = sum;
    }
  }
  __syncthreads();
  if (first + t < n) out[first + t] = row[Padded(t)];
  if (first + t + blockDim.x < n) out[first + t + blockDim.x] = row[Padded(t + blockDim.x)];
}

extern "C" __global__ void add_offsets(int* out, const int* offsets, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] += offsets[i / (2 * blockDim.x)];
}

__device__ uint32_t WarpScan(uint32_t value) {
  for (int step = 1; step < 32; step *= 2) {
    const uint32_t below = __shfl_up_sync(~0u, value, step);
    if (threadIdx.x % 32 >= step) value += below;
  }
  return value;
}

// One pass with decoupled look-back. A tile's word is a flag (nothing, its own sum, the sum of all
// up to it) over a sum. Tiles are numbered as blocks start, so that those before are on their way.
extern "C" __global__ void scan_look_back(const uint32_t* in, uint32_t* out,
                                          unsigned long long* tiles, unsigned* next, int n) {
  __shared__ uint32_t warps[8];
  __shared__ int tile;
  __shared__ uint32_t before;
  constexpr unsigned long long kOwn = 1ull << 32, kAll = 2ull << 32;
  if (threadIdx.x == 0) tile = atomicAdd(next, 1);
  __syncthreads();
  const int i = tile * 256 + threadIdx.x;
  uint32_t value = WarpScan(i < n ? in[i] : 0);
  if (threadIdx.x % 32 == 31) warps[threadIdx.x / 32] = value;
  __syncthreads();
  for (int w = 0; w < threadIdx.x / 32; ++w) value += warps[w];
  if (threadIdx.x == 255) {
    uint32_t sum = 0;
    if (tile > 0) {
      atomicExch(&tiles[tile], kOwn | value);
      for (int other = tile - 1;; --other) {
        unsigned long long word;
        do {
          word = atomicAdd(&tiles[other], 0);
        } while (word == 0);
        sum += uint32_t(word);
        if (word & kAll) break;
      }
    }
    atomicExch(&tiles[tile], kAll | uint32_t(sum + value));
    before = sum;
  }
  __syncthreads();
  if (i < n) out[i] = before + value;
}

// Keeps what is odd, in order within a warp; one atomic a warp.
extern "C" __global__ void compact_odd(const int* in, int* out, int* count, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const bool keep = i < n && in[i] % 2 != 0;
  const unsigned votes = __ballot_sync(~0u, keep);
  const int lane = threadIdx.x % 32;
  int place = 0;
  if (lane == 0) place = atomicAdd(count, __popc(votes));
  place = __shfl_sync(~0u, place, 0) + __popc(votes & ((1u << lane) - 1));
  if (keep) out[place] = in[i];
}
