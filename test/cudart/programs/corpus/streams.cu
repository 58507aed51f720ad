// A pipeline of copies and kernels on several streams, and what the default stream promises.
#include <vector>

#include "check.h"

__global__ void square(const int* in, int* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = in[i] * in[i];
}

__global__ void add(int* values, int n, int what) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) values[i] += what;
}

// Long enough for what comes behind it to be enqueued meanwhile.
__global__ void slow_fill(int* values, int n, int what) {
  unsigned mixed = 1;
  for (int i = 0; i < 20000; ++i) mixed = mixed * 1664525u + 1013904223u;
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) values[i] = mixed == 0 ? -1 : what;
}

constexpr int kStreams = 3, kPart = 4099, kAll = kStreams * kPart;

void Pipeline() {
  int *in, *out, *on_device, *squares;
  CHECK(cudaMallocHost(&in, kAll * sizeof(int)));
  CHECK(cudaHostAlloc(&out, kAll * sizeof(int), cudaHostAllocDefault));
  CHECK(cudaMalloc(&on_device, kAll * sizeof(int)));
  CHECK(cudaMalloc(&squares, kAll * sizeof(int)));
  for (int i = 0; i < kAll; ++i) in[i] = i % 1000;
  cudaStream_t streams[kStreams];
  cudaEvent_t done[kStreams];
  for (int s = 0; s < kStreams; ++s) {
    CHECK(cudaStreamCreateWithFlags(&streams[s], cudaStreamNonBlocking));
    CHECK(cudaEventCreateWithFlags(&done[s], cudaEventDisableTiming));
    const size_t at = s * kPart, bytes = kPart * sizeof(int);
    CHECK(cudaMemcpyAsync(on_device + at, in + at, bytes, cudaMemcpyHostToDevice, streams[s]));
    square<<<(kPart + 127) / 128, 128, 0, streams[s]>>>(on_device + at, squares + at, kPart);
    CHECK_LAUNCH();
    CHECK(cudaEventRecord(done[s], streams[s]));
  }
  for (int s = 1; s < kStreams; ++s) CHECK(cudaStreamWaitEvent(streams[0], done[s]));
  add<<<(kAll + 127) / 128, 128, 0, streams[0]>>>(squares, kAll, 5);
  CHECK_LAUNCH();
  CHECK(cudaMemcpyAsync(out, squares, kAll * sizeof(int), cudaMemcpyDeviceToHost, streams[0]));
  cudaError_t state;
  while ((state = cudaStreamQuery(streams[0])) == cudaErrorNotReady) continue;
  CHECK(state);
  for (int i = 0; i < kAll; ++i) EXPECT(out[i] == in[i] * in[i] + 5);
  for (int s = 0; s < kStreams; ++s) {
    CHECK(cudaEventDestroy(done[s]));
    CHECK(cudaStreamDestroy(streams[s]));
  }
  CHECK(cudaFree(on_device));
  CHECK(cudaFree(squares));
  CHECK(cudaFreeHost(in));
  CHECK(cudaFreeHost(out));
}

// Work on the default stream is behind what the others have, and before what they get later.
void DefaultStream() {
  const int n = 2000, blocks = (n + 127) / 128;
  cudaStream_t first, second;
  CHECK(cudaStreamCreate(&first));
  CHECK(cudaStreamCreate(&second));
  int* values;
  CHECK(cudaMallocAsync(&values, n * sizeof(int), first));
  std::vector<int> got(n);
  for (int round = 1; round <= 20; ++round) {
    slow_fill<<<blocks, 128, 0, first>>>(values, n, round);
    add<<<blocks, 128>>>(values, n, 1000);
    add<<<blocks, 128, 0, second>>>(values, n, 20000);
    slow_fill<<<blocks, 128>>>(values, 1, -round);
    CHECK_LAUNCH();
    CHECK(cudaMemcpyAsync(got.data(), values, n * sizeof(int), cudaMemcpyDeviceToHost, first));
    CHECK(cudaStreamSynchronize(first));
    EXPECT(got[0] == -round);
    for (int i = 1; i < n; ++i) EXPECT(got[i] == round + 21000);
  }
  // Also behind a stream that is gone, with work left.
  for (int i = 0; i < 4; ++i) slow_fill<<<blocks, 128, 0, first>>>(values, n, i);
  CHECK(cudaStreamDestroy(first));
  add<<<blocks, 128>>>(values, n, 4);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(got.data(), values, n * sizeof(int), cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; ++i) EXPECT(got[i] == 7);
  CHECK(cudaFreeAsync(values, second));
  CHECK(cudaStreamSynchronize(second));
  CHECK(cudaStreamDestroy(second));
}

void HostFunction() {
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  int *value, on_host = 0, seen = 0;
  CHECK(cudaMalloc(&value, sizeof(int)));
  slow_fill<<<1, 1, 0, stream>>>(value, 1, 77);
  CHECK_LAUNCH();
  CHECK(cudaMemcpyAsync(&on_host, value, sizeof(int), cudaMemcpyDeviceToHost, stream));
  int* both[] = {&on_host, &seen};
  const auto note = [](void* data) {
    int** const pointers = static_cast<int**>(data);
    *pointers[1] = *pointers[0];
  };
  CHECK(cudaLaunchHostFunc(stream, note, both));
  CHECK(cudaStreamSynchronize(stream));
  EXPECT(seen == 77);
  CHECK(cudaFree(value));
  CHECK(cudaStreamDestroy(stream));
}

int main() {
  Pipeline();
  DefaultStream();
  HostFunction();
  return Pass("streams");
}
