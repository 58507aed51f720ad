// What asks more of a simulated device than arithmetic; refused.ts says what it does not do yet.
__device__ __noinline__ int Fibonacci(int n) {
  return n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);
}
extern "C" __global__ void fibonacci(int* out, int n) {
  if (threadIdx.x < n) out[threadIdx.x] = Fibonacci(threadIdx.x);
}

extern "C" __global__ void sample(cudaTextureObject_t picture, float* out, int width) {
  out[threadIdx.x] = tex2D<float>(picture, threadIdx.x % width, threadIdx.x / width);
}

// Asks for memory in the kernel itself.
extern "C" __global__ void allocate(int* out, int n) {
  int* mine = new int[n];
  for (int i = 0; i < n; ++i) mine[i] = i * threadIdx.x;
  out[threadIdx.x] = mine[n - 1];
  delete[] mine;
}
