// What asks more of a simulated device than arithmetic; refused.ts says what it does not do yet.
__device__ __noinline__ int Fibonacci(int n) {
  return n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);
}
extern "C" __global__ void fibonacci(int* out, int n) {
  if (threadIdx.x < n) out[threadIdx.x] = Fibonacci(threadIdx.x);
}

// Of a texture that graphics has made: CUDA itself makes none.
extern "C" __global__ void multisample(cudaTextureObject_t picture, float* out) {
  float4 value;
  asm("tex.2dms.v4.f32.s32 {%0, %1, %2, %3}, [%4, {%5, %6, %6, %6}];"
      : "=f"(value.x), "=f"(value.y), "=f"(value.z), "=f"(value.w)
      : "l"(picture), "r"(0), "r"(threadIdx.x));
  out[threadIdx.x] = value.x + value.y + value.z + value.w;
}

// Asks for memory in the kernel itself.
extern "C" __global__ void allocate(int* out, int n) {
  int* mine = new int[n];
  for (int i = 0; i < n; ++i) mine[i] = i * threadIdx.x;
  out[threadIdx.x] = mine[n - 1];
  delete[] mine;
}
