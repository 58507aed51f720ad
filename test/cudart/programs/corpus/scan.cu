// An exclusive scan of many blocks, each in dynamic shared memory, and one block in more of that
// than a kernel has without asking.
#include <vector>

#include "check.h"

// Of each block, and its sum. `counts` are the two halves of shared memory by turns.
__global__ void scan_blocks(const int* in, int* out, int* sums, int n) {
  extern __shared__ int counts[];
  int* now = counts;
  int* next = counts + blockDim.x;
  const int i = blockIdx.x * blockDim.x + threadIdx.x, t = threadIdx.x;
  const int own = i < n ? in[i] : 0;
  now[t] = own;
  __syncthreads();
  for (int distance = 1; distance < blockDim.x; distance *= 2) {
    next[t] = now[t] + (t >= distance ? now[t - distance] : 0);
    __syncthreads();
    int* const swap = now;
    now = next;
    next = swap;
  }
  if (i < n) out[i] = now[t] - own;
  if (t == blockDim.x - 1) sums[blockIdx.x] = now[t];
}

__global__ void add_before(int* out, const int* before, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] += before[blockIdx.x];
}

void Scan(const int* in, int* out, int n) {
  constexpr int kThreads = 256;
  const int blocks = (n + kThreads - 1) / kThreads;
  int* sums;
  CHECK(cudaMalloc(&sums, blocks * sizeof(int)));
  scan_blocks<<<blocks, kThreads, 2 * kThreads * sizeof(int)>>>(in, out, sums, n);
  CHECK_LAUNCH();
  if (blocks > 1) {
    Scan(sums, sums, blocks);
    add_before<<<blocks, kThreads>>>(out, sums, n);
    CHECK_LAUNCH();
  }
  CHECK(cudaFree(sums));
}

// The values in reverse order, all of them in shared memory at one time.
__global__ void reverse(int* values, int n) {
  extern __shared__ int kept[];
  for (int i = threadIdx.x; i < n; i += blockDim.x) kept[i] = values[i];
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) values[i] = kept[n - 1 - i];
}

int main() {
  const int n = 80000;
  std::vector<int> values(n), scanned(n);
  for (int i = 0; i < n; ++i) values[i] = i * 37 % 101;
  int *in, *out;
  CHECK(cudaMalloc(&in, n * sizeof(int)));
  CHECK(cudaMalloc(&out, n * sizeof(int)));
  CHECK(cudaMemcpy(in, values.data(), n * sizeof(int), cudaMemcpyHostToDevice));
  Scan(in, out, n);
  CHECK(cudaMemcpy(scanned.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost));
  for (int i = 0, sum = 0; i < n; sum += values[i++]) EXPECT(scanned[i] == sum);

  const int many = 15000;  // 60,000 bytes, of 48 KiB
  const int bytes = many * static_cast<int>(sizeof(int));
  reverse<<<1, 512, bytes>>>(in, many);
  EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
  EXPECT(cudaGetLastError() == cudaSuccess);
  int most = 0;
  CHECK(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
  EXPECT(most >= bytes);
  CHECK(cudaFuncSetAttribute(reverse, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  reverse<<<1, 512, bytes>>>(in, many);
  CHECK_LAUNCH();
  std::vector<int> reversed(n);
  CHECK(cudaMemcpy(reversed.data(), in, n * sizeof(int), cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; ++i) EXPECT(reversed[i] == values[i < many ? many - 1 - i : i]);
  CHECK(cudaFree(in));
  CHECK(cudaFree(out));
  return Pass("scan");
}
