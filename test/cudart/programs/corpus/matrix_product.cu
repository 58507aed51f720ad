// C = A B by tiles in shared memory, of matrices with a pitch, timed with events.
#include <vector>

#include "check.h"

template <int kTile>
__global__ void multiply(const float* a, size_t a_pitch, const float* b, size_t b_pitch, float* c,
                         size_t c_pitch, int m, int n, int k) {
  __shared__ float tile_a[kTile][kTile];
  __shared__ float tile_b[kTile][kTile + 1];
  const int row = blockIdx.y * kTile + threadIdx.y;
  const int column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0;
  for (int begin = 0; begin < k; begin += kTile) {
    const int ka = begin + threadIdx.x, kb = begin + threadIdx.y;
    tile_a[threadIdx.y][threadIdx.x] = row < m && ka < k ? a[row * a_pitch + ka] : 0.0f;
    tile_b[threadIdx.y][threadIdx.x] = kb < k && column < n ? b[kb * b_pitch + column] : 0.0f;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kTile; ++i) sum += tile_a[threadIdx.y][i] * tile_b[i][threadIdx.x];
    __syncthreads();
  }
  if (row < m && column < n) c[row * c_pitch + column] = sum;
}

struct Matrix {
  int rows, columns;
  float* data = nullptr;
  size_t pitch = 0;  // in elements

  Matrix(int its_rows, int its_columns) : rows(its_rows), columns(its_columns) {
    size_t bytes = 0;
    CHECK(cudaMallocPitch(&data, &bytes, columns * sizeof(float), rows));
    pitch = bytes / sizeof(float);
  }
  ~Matrix() { CHECK(cudaFree(data)); }
  void Upload(const std::vector<float>& from) {
    CHECK(cudaMemcpy2D(data, pitch * sizeof(float), from.data(), columns * sizeof(float),
                       columns * sizeof(float), rows, cudaMemcpyHostToDevice));
  }
  std::vector<float> Download() const {
    std::vector<float> to(static_cast<size_t>(rows) * columns);
    CHECK(cudaMemcpy2D(to.data(), columns * sizeof(float), data, pitch * sizeof(float),
                       columns * sizeof(float), rows, cudaMemcpyDeviceToHost));
    return to;
  }
};

template <int kTile>
void Run(int m, int n, int k) {
  std::vector<float> a(m * k), b(k * n);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 17) - 8;
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 13) / 4;
  Matrix on_a(m, k), on_b(k, n), on_c(m, n);
  on_a.Upload(a);
  on_b.Upload(b);
  cudaEvent_t start, stop;
  CHECK(cudaEventCreate(&start));
  CHECK(cudaEventCreate(&stop));
  CHECK(cudaEventRecord(start));
  const dim3 block(kTile, kTile), grid((n + kTile - 1) / kTile, (m + kTile - 1) / kTile);
  multiply<kTile><<<grid, block>>>(on_a.data, on_a.pitch, on_b.data, on_b.pitch, on_c.data,
                                   on_c.pitch, m, n, k);
  CHECK_LAUNCH();
  CHECK(cudaEventRecord(stop));
  CHECK(cudaEventSynchronize(stop));
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
  EXPECT(milliseconds >= 0);
  const std::vector<float> c = on_c.Download();
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int l = 0; l < k; ++l) sum += static_cast<double>(a[i * k + l]) * b[l * n + j];
      EXPECT(Near(c[i * n + j], sum));
    }
  }
  CHECK(cudaEventDestroy(start));
  CHECK(cudaEventDestroy(stop));
}

int main() {
  Run<16>(64, 48, 80);
  Run<32>(70, 33, 101);
  return Pass("matrix_product");
}
