// The first program of every tutorial, in one file, with a macro of its own.
#include <cstdio>
#include <cstdlib>
#include <vector>

#define cudaCheck(call)                                                         \
  {                                                                             \
    cudaError_t status = call;                                                  \
    if (status != cudaSuccess) {                                                \
      fprintf(stderr, "%s at line %d\n", cudaGetErrorString(status), __LINE__); \
      exit(EXIT_FAILURE);                                                       \
    }                                                                           \
  }

__global__ void add(const float* a, const float* b, float* c, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}

int main() {
  int count = 0;
  cudaCheck(cudaGetDeviceCount(&count));
  cudaDeviceProp properties;
  cudaCheck(cudaGetDeviceProperties(&properties, 0));
  printf("%d device, warps of %d\n", count, properties.warpSize);

  const int n = 100003;
  const size_t bytes = n * sizeof(float);
  std::vector<float> a(n), b(n), c(n);
  for (int i = 0; i < n; i++) {
    a[i] = 0.5f * i;
    b[i] = 1.0f - i;
  }
  float *dA, *dB, *dC;
  cudaCheck(cudaMalloc(&dA, bytes));
  cudaCheck(cudaMalloc(&dB, bytes));
  cudaCheck(cudaMalloc(&dC, bytes));
  cudaCheck(cudaMemcpy(dA, a.data(), bytes, cudaMemcpyHostToDevice));
  cudaCheck(cudaMemcpy(dB, b.data(), bytes, cudaMemcpyHostToDevice));
  add<<<(n + 255) / 256, 256>>>(dA, dB, dC, n);
  cudaCheck(cudaGetLastError());
  cudaCheck(cudaDeviceSynchronize());
  cudaCheck(cudaMemcpy(c.data(), dC, bytes, cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; i++) {
    if (c[i] != a[i] + b[i]) {
      printf("FAIL at %d: %f\n", i, c[i]);
      return 1;
    }
  }
  cudaCheck(cudaFree(dA));
  cudaCheck(cudaFree(dB));
  cudaCheck(cudaFree(dC));
  cudaCheck(cudaDeviceReset());
  printf("PASS vector_add\n");
  return 0;
}
