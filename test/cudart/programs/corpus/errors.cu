// What a program sees when something goes wrong: errors of a call, of a launch, and of a kernel,
// which stay. `errors assert` ends with an assertion instead of a bad address, `errors exit` with
// neither.
#include <cassert>
#include <cstring>

#include "check.h"

__global__ void hello(int who) {
  if (threadIdx.x % 2 == 0) printf("hello %d from %d, %s %.2f\n", who, threadIdx.x, "half", 0.5);
}

__global__ void write(int* out, int n) {
  out[threadIdx.x + n] = 1;
}

__global__ void claim(int n) {
  assert(threadIdx.x < n && "too many");
}

int main(int count, char** words) {
  const char* how = count > 1 ? words[1] : "";
  int* memory = nullptr;
  EXPECT(cudaMalloc(&memory, size_t{1} << 46) == cudaErrorMemoryAllocation);
  EXPECT(memory == nullptr);
  EXPECT(cudaPeekAtLastError() == cudaErrorMemoryAllocation);
  EXPECT(cudaGetLastError() == cudaErrorMemoryAllocation);
  EXPECT(cudaGetLastError() == cudaSuccess);
  EXPECT(cudaSetDevice(99) == cudaErrorInvalidDevice);
  hello<<<1, 2000>>>(0);
  // The launch's own, which is the last.
  EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
  EXPECT(std::strcmp(cudaGetErrorName(cudaErrorInvalidDevice), "cudaErrorInvalidDevice") == 0);
  EXPECT(std::strcmp(cudaGetErrorString(cudaSuccess), "no error") == 0);

  hello<<<1, 4>>>(1);
  CHECK_LAUNCH();
  CHECK(cudaDeviceSynchronize());
  std::printf("after it\n");
  CHECK(cudaMalloc(&memory, 64 * sizeof(int)));
  if (std::strcmp(how, "exit") == 0) {
    hello<<<1, 1>>>(2);
    return Pass("errors");
  }
  const bool asserts = std::strcmp(how, "assert") == 0;
  if (asserts) {
    claim<<<1, 8>>>(6);
  } else {
    write<<<1, 64>>>(memory, 32);
  }
  CHECK_LAUNCH();
  const cudaError_t fault = asserts ? cudaErrorAssert : cudaErrorIllegalAddress;
  EXPECT(cudaDeviceSynchronize() == fault);
  // It stays: nothing more can be done in this process.
  EXPECT(cudaGetLastError() == fault && cudaGetLastError() == fault);
  int host = 0;
  EXPECT(cudaMemcpy(&host, memory, sizeof host, cudaMemcpyDeviceToHost) == fault);
  EXPECT(cudaFree(memory) == fault);
  return Pass(cudaGetErrorString(fault));
}
