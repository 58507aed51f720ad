// Tensor cores by <mma.h>.
#include <mma.h>

#include <cstdint>

namespace wmma = nvcuda::wmma;

// A warp a tile of 16 x 16; sides are multiples of 16.
extern "C" __global__ void wmma_half(const __half* a, const __half* b, float* c, int m, int n,
                                     int k) {
  const int row = blockIdx.y * 16, column = blockIdx.x * 16;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
  wmma::fill_fragment(sum, 0);
  for (int i = 0; i < k; i += 16) {
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> left;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::row_major> right;
    wmma::load_matrix_sync(left, a + row * k + i, k);
    wmma::load_matrix_sync(right, b + i * n + column, n);
    wmma::mma_sync(sum, left, right, sum);
  }
  for (int e = 0; e < sum.num_elements; ++e) sum.x[e] *= 0.5f;
  wmma::store_matrix_sync(c + row * n + column, sum, n, wmma::mem_row_major);
}

// b by columns; tiles of 32 x 8.
extern "C" __global__ void wmma_int8(const int8_t* a, const int8_t* b, int* c, int m, int n,
                                     int k) {
  const int row = blockIdx.y * 32, column = blockIdx.x * 8;
  wmma::fragment<wmma::accumulator, 32, 8, 16, int> sum;
  wmma::fill_fragment(sum, 0);
  for (int i = 0; i < k; i += 16) {
    wmma::fragment<wmma::matrix_a, 32, 8, 16, signed char, wmma::row_major> left;
    wmma::fragment<wmma::matrix_b, 32, 8, 16, signed char, wmma::col_major> right;
    wmma::load_matrix_sync(left, reinterpret_cast<const signed char*>(a) + row * k + i, k);
    wmma::load_matrix_sync(right, reinterpret_cast<const signed char*>(b) + column * k + i, k);
    wmma::mma_sync(sum, left, right, sum);
  }
  wmma::store_matrix_sync(c + row * n + column, sum, n, wmma::mem_row_major);
}
