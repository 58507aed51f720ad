// What kernels print, and what is left of a failed assertion.
#include <cassert>
#include <cstdio>

extern "C" __global__ void hello(int* results) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  results[i] = printf("hello from thread %d of block %d\n", threadIdx.x, blockIdx.x);
}

// As nvcc passes each type: small ones have become int and double.
extern "C" __global__ void conversions(int i, long long l, float f, double d) {
  printf("%d|%5d|%-5d|%05d|%+d|%x|%#X|%o|%u\n", i, i, i, i, i, i, i, i, i);
  printf("%hhd %hd %ld %lld %zu %llx\n", static_cast<signed char>(i), static_cast<short>(i),
         static_cast<long>(l), l, sizeof(l), static_cast<unsigned long long>(l));
  printf("%f %.3f %10.2e %g %a %s\n", f, d, d, d, d, d > 0 ? "positive" : "not positive");
  printf("%c%c%c %% %p %*d %-*d|\n", 'a', 'b', 'c', static_cast<void*>(nullptr), 6, i, 6, i);
}

__device__ __noinline__ int Report(const char* what, int value) {
  return printf("%s: %d\n", what, value);
}
extern "C" __global__ void calls(int* results, int n) {
  __shared__ char name[8];
  if (threadIdx.x == 0) {
    for (int i = 0; i < 7; ++i) name[i] = 'a' + i;
    name[7] = 0;
  }
  __syncthreads();
  int count = 0;
  for (int i = 0; i < n; ++i)
    if ((threadIdx.x ^ i) & 1) count += Report(name + i, threadIdx.x * 100 + i);
  results[threadIdx.x] = count + printf("") + printf(static_cast<const char*>(nullptr));
}

// Lines of 16 bytes.
extern "C" __global__ void lines(int n) {
  for (int i = 0; i < n; ++i) printf("line %10d\n", i);
}

// 32 arguments at most.
extern "C" __global__ void many(int* results) {
  results[0] =
      printf("%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d\n", 1, 2, 3, 4, 5, 6,
             7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2);
}

// Text from a buffer.
extern "C" __global__ void echo(const char* text) {
  printf("%s\n", text);
}

extern "C" __global__ void limited(const int* values, int most) {
  const int value = values[threadIdx.x];
  printf("looking at %d\n", value);
  assert(value <= most && "too much");
}
